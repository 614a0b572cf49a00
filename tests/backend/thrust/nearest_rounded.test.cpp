#include <prismatic/backend/thrust/nearest_rounded.hpp>

#include "support/catch.hpp"
#include "support/numeric.hpp"
#include "support/pretend_device.hpp"
#include "support/strided.hpp"

#include <prismatic/backend/cpu.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

using namespace prismatic;

namespace {

using B = thrust_backend<test::pretend_device>;
constexpr float infinity = std::numeric_limits<float>::infinity();

struct result {
  std::vector<label_t> labels;
  std::vector<float> best;
  int undecided = 0;  // by rounding
  int exact = 0;      // scores
};

// The kernel on the host: the lanes of a row take turns.
void scan_row(const detail::match_rows& all, index_t i, result& out) {
  constexpr int lanes = detail::match_rows::lanes;
  float top = -all.infinity;
  for (int lane = 0; lane < lanes; ++lane) top = std::max(top, all.greatest(lane, i));
  const float least = all.least(i, top);
  detail::match best{-all.infinity, -1};
  int found = 0;
  for (index_t first = 0; first < all.rows_of_b && found <= detail::match_rows::most; first += detail::match_rows::at_once)
    for (int owner = 0; owner < lanes; ++owner)
      for (unsigned which = all.in_question(owner, i, first, least); which != 0; which &= which - 1) {
        if (++found > detail::match_rows::most) break;
        const index_t j = first + 4 * owner + std::countr_zero(which);
        float sums[lanes], other[lanes];
        for (int lane = 0; lane < lanes; ++lane) sums[lane] = all.part(lane, i, j);
        for (int across = 1; across < lanes; across *= 2) {
          std::copy_n(sums, lanes, other);
          for (int lane = 0; lane < lanes; ++lane) sums[lane] += other[lane ^ across];
        }
        best.offer(all.score(sums[0], j), j);
      }
  out.exact += found;
  if (all.keep(i, found, best)) return;
  ++*all.undecided;
  ++out.undecided;
}

result best_rows(matrix_view<const float> a, matrix_view<const float> b, const std::vector<float>& bias = {}) {
  context<B> cx({.threads = 2});
  const auto there = [](matrix_view<const float> m) {
    return matrix_view<const float, memory::device>(m.data(), m.rows(), m.cols(), m.stride());
  };
  result out;
  out.labels.assign(static_cast<std::size_t>(a.rows()), -7);
  out.best.resize(out.labels.size());
  detail::nearest_by_rounding<test::pretend_device>(
      cx, there(a), there(b), {bias.data(), static_cast<index_t>(bias.size())}, {out.labels.data(), a.rows()},
      {out.best.data(), a.rows()},
      [](matrix_view<const bf16, memory::device> x, matrix_view<const bf16, memory::device> y,
         matrix_view<float, memory::device> c) {
        CHECK(x.stride() % 8 == 0);
        for (index_t i = 0; i < c.rows(); ++i)
          for (index_t j = 0; j < c.cols(); ++j) {
            float sum = 0;
            for (index_t l = 0; l < x.cols(); ++l)
              sum += x.data()[i * x.stride() + l] * y.data()[j * y.stride() + l];
            c.data()[i * c.stride() + j] = sum;
          }
      },
      [&](index_t rows, const detail::match_rows& all) {
        for (index_t i = 0; i < rows; ++i) scan_row(all, i, out);
      });
  return out;
}

double exact_score(matrix_view<const float> a, index_t i, matrix_view<const float> b, index_t j, const std::vector<float>& bias) {
  double sum = bias.empty() ? 0 : static_cast<double>(bias[static_cast<std::size_t>(j)]);
  for (index_t l = 0; l < a.cols(); ++l) sum += static_cast<double>(a(i, l)) * static_cast<double>(b(j, l));
  return sum;
}

// Nothing beats the row that was found by more than single precision can tell.
void check(matrix_view<const float> a, matrix_view<const float> b, const std::vector<float>& bias, const result& found) {
  for (index_t i = 0; i < a.rows(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    REQUIRE(found.labels[at] >= 0);
    REQUIRE(found.labels[at] < b.rows());
    double most = -std::numeric_limits<double>::infinity();
    for (index_t j = 0; j < b.rows(); ++j) most = std::max(most, exact_score(a, i, b, j, bias));
    const double bound = test::rounding_bound<float>(a.cols(), 4);
    CHECK(std::abs(static_cast<double>(found.best[at]) - most) <= bound);
    CHECK(exact_score(a, i, b, found.labels[at], bias) >= most - bound);
  }
}

matrix<float> unit_rows(index_t n, index_t d, const char* name) {
  matrix<float> out = test::gaussian<float>(n, d, name);
  for (index_t i = 0; i < n; ++i) {
    double squared = 0;
    for (index_t j = 0; j < d; ++j) squared += std::pow(static_cast<double>(out(i, j)), 2);
    for (index_t j = 0; j < d; ++j) out(i, j) = static_cast<float>(static_cast<double>(out(i, j)) / std::sqrt(squared));
  }
  return out;
}

}  // namespace

TEST_CASE("the best row is found by rounded products and few exact ones", "[backend][nearest]") {
  struct size {
    index_t n, k, d;
  };
  for (const auto& [n, k, d] : {size{300, 200, 64}, size{257, 1000, 33}, size{1, 1, 1}, size{40, 33, 130}}) {
    const bool biased = GENERATE(false, true);
    CAPTURE(n, k, d, biased);
    test::strided<float> a(unit_rows(n, d, "a")), b(unit_rows(k, d, "b"));
    std::vector<float> bias;
    if (biased)
      for (index_t j = 0; j < k; ++j) bias.push_back(-0.5F + 0.01F * static_cast<float>(j % 7));
    const result found = best_rows(a.view(), b.view(), bias);
    check(a.view(), b.view(), bias, found);
    CHECK(found.undecided == 0);
    CHECK(found.exact <= 4 * n);
  }
}

TEST_CASE("rows that rounding cannot tell apart are told apart", "[backend][nearest]") {
  const index_t d = 64, k = 24;
  const matrix<float> a = unit_rows(50, d, "near");
  matrix<float> b(k, d);
  for (index_t j = 0; j < k; ++j)  // a few steps of single precision between them, all one in bf16 but for where they round
    for (index_t l = 0; l < d; ++l) b(j, l) = a(0, l) * (1 + 1e-5F * static_cast<float>((7 * j) % k));
  const result found = best_rows(a, b);
  check(a, b, {}, found);
  CHECK(found.undecided == 0);
  CHECK(found.exact > 50);  // one a row would not do
  CHECK(found.labels[0] == 17);  // 7 j mod 24 = 23
}

TEST_CASE("of equal rows the first is found, however many there are", "[backend][nearest]") {
  const matrix<float> a = unit_rows(20, 64, "equal");
  for (const index_t times : {3, 200}) {
    matrix<float> b(2 * times, 64);
    for (index_t j = 0; j < b.rows(); ++j)
      for (index_t l = 0; l < 64; ++l) b(j, l) = (j < times ? -1.0F : 1.0F) * a(0, l);
    const result found = best_rows(a, b);
    check(a, b, {}, found);
    CHECK(found.labels[0] == times);
    for (const label_t label : found.labels) CHECK((label == 0 || label == times));
    CHECK((found.undecided == 0) == (times == 3));
  }
}

TEST_CASE("numbers that are none, or next to none, go by all products", "[backend][nearest]") {
  const index_t d = 70, k = 130;
  matrix<float> a = unit_rows(6, d, "odd"), b = unit_rows(k, d, "others");
  a(1, 3) = std::numeric_limits<float>::quiet_NaN();
  a(2, 3) = infinity;
  for (index_t l = 0; l < d; ++l) a(3, l) *= 1e-25F, a(4, l) = 0;
  const result found = best_rows(a, b);
  CHECK(found.labels[1] == 0);
  CHECK(found.best[1] == -infinity);
  CHECK(found.labels[4] == 0);
  CHECK(found.best[4] == 0.0F);
  CHECK(found.undecided == 4);
  double most = -1;
  for (index_t j = 0; j < k; ++j) most = std::max(most, exact_score(a, 3, b, j, {}));
  CHECK(exact_score(a, 3, b, found.labels[3], {}) >= most * (1 - 1e-5));
  const matrix<float> good = unit_rows(6, d, "odd");
  for (const float odd : {std::numeric_limits<float>::quiet_NaN(), infinity}) {
    std::vector<float> bias(static_cast<std::size_t>(k));
    bias[9] = odd;
    CHECK(best_rows(good, b, bias).undecided == 6);
    if (odd == infinity) CHECK(best_rows(good, b, bias).labels == std::vector<label_t>(6, 9));
    const float before = std::exchange(b(11, 2), odd);
    CHECK(best_rows(good, b).undecided == 6);
    b(11, 2) = before;
  }
}

TEST_CASE("slices of rows know nothing of one another", "[backend][nearest]") {
  const matrix<float> a = unit_rows(300, 8, "long");
  matrix<float> b = unit_rows(200'000, 8, "many");  // 256 rows a slice
  for (index_t j = 0; j < b.rows(); ++j)
    for (index_t l = 0; l < 8 && j % 4001 != 7; ++l) b(j, l) *= 0.01F;  // all but fifty are out of the question
  const result found = best_rows(a, b), some = best_rows(a.view().middle_rows(200, 100), b);
  CHECK(found.undecided == 0);
  for (const label_t label : found.labels) CHECK(label % 4001 == 7);
  CHECK(std::vector<label_t>(found.labels.begin() + 200, found.labels.end()) == some.labels);
  CHECK(std::vector<float>(found.best.begin() + 200, found.best.end()) == some.best);
}
