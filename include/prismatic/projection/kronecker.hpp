/// The projection on factors: random signs for each side of a weight matrix, whose gradient is never formed.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/core/checked.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/layout.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/philox.hpp>
#include <prismatic/core/workspace.hpp>
#include <prismatic/projection/projection.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace prismatic {

/// z = vec(L' G R) / sqrt(d) for a gradient matrix G, with L (rows, k_left) and R (cols, k_right) of random signs, their own
/// for every tensor, and k_left k_right = d; images of tensors add up. As G = dY' X of a sequence, L' G R = (dY L)' (X R): two
/// thin products of what a backward sweep has at hand  [Jin, Kolda & Ward 2021, "Faster Johnson-Lindenstrauss transforms via
/// Kronecker products", Information and Inference 10(4); for gradients: LoGra, Choe et al. 2024, arXiv:2405.13954].
///
/// Unbiased: E<z, z'> = <g, g'>. The variance is at most
///
///   ((1 + 2 / k_left)(1 + 2 / k_right) - 1) sum_p |G_p|^2 |G'_p|^2 + 2 / d |g|^2 |g'|^2   over the tensors p,
///
/// the first term nearly reached by single matrices of rank one: 0.129 at d = 1024, with 32 on each side, where the
/// dense `rademacher` has 0.002. A model's many matrices, and many directions in each, bring it down.
/// Cost: 2 T (rows k_left + cols k_right + d) FLOP a sequence of T tokens and matrix, instead of the 2 T rows cols of the
/// gradient itself and its projection.
class kronecker {
 public:
  static constexpr std::string_view name = "kronecker";

  /// @param width  d = k_left k_right, the two as near one another as its divisors allow
  /// @throws option_error  the nearest divisors differ more than fourfold
  explicit kronecker(index_t width, std::uint64_t seed = 0) : seed_(seed) {
    require_option(width >= 1 && width <= widest,
                   "kronecker: width: found " + std::to_string(width) + ", expected 1 to " + std::to_string(widest));
    left_ = static_cast<index_t>(std::sqrt(static_cast<double>(width)));
    while (width % left_ != 0) --left_;
    right_ = width / left_;
    require_option(right_ <= 4 * left_, "kronecker: width: found " + std::to_string(width) +
                                            ", expected a product of two numbers of which neither is more than four times the other");
  }

  [[nodiscard]] index_t width() const noexcept { return left_ * right_; }
  [[nodiscard]] index_t left() const noexcept { return left_; }
  [[nodiscard]] index_t right() const noexcept { return right_; }
  [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }
  [[nodiscard]] double scale() const noexcept { return 1.0 / std::sqrt(static_cast<double>(width())); }
  [[nodiscard]] static bool takes_factors() noexcept { return true; }

  /// Z(S,d) += the images of G(S, rows cols), a block of matrices that are at hand in full. @throws shape_error
  template <class B, real T>
  void accumulate(context<B>& cx, const tensor_block& block, input_matrix<T, B::space> g, matrix_view<T, B::space> z) const {
    require_equal(g.cols(), block.rows * block.cols, "kronecker: entries of the block");
    require_equal(z.cols(), width(), "kronecker: sketch width");
    require_equal(z.rows(), g.rows(), "kronecker: rows of the sketch");
    if (block.rows == 1) {  // vectors, of which a model has many: all samples at once, as rows for one row of the tensor
      layout one_each;
      for (index_t s = 0; s < g.rows(); ++s) one_each.append(1);
      const std::vector<token_id> ids(static_cast<std::size_t>(g.rows()), narrow<token_id>(block.first_row, "kronecker: row"));
      return accumulate_rows<B, T>(cx, block, ids, g, one_each, z);
    }
    const scratch_matrix<T, B::space> l(cx.scratch(), block.rows, left_), r(cx.scratch(), block.cols, right_),
        thin(cx.scratch(), block.rows, right_);
    factor<B, T>(cx, block.name, 0, block.first_row, l);
    factor<B, T>(cx, block.name, 1, 0, r);
    for (index_t s = 0; s < g.rows(); ++s) {
      const matrix_view<const T, B::space> one(g.row(s), block.rows, block.cols);
      B::gemm(cx, op::none, op::none, T{1}, one, r.view(), T{0}, thin.view());
      B::gemm(cx, op::transpose, op::none, T{1}, l.view(), thin.view(), T{1},
              matrix_view<T, B::space>(z.row(s), left_, right_));
    }
  }

