/// Choosing m of n rows greedily for entropy: each pick is the row that surprises most those picked before.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/host.hpp>
#include <prismatic/core/checked.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/workspace.hpp>
#include <prismatic/diversity/covariance.hpp>
#include <prismatic/diversity/monotone_log.hpp>
#include <prismatic/diversity/select.hpp>
#include <prismatic/diversity/unit_rows.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace prismatic {

struct greedy_options {
  double prior_rows = 1;  ///< a: rows' worth of weight spread over all directions; above 0
  index_t refresh = 0;    ///< picks between two eigensystems; 0 takes the larger of 64 and d / 2
};

struct greedy_selection {
  std::vector<index_t> rows;       ///< in the order picked
  std::vector<double> surprisals;  ///< of each when it was picked, nats
  index_t evaluations;             ///< surprisals brought up to date; m n without laziness
};

namespace detail {

// The state of a greedy selection. With S the sum of x x' over the picks plus (a / d) I:
//
//   bounds_[i]  = -x_i' log(S then) x_i after the first `applied_[i]` picks since the last eigensystem
//   S           = V' diag(lambda) V + the picks since then; V empty stands for the identity
//
// A pick y turns each resolvent (S + t)^-1 into (S + t)^-1 - b b' / (1 + y'b), b = (S + t)^-1 y [Sherman &
// Morrison 1950]. Row (j, k) of steps_ is b of pick j and node k times sqrt(weight_k / (1 + y'b)): a row's
// surprisal falls by the sum of its squared dot products with those rows.
template <class B, real T>
class greedy_search {
  using space_view = matrix_view<const T, B::space>;

 public:
  greedy_search(context<B>& cx, space_view rows, index_t picks, const greedy_options& options)
      : cx_(cx),
        rows_(rows),
        plan_(plan_rows<B, T>(cx, rows, {}, {})),
        prior_(options.prior_rows / static_cast<double>(rows.cols())),
        log_(prior_, prior_ + static_cast<double>(picks)),
        interval_(
            std::min(picks, options.refresh > 0 ? options.refresh : std::max<index_t>(64, rows.cols() / 2))),
        chosen_(rows.cols(), {.rows_are_unit = true}),
        picked_(interval_, rows.cols()),
        steps_(interval_ * log_.size(), rows.cols()),
        lambda_(static_cast<std::size_t>(rows.cols()), prior_),
        bounds_(static_cast<std::size_t>(rows.rows()), -log_(prior_)),
        applied_(static_cast<std::size_t>(rows.rows()), 0),
        heap_(static_cast<std::size_t>(rows.rows())) {
    std::iota(heap_.begin(), heap_.end(), index_t{0});  // all bounds are equal: in order of index
  }

  greedy_selection run(index_t picks, double prior_rows) {
    greedy_selection out{};
    while (static_cast<index_t>(out.rows.size()) < picks) {
      if (recent_ == interval_) rebase();
      const index_t row = take_best();
      const double drawn = static_cast<double>(out.rows.size()) + prior_rows;
      out.surprisals.push_back(at(bounds_, row) + std::log(drawn));
      out.rows.push_back(row);
      absorb(row);
    }
    out.evaluations = evaluations_;
    return out;
  }

 private:
  static constexpr index_t tile_rows = 1024;
  static constexpr index_t update_rows = 64;  // rows of one product that brings bounds up to date

  template <class V>
  static decltype(auto) at(V& v, index_t i) {
    return v[static_cast<std::size_t>(i)];
  }

  // out <- the rows named, at unit length.
  void gather_unit(std::span<const index_t> which, matrix_view<T, B::space> out) {
    const std::vector<token_id> ids(which.begin(), which.end());
    std::vector<T> factors;
    for (const index_t row : which) factors.push_back(static_cast<T>(at(plan_.factors, row)));
    B::gather_rows(cx_, rows_, ids, out);
    B::scale_rows(cx_, on_backend(cx_, factors), out);
  }

  [[nodiscard]] auto worse() const {  // than the other, for a heap with the best on top; ties: smaller index
    return
        [this](index_t a, index_t b) { return std::pair(at(bounds_, a), -a) < std::pair(at(bounds_, b), -b); };
  }

  index_t pop() {
    std::ranges::pop_heap(heap_, worse());
    const index_t top = heap_.back();
    heap_.pop_back();
    return top;
  }

  // Bounds only fall, so an up-to-date row on top beats every other. Stale rows above the best up-to-date one
  // are brought up to date in growing batches.
  index_t take_best() {
    std::vector<index_t> stale;
    for (std::size_t batch = 8;; batch *= 2) {
      stale.clear();
      while (!heap_.empty() && stale.size() < batch && at(applied_, heap_.front()) < recent_)
        stale.push_back(pop());
      if (stale.empty()) return pop();
      update(stale);
      for (const index_t row : stale) {
        heap_.push_back(row);
        std::ranges::push_heap(heap_, worse());
      }
    }
  }

