#include "support/catch.hpp"
#include "support/numeric.hpp"

#include <prismatic/backend/cpu/nearest_candidates.hpp>
#include <prismatic/backend/cpu.hpp>
#include <prismatic/core/bfloat16.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

using namespace prismatic;

namespace {

struct answer {
  std::vector<label_t> labels;
  std::vector<float> best;
};

// The first of the greatest of all scores in float, one row at a time.
answer by_all_scores(const matrix<float>& a, const matrix<float>& b, const matrix<float>& bias) {
  matrix<float> scores(a.rows(), b.rows());
  detail::multiply_by_vectors<float>(op::none, op::transpose, 1, a, b, 0, scores.view());
  answer out{std::vector<label_t>(static_cast<std::size_t>(a.rows())),
             std::vector<float>(static_cast<std::size_t>(a.rows()), -std::numeric_limits<float>::infinity())};
  for (index_t i = 0; i < a.rows(); ++i)
    for (index_t j = 0; j < b.rows(); ++j) {
      const float score = scores(i, j) + (bias.size() > 0 ? bias(0, j) : 0.0F);
      if (score > out.best[std::size_t(i)]) out.best[std::size_t(i)] = score, out.labels[std::size_t(i)] = label_t(j);
    }
  return out;
}

answer by_the_verb(const matrix<float>& a, const matrix<float>& b, const matrix<float>& bias) {
  using B = cpu_backend<>;
  context<B> cx({.threads = 2});
  answer out{std::vector<label_t>(static_cast<std::size_t>(a.rows()), -1), std::vector<float>(static_cast<std::size_t>(a.rows()))};
  B::nearest(cx, a, b, bias.flat(), vector_view<label_t>(out.labels), vector_view<float>(out.best));
  return out;
}

// Rows of B in threes that differ by `apart` of their length: closer to one another than rounding to bfloat16 can tell.
matrix<float> near_one_another(index_t k, index_t d, float apart) {
  matrix<float> b = test::gaussian<float>(k, d, "b");
  const matrix<float> moves = test::gaussian<float>(k, d, "moves");
  for (index_t j = 0; j < k; ++j)
    for (index_t c = 0; c < d; ++c) b(j, c) = b(j / 3 * 3, c) + (j % 3 == 0 ? 0.0F : apart * moves(j, c));
  return b;
}

bool candidates(const matrix<float>& a, const matrix<float>& b) {
  thread_team team(2);
  std::vector<label_t> labels(static_cast<std::size_t>(a.rows()));
  std::vector<float> best(labels.size());
  matrix<float> scores(a.rows(), 100);
  return detail::nearest_by_candidates(a, b, {}, detail::rounded_length::furthest(team, b), scores.view(), labels.data(), best.data());
}

}  // namespace

TEST_CASE("a row's length and what rounding takes away are bounded", "[backend][nearest]") {
  for (const index_t n : {1, 15, 16, 17, 300}) {
    const auto x = test::gaussian<float>(1, n, "x");
    double whole = 0, off = 0;
    for (index_t i = 0; i < n; ++i) {
      const double lost = double(x(0, i)) - double(from_bfloat16(to_bfloat16(x(0, i))));
      whole += double(x(0, i)) * double(x(0, i)), off += lost * lost;
    }
    const auto found = detail::rounded_length::of(x.data(), n);
    CHECK(double(found.whole) >= std::sqrt(whole));
    CHECK(double(found.whole) <= 1.01 * std::sqrt(whole));
    CHECK(double(found.off) >= std::sqrt(off));
    CHECK(double(found.off) <= 1.01 * std::sqrt(off));
  }
}

#if PRISMATIC_X86
TEST_CASE("products of pairs have the bits of all products", "[backend][nearest]") {
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return;
  for (const index_t n : {1, 7, 255, 256, 257, 1000, 1024}) {
    CAPTURE(n);
    const auto a = test::gaussian<float>(3, n, "a"), b = test::gaussian<float>(8, n, "b");
    matrix<float> all(3, 8);
    detail::multiply_by_vectors<float>(op::none, op::transpose, 1, a, b, 0, all.view());
    const float *left[8], *right[8];
    float found[8];
    for (index_t p = 0; p < 8; ++p) left[p] = a.view().row(p % 3), right[p] = b.view().row(p);
    detail::pair_products(left, right, n, found);
    for (index_t p = 0; p < 8; ++p) CHECK(found[p] == all(p % 3, p));
  }
}
#endif

TEST_CASE("rounded products and exact candidates give the labels and scores of all products, to the bit", "[backend][nearest]") {
  const index_t n = GENERATE(1, 300), k = GENERATE(130, 700), d = GENERATE(64, 300);
  const float apart = GENERATE(0.0F, 1e-6F, 1e-4F, 3e-3F, 1.0F);
  const bool biased = GENERATE(false, true);
  if (!detail::rounds_for_candidates(d)) return;
  CAPTURE(n, k, d, apart, biased);
  const auto a = test::gaussian<float>(n, d, "a"), b = near_one_another(k, d, apart);
  const auto bias = biased ? test::gaussian<float>(1, k, "bias") : matrix<float>();
  CHECK(candidates(a, b));
  const answer found = by_the_verb(a, b, bias), expected = by_all_scores(a, b, bias);
  CHECK(found.labels == expected.labels);
  CHECK(found.best == expected.best);
}

TEST_CASE("where rounding leaves all in question the answer is that of all products", "[backend][nearest]") {
  constexpr index_t n = 20, k = 200, d = 80;
  if (!detail::rounds_for_candidates(d)) return;
  auto a = test::gaussian<float>(n, d, "a"), b = test::gaussian<float>(k, d, "b");
  const auto agree = [&] {
    const answer found = by_the_verb(a, b, {}), expected = by_all_scores(a, b, {});
    CHECK(found.labels == expected.labels);
    CHECK(found.best == expected.best);
  };
  CHECK(candidates(a, b));
  SECTION("rows of B that are all the same") {
    for (index_t j = 1; j < k; ++j)
      for (index_t c = 0; c < d; ++c) b(j, c) = b(0, c);
    CHECK(!candidates(a, b));
    agree();
  }
  SECTION("a row of zeros") {
    for (index_t c = 0; c < d; ++c) a(7, c) = 0;
    CHECK(!candidates(a, b));
    agree();
  }
  SECTION("numbers near the smallest") {
    for (index_t i = 0; i < a.size(); ++i) a.data()[i] *= 1e-36F;
    CHECK(!candidates(a, b));
    agree();
  }
  SECTION("numbers whose squares are near the smallest") {
    for (index_t i = 0; i < a.size(); ++i) a.data()[i] *= 1e-17F;
    CHECK(!candidates(a, b));
    agree();
  }
  SECTION("numbers near the greatest") {
    for (index_t i = 0; i < a.size(); ++i) a.data()[i] *= 1e30F;
    CHECK(!candidates(a, b));
    agree();
  }
  SECTION("rows that are not finite") {
    a(3, 5) = std::numeric_limits<float>::quiet_NaN();
    a(4, 5) = std::numeric_limits<float>::infinity();
    CHECK(!candidates(a, b));
    agree();
  }
  SECTION("a row of B that is not finite") {
    b(9, 5) = std::numeric_limits<float>::quiet_NaN();
    b(11, 5) = std::numeric_limits<float>::infinity();
    CHECK(!candidates(a, b));
    agree();
  }
}