  /// Row s of Z += the image of dY_s' X_s. @throws shape_error
  template <class B, real T>
  void accumulate_outer(context<B>& cx, const tensor_block& tensor, input_matrix<T, B::space> dy, input_matrix<T, B::space> x,
                        const layout& seq, matrix_view<T, B::space> z) const {
    require_equal(z.cols(), width(), "kronecker: sketch width");
    const scratch_matrix<T, B::space> a(cx.scratch(), dy.rows(), left_), b(cx.scratch(), x.rows(), right_);
    thinned<B, T>(cx, tensor.name, 0, dy, a);
    thinned<B, T>(cx, tensor.name, 1, x, b);
    add<B, T>(cx, a, b, seq, z);
  }

  /// Row s of Z += the image of the matrix whose row ids[t] receives dY_t, t in s. @throws shape_error
  template <class B, real T>
  void accumulate_rows(context<B>& cx, const tensor_block& tensor, std::span<const token_id> ids, input_matrix<T, B::space> dy,
                       const layout& seq, matrix_view<T, B::space> z) const {
    require_equal(z.cols(), width(), "kronecker: sketch width");
    const scratch_matrix<T, B::space> a(cx.scratch(), dy.rows(), left_), b(cx.scratch(), dy.rows(), right_);
    if constexpr (requires { B::sign_factor_rows(cx, philox_key{}, index_t{0}, ids, a.view()); })  // by one call
      B::sign_factor_rows(cx, stream_key(seed_, tensor.name), 0, ids, a.view());
    else
      for (index_t t = 0; t < dy.rows(); ++t)
        factor<B, T>(cx, tensor.name, 0, ids[static_cast<std::size_t>(t)], a.view().middle_rows(t, 1));
    thinned<B, T>(cx, tensor.name, 1, dy, b);
    add<B, T>(cx, a, b, seq, z);
  }

  /// The sign at (row, column) of one side's factor of a tensor: the definition, for tests and for the curious.
  [[nodiscard]] int sign(std::string_view tensor, int side, index_t row, index_t column) const {
    const philox_counter words = philox4x32({static_cast<std::uint32_t>(row / 4), static_cast<std::uint32_t>(column / 32),
                                             static_cast<std::uint32_t>(side), 2},
                                            stream_key(seed_, tensor));
    return (words[static_cast<std::size_t>(row % 4)] >> (column % 32) & 1u) != 0 ? -1 : 1;
  }

 private:
  static constexpr index_t widest = index_t{1} << 26;
  static constexpr index_t strip = 4096;  // rows of a factor at a time: a vocabulary's head has very many

  template <class B, real T>
  void factor(context<B>& cx, std::string_view tensor, index_t side, index_t first, matrix_view<T, B::space> c) const {
    B::sign_factor(cx, stream_key(seed_, tensor), side, first, c);
  }

  // C = M times the factor of a side.
  template <class B, real T>
  void thinned(context<B>& cx, std::string_view tensor, index_t side, matrix_view<const T, B::space> m,
               matrix_view<T, B::space> c) const {
    const scratch_matrix<T, B::space> signs(cx.scratch(), std::min(strip, m.cols()), c.cols());
    for (index_t first = 0; first < m.cols(); first += strip) {
      const auto part = signs.view().middle_rows(0, std::min(strip, m.cols() - first));
      factor<B, T>(cx, tensor, side, first, part);
      B::gemm(cx, op::none, op::none, T{1}, m.middle_cols(first, part.rows()), part, first == 0 ? T{0} : T{1}, c);
    }
  }

  // Row s of Z += vec(A_s' B_s).
  template <class B, real T>
  void add(context<B>& cx, matrix_view<const T, B::space> a, matrix_view<const T, B::space> b, const layout& seq,
           matrix_view<T, B::space> z) const {
    const scratch_matrix<T, B::space> images(cx.scratch(), seq.sequences(), width());
    B::segment_outer(cx, a, b, seq, images.view());
    B::axpy(cx, T{1}, images.view(), z);
  }

  index_t left_ = 1;
  index_t right_ = 1;
  std::uint64_t seed_;
};

}  // namespace prismatic
