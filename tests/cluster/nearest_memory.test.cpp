#include "support/catch.hpp"
#include "support/numeric.hpp"

#include <prismatic/cluster/nearest_memory.hpp>

using namespace prismatic;

namespace {

// Entries -3 ... 3: every product is exact, so equal scores are equal to the bit and ties are frequent.
template <class T>
matrix<T> small_integers(index_t rows, index_t cols, std::string_view name) {
  const random_stream random(7, name);
  matrix<T> out(rows, cols);
  for (index_t i = 0; i < out.size(); ++i)
    out.data()[i] = static_cast<T>(random.below(static_cast<std::uint64_t>(i), 7) - 3);
  return out;
}

template <class T>
std::vector<T> biases(index_t count, std::string_view name) {
  const matrix<T> values = small_integers<T>(1, count, name);
  return {values.data(), values.data() + count};
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("remembered labels are those of a full pass, ties included",
                        "[cluster][nearest_memory]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  const auto [n, k, d] =
      GENERATE(std::tuple<index_t, index_t, index_t>{1, 1, 1}, std::tuple<index_t, index_t, index_t>{97, 13, 5},
               std::tuple<index_t, index_t, index_t>{257, 129, 3});
  const bool biased = GENERATE(false, true);
  CAPTURE(B::name, n, k, d, biased);
  context<B> cx({.threads = 2});
  const matrix<T> rows = small_integers<T>(n, d, "rows");
  matrix<T> centroids = small_integers<T>(k, d, "centroids");
  std::vector<T> bias = biased ? biases<T>(k, "bias") : std::vector<T>{};
  nearest_memory<B, T> memory(n);
  const random_stream random(3, "moves");

  for (index_t pass = 0; pass < 12; ++pass) {
    // Passes move all, none, one, a few, or most of the centroids.
    const double share = std::array{1.0, 0.1, 0.0, 0.5, 0.02, 0.9}[static_cast<std::size_t>(pass) % 6];
    const matrix<T> fresh = small_integers<T>(k, d, "fresh" + std::to_string(pass));
    std::vector<bool> moved(static_cast<std::size_t>(k), pass == 0);
    for (index_t j = 0; j < k; ++j) {
      if (pass > 0 && random.uniform(static_cast<std::uint64_t>(pass * k + j)) >= share) continue;
      moved[static_cast<std::size_t>(j)] = true;
      std::copy_n(fresh.view().row(j), d, centroids.view().row(j));
      if (biased) bias[static_cast<std::size_t>(j)] = fresh(j, 0);
    }
    memory.update(cx, rows.view(), centroids.view(), bias, moved);

    std::vector<label_t> labels(static_cast<std::size_t>(n));
    std::vector<T> scores(labels.size());
    B::nearest(cx, rows.view(), centroids.view(), vector_view<const T>(bias), vector_view<label_t>(labels),
               vector_view<T>(scores));
    CAPTURE(pass);
    CHECK(std::ranges::equal(memory.labels(), labels));
    CHECK(std::ranges::equal(memory.scores(), scores));
  }
}
