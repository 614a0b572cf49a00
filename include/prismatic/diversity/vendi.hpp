/// The Vendi score of a set of rows, by their covariance, their Gram matrix, or running sums.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/context.hpp>
#include <prismatic/backend/host.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/workspace.hpp>
#include <prismatic/diversity/ceiling.hpp>
#include <prismatic/diversity/covariance.hpp>
#include <prismatic/diversity/entropy.hpp>
#include <prismatic/diversity/unit_rows.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace prismatic {

/// Which of the two matrices with the same spectrum is built: d x d or n x n.
enum class vendi_route : std::uint8_t {
  automatic,   ///< the smaller one
  covariance,  ///< n d (d + 1) FLOP and 8 d^2 bytes, whatever n
  gram         ///< n (n + 1) d FLOP and 12 n^2 bytes
};

struct vendi_options {
  double order = 1;                                ///< q of the Renyi entropy, 0 to infinity
  std::span<const double> weights = {};            ///< n numbers from 0 up, any sum; empty: all equal
  bool rows_are_unit = false;                      ///< true: rows are taken as they are
  unusable_rows unusable = unusable_rows::refuse;  ///< what happens to a zero or non-finite row
  vendi_route route = vendi_route::automatic;
  product_precision products = product_precision::full;  ///< bf16: rows are rounded for the covariance; docs/method.md
};

/// A score and what it has to be read with. Scores of different `rows` or `width` do not compare.
struct vendi_result {
  double score;    ///< exp(entropy): directions covered, from 1 to min(rows, width)
  double entropy;  ///< of order `order`, nats
  double order;
  index_t rows;                  ///< that count: usable, of positive weight
  index_t skipped;               ///< zero or non-finite
  index_t width;                 ///< d; 0 for an exact Gram matrix
  double ceiling;                ///< score_ceiling: what orthonormal gradients would score here
  double order2;                 ///< the score of order 2, 1 / |K|_F^2
  double order2_debiased;        ///< the same without the bias of the projection: debiased_order2
  std::vector<double> spectrum;  ///< min(rows, width) eigenvalues, largest first, sum 1
  double rounding;               ///< what lies below this may be rounding of the matrix's entries: epsilon(T) of the largest

  /// The score of another order. Below 1 what may be rounding counts as 0: a thousand eigenvalues of 1e-9 would add a
  /// hundred directions at order 0.1; from 1 on they add next to nothing, and real ones are missed where they are dropped.
  [[nodiscard]] double score_at(double q) const {
    if (q >= 1) return vendi_from_spectrum(spectrum, q);
    std::vector<double> certain = spectrum;
    std::erase_if(certain, [&](double l) { return l <= rounding; });
    const double sum = std::accumulate(certain.begin(), certain.end(), 0.0);
    for (double& l : certain) l /= sum;
    return vendi_from_spectrum(certain, q);
  }
};