  void update(std::vector<index_t>& stale) {
    const index_t nodes = log_.size(), count = static_cast<index_t>(stale.size());
    std::ranges::sort(stale, [&](index_t a, index_t b) { return at(applied_, a) < at(applied_, b); });
    for (index_t first = 0; first < count; first += update_rows) {
      const std::span<const index_t> some(stale.data() + first,
                                          static_cast<std::size_t>(std::min(update_rows, count - first)));
      const index_t from = at(applied_, some.front());
      const auto n = static_cast<index_t>(some.size()), width = (recent_ - from) * nodes;
      if (width == 0) continue;
      const scratch_matrix<T, B::space> x(cx_.scratch(), n, rows_.cols()), dots(cx_.scratch(), n, width);
      gather_unit(some, x.view());
      B::gemm(cx_, op::none, op::transpose, T(1), x, steps_.view().middle_rows(from * nodes, width), T(0),
              dots.view());
      const auto host = on_host(cx_, dots.view());
      const matrix_view<const T> found = host;
      for (index_t i = 0; i < n; ++i) lower(at(some, i), from, found.middle_rows(i, 1));
    }
  }

  void lower(index_t row, index_t from, matrix_view<const T> dots) {
    double fall = 0;
    for (index_t l = (at(applied_, row) - from) * log_.size(); l < dots.cols(); ++l)
      fall += static_cast<double>(dots(0, l)) * static_cast<double>(dots(0, l));
    at(bounds_, row) -= fall;
    at(applied_, row) = recent_;
    ++evaluations_;
  }

  // Appends row y to the picks, and to steps_ its b of every node, scaled.
  void absorb(index_t row) {
    const index_t nodes = log_.size(), before = recent_ * nodes;
    const auto y = picked_.view().middle_rows(recent_, 1);
    gather_unit({&row, 1}, y);

    const auto fresh = steps_.view().middle_rows(before, nodes);
    base_resolvents(y, fresh);
    if (recent_ > 0) {
      const scratch_matrix<T, B::space> dots(cx_.scratch(), recent_, nodes);
      B::gemm(cx_, op::none, op::transpose, T(1), y, steps_.view().middle_rows(0, before), T(0),
              dots.view().reshaped(1, before));
      for (index_t k = 0; k < nodes; ++k)
        B::gemm(cx_, op::transpose, op::none, static_cast<T>(-1 / log_.weight(k)),
                dots.view().middle_cols(k, 1), node_rows(k), T(1), fresh.middle_rows(k, 1));
    }
    const scratch_matrix<T, B::space> gains(cx_.scratch(), 1, nodes);
    B::gemm(cx_, op::none, op::transpose, T(1), y, fresh, T(0), gains.view());
    const auto gain = on_host(cx_, gains.flat());
    std::vector<T> factors;
    for (index_t k = 0; k < nodes; ++k)
      factors.push_back(
          static_cast<T>(std::sqrt(log_.weight(k) / (1 + std::max(0.0, static_cast<double>(gain[k]))))));
    B::scale_rows(cx_, on_backend(cx_, factors), fresh);
    ++recent_;
  }

  // The rows of node k in steps_, one for each recent pick.
  space_view node_rows(index_t k) const {
    const auto all = steps_.view();
    return {all.row(k), recent_, all.cols(), all.stride() * log_.size()};
  }

  // Row k of out <- (V' diag(lambda) V + t_k)^-1 y.
  void base_resolvents(space_view y, matrix_view<T, B::space> out) {
    const scratch_matrix<T, B::space> rotated(cx_.scratch(), 1, rows_.cols());
    if (!basis_.empty()) B::gemm(cx_, op::none, op::transpose, T(1), y, basis_.view(), T(0), rotated.view());
    const auto v = on_host(cx_, basis_.empty() ? y : space_view(rotated));
    matrix<T> quotients(log_.size(), rows_.cols());
    for (index_t k = 0; k < quotients.rows(); ++k)
      for (index_t l = 0; l < quotients.cols(); ++l)
        quotients(k, l) = static_cast<T>(static_cast<double>(v(0, l)) / (at(lambda_, l) + log_.shift(k)));
    const auto q = on_backend(cx_, std::move(quotients));
    if (basis_.empty())
      B::copy(cx_, q, out);
    else
      B::gemm(cx_, op::none, op::none, T(1), q, basis_.view(), T(0), out);
  }

