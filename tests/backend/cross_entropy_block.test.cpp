#include <prismatic/backend/functors/cross_entropy_block.hpp>

#include "oracle/cross_entropy.hpp"
#include "support/catch.hpp"
#include "support/numeric.hpp"
#include "support/strided.hpp"

#include <cmath>
#include <limits>
#include <vector>

using namespace prismatic;

namespace {

// A kernel on the host: the threads of a block take turns between barriers.
template <class T>
void run_rows(const detail::cross_entropy_block<T>& all, index_t rows) {
  std::vector<detail::softmax_sum<T>> sums(static_cast<std::size_t>(all.threads));
  const auto each = [&](auto&& phase) {
    for (int thread = 0; thread < all.threads; ++thread) phase(thread);
  };
  for (index_t t = 0; t < rows; ++t) {
    if (!all.counts(t)) {
      each([&](int thread) { all.clear(t, thread); });
      continue;
    }
    each([&](int thread) { all.read(t, thread, sums.data()); });
    for (int left = all.threads / 2; left > 0; left /= 2) each([&](int thread) { all.merge(left, thread, sums.data()); });
    all.store_loss(t, sums.front());
    each([&](int thread) { all.write(t, thread, sums.front()); });
  }
}

template <class T>
std::vector<T> run(matrix_view<T> logits, const std::vector<token_id>& targets, const std::vector<T>& weights, int threads) {
  std::vector<T> losses(targets.size(), T(-1));
  run_rows(detail::cross_entropy_block<T>{logits.cols(), threads, -std::numeric_limits<T>::infinity(), logits, weights.data(),
                                          targets.data(), losses.data()},
           logits.rows());
  return losses;
}

template <class T>
constexpr T infinity = std::numeric_limits<T>::infinity();

}  // namespace

TEMPLATE_TEST_CASE("a block's cross entropy and gradient agree with the formulas", "[backend][cross_entropy]", float, double) {
  using T = TestType;
  const index_t rows = 7, vocabulary = GENERATE(1, 3, 64, 1001);  // odd strides: rows begin anywhere
  const int threads = GENERATE(1, 4, 64);
  CAPTURE(sizeof(T), vocabulary, threads);
  auto z = test::gaussian<T>(rows, vocabulary, "z");
  for (index_t j = 0; j < vocabulary; ++j) z(1, j) *= T(30);  // tops rise far, and late
  if (vocabulary > 3) z(2, 0) = z(2, 1) = -infinity<T>;       // nothing to count from at first
  std::vector<token_id> targets(rows);
  std::vector<T> weights(rows);
  for (std::size_t t = 0; t < targets.size(); ++t) {
    targets[t] = static_cast<token_id>((5 * static_cast<index_t>(t) + 2) % vocabulary);
    weights[t] = t == 3 ? T(0) : static_cast<T>(0.5 + static_cast<double>(t % 4));
  }
  targets[3] = -100;  // must not be read
  test::strided<T> logits(z);
  const std::vector<T> losses = run(logits.view(), targets, weights, threads);
  CHECK(logits.padding_untouched());
  const auto expected = test::oracle::cross_entropy<T>(test::widened(z), targets, weights);
  for (std::size_t t = 0; t < losses.size(); ++t) {
    const auto w = static_cast<double>(weights[t]);
    if (w == 0)
      CHECK(losses[t] == T(0));
    else
      CHECK(std::abs(static_cast<double>(losses[t]) - expected.losses[t]) <= test::rounding_bound<T>(1, w * (std::abs(expected.log_sums[t]) + 5)));
  }
  CHECK(test::largest_difference(logits.packed(), expected.gradient) <= test::rounding_bound<T>(4, 4));
}

TEMPLATE_TEST_CASE("a block's cross entropy passes a NaN on, and not what it clears", "[backend][cross_entropy]", float, double) {
  using T = TestType;
  for (const index_t place : {0, 13, 19}) {
    matrix<T> z(2, 20);
    z(0, place) = z(1, place) = std::numeric_limits<T>::quiet_NaN();
    const std::vector<T> losses = run<T>(z.view(), {2, -100}, {T(1), T(0)}, 4);
    CHECK(std::isnan(losses[0]));
    CHECK(losses[1] == T(0));
    for (index_t j = 0; j < 20; ++j) CHECK(z(1, j) == T(0));
  }
}
