/// How new a row is to a set of rows: its surprisal under their covariance.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/host.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/workspace.hpp>
#include <prismatic/diversity/covariance.hpp>
#include <prismatic/diversity/entropy.hpp>
#include <prismatic/diversity/unit_rows.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace prismatic {

struct surprisal_options {
  double prior_rows = 1;  ///< rows' worth of weight spread evenly over all d directions; above 0
};

/// Surprisal of unit rows x under the covariance C of n others, in nats:
///
///   s(x) = -x' log(C_e) x,    C_e = (n C + a I / d) / (n + a),   a = prior_rows
///
/// The entropy S gained by adding x to the n rows is bounded by it, because S is concave with gradient
/// -log C - I:  S((n C + x x') / (n + 1)) - S(C) <= (s(x) - S(C)) / (n + 1) as a -> 0; it also orders
/// candidates almost exactly as the true gain does.
///
/// The prior keeps s finite where no row has been: one row's weight spread over all directions gives an
/// unseen direction ln(d (n + 1)), while one that a single row has visited gives about ln(n + 1), and
/// directions with many rows hardly change. Range: 0 to ln(d (n + a) / a).
template <class B, real T>
class surprisal_model {
 public:
  /// @param covariance  (d, d) on the host, trace 1
  /// @param rows        n, above 0, need not be whole
  /// About 10 d^3 FLOP. @throws shape_error, option_error; numeric_error  the trace is not 1, an eigenvalue is
  /// below 0, no convergence
  surprisal_model(context<B>& cx, const viewable auto& covariance, double rows,
                  surprisal_options options = {}) {
    const auto c = matrix_view(covariance);
    require_equal(c.cols(), c.rows(), "surprisal_model: columns of the covariance");
    require_option(rows > 0 && std::isfinite(rows), "surprisal_model: rows: expected a number above 0");
    require_option(options.prior_rows > 0 && std::isfinite(options.prior_rows),
                   "surprisal_model: prior_rows: expected a number above 0");
    const index_t d = c.rows();
    const double weight = rows + options.prior_rows;
    const double prior = options.prior_rows / weight / static_cast<double>(std::max<index_t>(d, 1));
    matrix<double> mixed(d, d);
    double trace = 0;
    for (index_t i = 0; i < d; ++i) {
      for (index_t j = 0; j < d; ++j) mixed(i, j) = rows / weight * static_cast<double>(c(i, j));
      trace += static_cast<double>(c(i, i));
      mixed(i, i) += prior;
    }
    require_unit_trace(trace);
    set(cx, std::move(mixed), prior);
  }

  /// Under everything an accumulator has seen. @throws as above
  surprisal_model(context<B>& cx, const covariance_accumulator<B, T>& sums, surprisal_options options = {})
      : surprisal_model(cx, sums.covariance(), static_cast<double>(sums.rows()), options) {}

  [[nodiscard]] index_t width() const noexcept { return minus_log_.rows(); }

  /// The entropy of C_e: the surprisal of the set's own rows on average. Rows above it add diversity.
  [[nodiscard]] double average() const noexcept { return average_; }

  /// out[i] = s(row i), each row brought to unit length first. 2 n d^2 FLOP. Determinism: run_to_run.
  /// @param rows  (n, d); @param out  n numbers on the host
  /// @throws shape_error; numeric_error  a zero or non-finite row, named
  void score(context<B>& cx, const viewable auto& rows, std::span<double> out) const {
    const matrix_view<const T, B::space> x = matrix_view(rows);
    require_equal(x.cols(), width(), "surprisal_model: columns");
    require_equal(static_cast<index_t>(out.size()), x.rows(), "surprisal_model: size of the output");
    const row_plan plan = plan_rows<B, T>(cx, x, {}, {});
    const index_t most = std::min(tile_rows, x.rows());
    const scratch_matrix<T, B::space> image(cx.scratch(), most, width()), dots(cx.scratch(), 1, most);
    for_each_tile<B, T>(cx, x, plan, tile_rows, [&](index_t first, matrix_view<const T, B::space> tile) {
      const auto mapped = image.view().middle_rows(0, tile.rows());
      const auto found = dots.flat().middle(0, tile.rows());
      B::gemm(cx, op::none, op::none, T(1), tile, minus_log_.view(), T(0), mapped);
      B::row_dots(cx, tile, mapped, found);
      const auto values = on_host(cx, found);
      for (index_t i = 0; i < values.size(); ++i)
        out[static_cast<std::size_t>(first + i)] = std::max(0.0, static_cast<double>(values[i]));
    });
  }

 private:
  static constexpr index_t tile_rows = 1024;

  // minus_log_ <- W'W with W = diag(sqrt(-ln lambda)) V: the rows of V are the eigenvectors of `mixed`.
  void set(context<B>& cx, matrix<double> mixed, double least) {
    const index_t d = mixed.rows();
    const std::vector<double> lambda = host_eigensystem(cx, mixed);
    for (index_t i = 0; i < d; ++i) {
      const double l = lambda[static_cast<std::size_t>(i)];
      if (!(l >= -trace_tolerance))
        throw numeric_error("surprisal_model: found the eigenvalue " + std::to_string(l) +
                            ", expected none below 0");
      const double minus_log = -std::log(std::clamp(l, least, 1.0));
      average_ += std::clamp(l, least, 1.0) * minus_log;
      for (index_t j = 0; j < d; ++j) mixed(i, j) *= std::sqrt(minus_log);
    }
    matrix<T> root(d, d);
    for (index_t i = 0; i < root.size(); ++i) root.data()[i] = static_cast<T>(mixed.data()[i]);
    const auto w = on_backend(cx, std::move(root));
    minus_log_ = matrix<T, B::space>(d, d);
    B::syrk(cx, op::transpose, T(1), w, T(0), minus_log_.view());
  }

  matrix<T, B::space> minus_log_;  // (d, d)
  double average_ = 0;
};

}  // namespace prismatic