  // A new eigensystem of S, and every remaining row's surprisal under it.
  void rebase() {
    chosen_.add(cx_, picked_.view().middle_rows(0, recent_));
    recent_ = 0;
    const index_t d = rows_.cols();
    matrix<double> s(d, d);
    for (index_t i = 0; i < d; ++i)
      for (index_t j = 0; j < d; ++j) s(i, j) = chosen_.sum()(i, j) + (i == j ? prior_ : 0.0);
    lambda_ = host_eigensystem(cx_, s);
    for (double& l : lambda_) l = std::max(l, prior_);

    const double top = log_(lambda_.back());  // top - log(lambda) >= 0 has a square root
    matrix<T> basis(d, d), root(d, d);
    for (index_t i = 0; i < d; ++i)
      for (index_t j = 0; j < d; ++j) {
        basis(i, j) = static_cast<T>(s(i, j));
        root(i, j) = static_cast<T>(s(i, j) * std::sqrt(std::max(0.0, top - log_(at(lambda_, i)))));
      }
    basis_ = on_backend(cx_, std::move(basis));
    score_all(on_backend(cx_, std::move(root)), top);
  }

  void score_all(const matrix<T, B::space>& root, double top) {
    const scratch_matrix<T, B::space> image(cx_.scratch(), std::min(tile_rows, rows_.rows()), rows_.cols());
    for_each_tile<B, T>(cx_, rows_, plan_, tile_rows, [&](index_t first, space_view tile) {
      const auto mapped = image.view().middle_rows(0, tile.rows());
      B::gemm(cx_, op::none, op::transpose, T(1), tile, root.view(), T(0), mapped);
      const auto norms = row_lengths<B, T>(cx_, mapped);
      for (index_t i = 0; i < tile.rows(); ++i) at(bounds_, first + i) = at(norms, i) * at(norms, i) - top;
    });
    std::ranges::fill(applied_, 0);
    evaluations_ += static_cast<index_t>(heap_.size());
    std::ranges::make_heap(heap_, worse());
  }

  context<B>& cx_;
  space_view rows_;
  row_plan plan_;  // every row, to unit length
  double prior_;
  monotone_log log_;
  index_t interval_;
  covariance_accumulator<B, T> chosen_;
  matrix<T, B::space> picked_;  // (interval, d) unit rows, the first `recent_` in use
  matrix<T, B::space> steps_;   // (interval nodes, d)
  matrix<T, B::space> basis_;   // V, or empty
  std::vector<double> lambda_;
  std::vector<double> bounds_;
  std::vector<index_t> applied_;
  std::vector<index_t> heap_;  // rows not picked yet
  index_t recent_ = 0;
  index_t evaluations_ = 0;
};

}  // namespace detail

/// Picks m of n rows one after another, each the one of largest surprisal -x' log(S) x under the rows picked
/// so far, S = (a / d) I + sum x x', a = prior_rows: the largest bound on the gain in entropy (see
/// surprisal_model). Ties, the first pick among them, go to the smaller index.
///
/// Lazy evaluation [Minoux 1978] is exact here: log is operator monotone, so a surprisal computed under fewer
/// picks can only be too large, and a row whose stale surprisal is below an up-to-date one need not be looked
/// at. Between eigensystems surprisals are updated, not approximated: log is written as a sum of
/// resolvents (monotone_log, within 0.02 nats of the logarithm and operator monotone itself), and a pick
/// changes each resolvent by a term of rank one. A new eigensystem only keeps those terms few; it changes no
/// pick but by rounding.
/// @param rows  (n, d), d >= 1, any positive lengths; m, 0 to n
/// @throws option_error, shape_error; numeric_error  a zero or non-finite row, named
/// Cost: with Q about 11 nodes and r picks between eigensystems, at most 2 n d Q FLOP a pick for the rows (less
/// what laziness saves) and 4 r d Q for the picks; m / r times 10 d^3 + 2 n d^2. Holds r Q d elements and
/// 3 d^2, not a copy of the rows. Determinism: run_to_run.
template <class B>
[[nodiscard]] greedy_selection select_greedy(context<B>& cx, const viewable auto& rows, index_t m,
                                             const greedy_options& options = {}) {
  const auto view = matrix_view(rows);
  using T = typename decltype(view)::value_type;
  const matrix_view<const T, B::space> z = view;
  require_subset(m, z.rows(), "select_greedy");
  require_option(options.prior_rows > 0 && std::isfinite(options.prior_rows),
                 "select_greedy: prior_rows: expected a number above 0");
  require_option(options.refresh >= 0, "select_greedy: refresh: expected 0 or more picks");
  if (m == 0) return {};
  static_cast<void>(narrow<token_id>(z.rows(), "select_greedy: rows"));
  if (z.cols() < 1) throw shape_error("select_greedy: columns: found 0, expected at least 1");
  return detail::greedy_search<B, T>(cx, z, m, options).run(m, options.prior_rows);
}

}  // namespace prismatic