namespace detail {

inline double trace_of(matrix_view<const double> k) {
  double trace = 0;
  for (index_t i = 0; i < k.rows(); ++i) trace += k(i, i);
  return trace;
}

/// What an eigenvalue may err by, root mean square and in units of their mean, where the matrix was made of floats: less than
/// the rounding of such a matrix moves it (docs/method.md).
inline constexpr double spectrum_error = 2e-7;

inline void require_usable(index_t rows) {
  if (rows == 0) throw numeric_error("vendi: found no usable row, expected at least 1");
}

// k (destroyed) is `total` times the density matrix of `rows.rows` rows of width `width` (0: exact); computed in T.
template <class B, real T>
vendi_result vendi_of_density(context<B>& cx, matrix_view<double> k, double total, const weight_sums& rows, index_t skipped,
                              index_t width, double order) {
  require_unit_trace(trace_of(k) / total);

  vendi_result out{};
  out.order = order;
  out.rows = rows.rows;
  out.skipped = skipped;
  out.width = width;
  out.spectrum = host_eigenvalues(cx, k, std::is_same_v<T, double> ? 0 : spectrum_error);
  for (double& l : out.spectrum) l /= total;
  clean_spectrum<T>(out.spectrum, width > 0 ? std::min(rows.rows, width) : rows.rows);
  out.rounding = static_cast<double>(std::numeric_limits<T>::epsilon()) * out.spectrum.front();
  out.score = out.score_at(order);
  out.entropy = std::log(out.score);

  double squared_norm = 0;
  for (const double l : out.spectrum) squared_norm += l * l;
  out.order2 = 1 / squared_norm;
  out.ceiling = width > 0 ? score_ceiling(rows.effective_rows(), width, order) : rows.effective_rows();
  out.order2_debiased = width > 0 ? debiased_order2(squared_norm, rows.concentration(), width) : out.order2;
  return out;
}

// k(n, n) <- the inner products of the planned rows, whose lengths squared are the weights, over their total.
template <class B, real T>
void planned_gram(context<B>& cx, matrix_view<const T, B::space> rows, const row_plan& plan, matrix_view<double> k) {
  const index_t n = plan.weights.rows;
  const double share = 1 / plan.weights.total;
  for_each_tile<B, T>(cx, rows, plan, n, [&](index_t, matrix_view<const T, B::space> all) {
    if constexpr (requires { B::syrk(cx, op::none, share, all, 0.0, k); }) {
      B::syrk(cx, op::none, share, all, 0.0, k);
    } else {
      const scratch_matrix<T, B::space> gram(cx.scratch(), n, n);
      B::syrk(cx, op::none, T(1), all, T(0), gram.view());
      const auto found = on_host(cx, gram.view());
      for (index_t i = 0; i < k.size(); ++i) k.data()[i] = share * static_cast<double>(found.data()[i]);
    }
  });
}

}  // namespace detail

/// The Vendi score of everything an accumulator has seen: the streaming route.
/// About 4/3 d^3 FLOP, 16 d^2 bytes. Determinism: run_to_run.
/// @throws numeric_error  no row was added, the trace is not 1, or the eigensolver did not converge
template <class B, real T>
[[nodiscard]] vendi_result vendi(context<B>& cx, const covariance_accumulator<B, T>& sums, double order = 1) {
  matrix<double> k = sums.covariance();
  return detail::vendi_of_density<B, T>(cx, k, 1, sums.weights(), sums.skipped(), sums.width(), order);
}

/// How many distinct directions a set of rows covers.
///
///   K = sum_i p_i z_i z_i' / |z_i|^2,   score = exp(H_q(lambda(K)))     [q = 1: Jung et al., arXiv:2505.20161]
///
/// Identical rows score 1, orthonormal rows n. The score depends neither on the order, length, or sign of the
/// rows, nor on a rotation of the space, nor on how often the whole set is repeated.
/// @param rows  (n, d), n >= 1, d >= 1
/// @throws shape_error    no rows, no columns, or another number of weights than rows
/// @throws option_error   a weight is negative or not finite, all are 0, or the order is below 0
/// @throws numeric_error  a zero or non-finite row that may not be skipped, or every row is one; the trace is
///                        not 1; the eigensolver did not converge
/// Cost: see vendi_route, and 4/3 min(n, d)^3 FLOP for the eigenvalues.
/// Determinism: run_to_run. The routes agree to rounding in T.
template <class B>
[[nodiscard]] vendi_result vendi(context<B>& cx, const viewable auto& rows, const vendi_options& options = {}) {
  const auto view = matrix_view(rows);
  using T = typename decltype(view)::value_type;
  const matrix_view<const T, B::space> z = view;
  if (z.empty())
    throw shape_error("vendi: rows: found " + std::to_string(z.rows()) + " x " + std::to_string(z.cols()) +
                      ", expected at least 1 x 1");
  require_weights(options.weights, z.rows());

  // Weights are brought to a sum of 1 first: their scale must not reach the float products.
  std::vector<double> p(options.weights.begin(), options.weights.end());
  const double largest = p.empty() ? 1 : std::ranges::max(p);
  require_option(largest > 0, "weights: found only zeros, expected a positive one");
  double total = 0;
  for (const double w : p) total += w / largest;
  for (double& w : p) w = w / largest / total;

  const row_options how{options.rows_are_unit, options.unusable};
  const bool smaller_gram = options.route == vendi_route::automatic && z.rows() < z.cols();
  if (options.route != vendi_route::gram && !smaller_gram) {
    covariance_accumulator<B, T> sums(z.cols(), how);
    const products_at<B> precision(cx, options.products);
    sums.add(cx, z, p);
    detail::require_usable(sums.rows());
    matrix<double> k = std::move(sums).sum();
    // Rounded rows are not quite of unit length.
    const double trace = options.products == product_precision::full ? sums.weights().total : detail::trace_of(k);
    return detail::vendi_of_density<B, T>(cx, k, trace, sums.weights(), sums.skipped(), z.cols(), options.order);
  }
  const row_plan plan = plan_rows<B, T>(cx, z, p, how);
  detail::require_usable(plan.weights.rows);
  const index_t n = plan.weights.rows;
  const auto score = [&](matrix_view<double> k) {
    detail::planned_gram<B, T>(cx, z, plan, k);
    return detail::vendi_of_density<B, T>(cx, k, 1, plan.weights, plan.skipped, z.cols(), options.order);
  };
  if constexpr (B::space == memory::host) {
    return score(scratch_matrix<double, memory::host>(cx.scratch(), n, n));
  } else {
    matrix<double> k(n, n);
    return score(k);
  }
}

