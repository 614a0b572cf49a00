/// Our side of what exchange.py wrote: scores, clusters and projections of the very rows the peers get, as
/// lines of JSON.
#include "support/peak.hpp"

#include <prismatic/backend/default.hpp>
#include <prismatic/cluster/kmeans.hpp>
#include <prismatic/diversity/vendi.hpp>
#include <prismatic/io/npy.hpp>
#include <prismatic/projection/rademacher.hpp>
#include <prismatic/projection/sparse_sign.hpp>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

namespace {

using namespace prismatic;
using B = default_backend;

void check(const std::string& name, double value) {
  std::printf(R"({"check": "%s", "who": "prismatic", "value": %.9g})"
              "\n",
              name.c_str(), value);
}

double cosine(const float* a, const float* b, index_t n) {
  double ab = 0, aa = 0, bb = 0;
  for (index_t i = 0; i < n; ++i) {
    ab += double{a[i]} * double{b[i]};
    aa += double{a[i]} * double{a[i]};
    bb += double{b[i]} * double{b[i]};
  }
  return ab / std::sqrt(aa * bb);
}

// Root of the mean square error of the cosines between projected vectors, times sqrt(d).
template <class Projection>
double cosine_error(context<B>& cx, const Projection& projection, const matrix<float>& vectors) {
  const index_t width = projection.width();
  matrix<float> z(vectors.rows(), width);
  projection.template accumulate<B, float>(cx, {"vectors", 0, 1, vectors.cols()}, vectors, z.view());
  double sum = 0;
  index_t pairs = 0;
  for (index_t i = 0; i < vectors.rows(); ++i)
    for (index_t j = 0; j < i; ++j, ++pairs)
      sum += std::pow(cosine(z.view().row(i), z.view().row(j), width) -
                          cosine(vectors.view().row(i), vectors.view().row(j), vectors.cols()),
                      2);
  return std::sqrt(sum / static_cast<double>(pairs) * static_cast<double>(width));
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return std::fprintf(stderr, "usage: bench_exchange FOLDER\n"), 2;
  const std::string folder = std::string(arguments[1]) + '/';
  context<B> cx;
  check("Vendi score of the same rows", vendi(cx, read_npy<float>(folder + "rows.npy")).score);

  const auto vectors = read_npy<float>(folder + "vectors.npy");
  check("error of projected cosines x sqrt(d), dense", cosine_error(cx, rademacher(1024, 1), vectors));
  check("error of projected cosines x sqrt(d), s 1", cosine_error(cx, sparse_sign(1024, 1, 1), vectors));
  check("error of projected cosines x sqrt(d), s 4", cosine_error(cx, sparse_sign(1024, 4, 1), vectors));

  for (const index_t n : {5000, 20000}) {
    const std::string path = folder + "mixture-" + std::to_string(n) + ".npy";
    if (!std::filesystem::exists(path)) continue;
    const auto rows = read_npy<float>(path);
    const index_t k = n / 10;
    double mean_cosine = 0;
    const double seconds = bench::detail::best_of(
        5, [&] { mean_cosine = kmeans(cx, rows, {.clusters = k, .iterations = 20}).objective; });
    const std::string work = "k-means, " + std::to_string(n / 1000) + "k x " + std::to_string(rows.cols()) +
                             ", k " + std::to_string(k);
    check("mean cosine, " + work, mean_cosine);
    std::printf(R"({"work": "%s", "peer": "prismatic", "seconds": %.9g, "best_of": 5})"
                "\n",
                work.c_str(), seconds);
  }
}
