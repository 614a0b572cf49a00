/// One tile of a matrix product in host memory: what a thread of the OpenMP system does in one call.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/cpu/vectorised.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/types.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace prismatic::detail {

/// C <- alpha op(A) op(B) + beta C, a tile of C a call; with `lower_only`, none of the tiles above the diagonal.
/// Columns of B are packed side by side, so that the innermost loop runs over neighbours. Sums are in T.
template <class T>
struct host_product_tile {
  static constexpr index_t side = 64, depth_at_once = 128;
  op a_op, b_op;
  T alpha;
  matrix_view<const T> a, b;
  T beta;
  matrix_view<T> c;
  bool lower_only;

  [[nodiscard]] index_t depth() const noexcept { return a_op == op::none ? a.cols() : a.rows(); }
  [[nodiscard]] index_t count() const noexcept { return (c.rows() + side - 1) / side * across(); }

  void operator()(index_t task) const {
    const index_t i = task / across() * side, j = task % across() * side;
    if (lower_only && j > i) return;
    const index_t rows = std::min(side, c.rows() - i), cols = std::min(side, c.cols() - j);
    std::array<T, static_cast<std::size_t>(side * side)> sums{};
    std::array<T, static_cast<std::size_t>(depth_at_once * side)> packed;
    for (index_t l = 0; l < depth(); l += depth_at_once) {
      const index_t deep = std::min(depth_at_once, depth() - l);
      pack(l, deep, j, cols, packed.data());
      const T* const left = a_op == op::none ? a.row(i) + l : a.row(l) + i;
      const index_t down = a_op == op::none ? a.stride() : 1, along = a_op == op::none ? 1 : a.stride();
      vectorised([&] {
        for (index_t r = 0; r < rows; ++r) add_row(left + r * down, along, deep, packed.data(), sums.data() + r * side);
      });
    }
    for (index_t r = 0; r < rows; ++r) finish(sums.data() + r * side, c.row(i + r) + j, cols);
  }

 private:
  [[nodiscard]] index_t across() const noexcept { return (c.cols() + side - 1) / side; }

  // packed[l side + x] = op(B)(first + l, j + x), zero beyond the last column.
  void pack(index_t first, index_t deep, index_t j, index_t cols, T* packed) const {
    std::fill_n(packed, deep * side, T{0});
    for (index_t l = 0; l < deep; ++l)
      for (index_t x = 0; x < cols; ++x)
        packed[l * side + x] = b_op == op::none ? b.row(first + l)[j + x] : b.row(j + x)[first + l];
  }

  static void add_row(const T* left, index_t along, index_t deep, const T* packed, T* sums) {
    T row[side];
    std::copy_n(sums, side, row);
    for (index_t l = 0; l < deep; ++l) {
      const T factor = left[l * along];
      for (index_t x = 0; x < side; ++x) row[x] += factor * packed[l * side + x];
    }
    std::copy_n(row, side, sums);
  }

  void finish(const T* sums, T* out, index_t cols) const {
    for (index_t x = 0; x < cols; ++x) out[x] = alpha * sums[x] + (beta == T{0} ? T{0} : beta * out[x]);
  }
};

}  // namespace prismatic::detail