/// The Vendi score of n items known by their inner products alone: exact gradients, without a projection.
///
///   K_ij = sqrt(p_i p_j) G_ij / sqrt(G_ii G_jj)
///
/// Of `options`, order and weights apply. 4/3 n^3 FLOP, 8 n^2 bytes. Determinism: run_to_run.
/// @param gram  (n, n) on the host, symmetric, n >= 1
/// @throws shape_error    not square, empty, or another number of weights
/// @throws option_error   a weight is negative or not finite, or all are 0
/// @throws numeric_error  an entry is not finite, a diagonal one of positive weight not above 0 (the item is
///                        named), or the two triangles differ by more than trace_tolerance of unit length
template <class B>
[[nodiscard]] vendi_result vendi_from_gram(context<B>& cx, const viewable auto& gram,
                                           const vendi_options& options = {}) {
  const auto g = matrix_view(gram);
  using T = typename decltype(g)::value_type;
  if (g.empty()) throw shape_error("vendi_from_gram: found an empty matrix, expected at least 1 x 1");
  require_equal(g.cols(), g.rows(), "vendi_from_gram: columns");
  require_weights(options.weights, g.rows());

  std::vector<index_t> items;
  std::vector<double> factors;
  weight_sums sums;
  for (index_t i = 0; i < g.rows(); ++i) {
    const double w = options.weights.empty() ? 1.0 : options.weights[static_cast<std::size_t>(i)];
    if (w == 0) continue;
    const double squared = static_cast<double>(g(i, i));
    if (!(squared > 0) || std::isinf(squared))
      throw numeric_error("item " + std::to_string(i) + ": found the squared length " +
                          std::to_string(squared) + ", expected a positive finite one");
    items.push_back(i);
    factors.push_back(1 / std::sqrt(squared));
    sums.add(w);
  }
  require_option(!items.empty(), "weights: found only zeros, expected a positive one");

  matrix<double> k(sums.rows, sums.rows);
  for (index_t i = 0; i < k.rows(); ++i)
    for (index_t j = 0; j <= i; ++j) {
      const auto [a, b] = std::pair(items[static_cast<std::size_t>(i)], items[static_cast<std::size_t>(j)]);
      const double unit = factors[static_cast<std::size_t>(i)] * factors[static_cast<std::size_t>(j)];
      const double lower = static_cast<double>(g(a, b)) * unit, upper = static_cast<double>(g(b, a)) * unit;
      if (!(std::abs(lower - upper) <= trace_tolerance))
        throw numeric_error("items " + std::to_string(a) + " and " + std::to_string(b) +
                            ": found the cosines " + std::to_string(lower) + " and " + std::to_string(upper) +
                            ", expected the same finite one");
      const double w = options.weights.empty() ? 1.0
                                               : std::sqrt(options.weights[static_cast<std::size_t>(a)]) *
                                                     std::sqrt(options.weights[static_cast<std::size_t>(b)]);
      k(i, j) = k(j, i) = w * (lower + upper) / 2 / sums.total;
    }
  return detail::vendi_of_density<B, T>(cx, k, 1, sums, 0, 0, options.order);
}

}  // namespace prismatic
