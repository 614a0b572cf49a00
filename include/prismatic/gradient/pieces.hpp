/// Exact inner products of gradients that are kept as the factors a backward sweep emits.
#pragma once

#include <prismatic/autodiff/parameter.hpp>
#include <prismatic/backend/backend.hpp>
#include <prismatic/core/layout.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/workspace.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace prismatic {

/// One sequence's gradient of one parameter (rows, cols), as a sum of pieces:
///
///   factored   A' X      A (T, rows), X (T, cols)
///   one_hot    E(ids)' X  row ids[t] receives X_t
///   full       the matrix itself
///
/// A piece is kept factored only while that takes less room than the matrix; a gradient that has a full
/// piece has no other. Inner products of two sums include every cross term, as a tied parameter needs.
template <class B, real T>
class gradient_pieces {
  static_assert(B::space == memory::host, "exact inner products are a ground truth computed on the host");

 public:
  /// Adds A' X.
  void add_outer(context<B>& cx, const parameter_info& info, matrix_view<const T> a, matrix_view<const T> x) {
    if (a.rows() == 0) return;
    if (has_full() || a.rows() * (info.rows + info.cols) >= info.rows * info.cols)
      B::gemm(cx, op::transpose, op::none, T{1}, a, x, T{1}, full(cx, info).view());
    else
      pieces_.push_back({copied(cx, a), copied(cx, x), {}});
  }

  /// Adds the rows of X at `ids`.
  void add_rows(context<B>& cx, const parameter_info& info, std::span<const token_id> ids, matrix_view<const T> x) {
    if (x.rows() == 0) return;
    if (has_full() || x.rows() >= info.rows)
      B::scatter_rows(cx, x, ids, full(cx, info).view());
    else
      pieces_.push_back({{}, copied(cx, x), {ids.begin(), ids.end()}});
  }

  /// Adds a whole gradient of one row.
  void add_dense(context<B>& cx, const parameter_info& info, matrix_view<const T> g) {
    B::axpy(cx, T{1}, g, full(cx, info).view());
  }

  /// The gradient itself when it is kept whole, else an empty view.
  [[nodiscard]] matrix_view<const T> whole() const { return has_full() ? pieces_[0].right.view() : matrix_view<const T>{}; }

  /// <g, g'>, exact up to rounding in T, summed in double.
  [[nodiscard]] static double inner(context<B>& cx, const gradient_pieces& g, const gradient_pieces& h) {
    double sum = 0;
    for (const piece& a : g.pieces_)
      for (const piece& b : h.pieces_) sum += a.kind() <= b.kind() ? product(cx, a, b) : product(cx, b, a);
    return sum;
  }

 private:
  enum class form { factored, one_hot, full };
  struct piece {
    matrix<T> left;             // factored: A
    matrix<T> right;            // X, or the whole gradient
    std::vector<token_id> ids;  // one_hot
    [[nodiscard]] form kind() const noexcept {
      return !left.empty() ? form::factored : !ids.empty() ? form::one_hot : form::full;
    }
  };

  [[nodiscard]] bool has_full() const noexcept { return !pieces_.empty() && pieces_[0].kind() == form::full; }

  // The full piece, made of whatever was there before.
  matrix<T>& full(context<B>& cx, const parameter_info& info) {
    if (!has_full()) {
      matrix<T> sum(info.rows, info.cols);
      for (const piece& p : pieces_)
        if (p.kind() == form::factored)
          B::gemm(cx, op::transpose, op::none, T{1}, p.left, p.right, T{1}, sum.view());
        else
          B::scatter_rows(cx, p.right, p.ids, sum.view());
      pieces_.clear();
      pieces_.push_back({{}, std::move(sum), {}});
    }
    return pieces_[0].right;
  }

  static matrix<T> copied(context<B>& cx, matrix_view<const T> m) {
    matrix<T> out(m.rows(), m.cols());
    B::copy(cx, m, out.view());
    return out;
  }

  // Sum of the elementwise product of two matrices of one shape.
  static double dot(context<B>& cx, matrix_view<const T> a, matrix_view<const T> b) {
    const scratch_matrix<T, memory::host> dots(cx.scratch(), 1, a.rows());
    B::row_dots(cx, a, b, dots.flat());
    double sum = 0;
    for (const T d : dots.flat()) sum += static_cast<double>(d);
    return sum;
  }

  // Precondition: a.kind() <= b.kind().
  static double product(context<B>& cx, const piece& a, const piece& b) {
    if (b.kind() == form::full && a.kind() == form::full) return dot(cx, a.right, b.right);
    const index_t rows = a.right.rows();
    if (b.kind() == form::full) {  // <A'X, M> = sum_t <(A M)_t, X_t>;  one-hot A picks rows of M
      const scratch_matrix<T, memory::host> picked(cx.scratch(), rows, a.right.cols());
      if (a.kind() == form::factored)
        B::gemm(cx, op::none, op::none, T{1}, a.left, b.right, T{0}, picked.view());
      else
        B::gather_rows(cx, b.right, a.ids, picked.view());
      return dot(cx, picked.view(), a.right);
    }
    // <A'X, C'Y> = sum_tu (A C')_tu (X Y')_tu
    const index_t others = b.right.rows();
    const scratch_matrix<T, memory::host> lefts(cx.scratch(), rows, others), rights(cx.scratch(), rows, others);
    B::gemm(cx, op::none, op::transpose, T{1}, a.right, b.right, T{0}, rights.view());
    if (b.kind() == form::factored)
      B::gemm(cx, op::none, op::transpose, T{1}, a.left, b.left, T{0}, lefts.view());
    else
      for (index_t t = 0; t < rows; ++t)
        for (index_t u = 0; u < others; ++u) {
          const token_id id = b.ids[static_cast<std::size_t>(u)];
          lefts.view()(t, u) = a.kind() == form::factored ? a.left(t, id)
                               : a.ids[static_cast<std::size_t>(t)] == id ? T{1}
                                                                          : T{0};
        }
    return dot(cx, lefts.view(), rights.view());
  }

  std::vector<piece> pieces_;
};

}  // namespace prismatic
