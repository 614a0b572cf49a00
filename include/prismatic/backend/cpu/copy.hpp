/// Copying and filling on the CPU.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/cpu/context.hpp>
#include <prismatic/core/matrix_view.hpp>

#include <algorithm>

namespace prismatic {

template <class Kernels>
struct cpu_copy {
  using cpu = context<cpu_backend<Kernels>>;

  /// C = A.
  template <real T>
  static void copy(cpu& cx, input_matrix<T> a, matrix_view<T> c) {
    cx.team().for_range(c.rows(), rows_worth(c.cols()), [&](index_t begin, index_t end, int) {
      for (index_t i = begin; i < end; ++i) std::copy_n(a.row(i), c.cols(), c.row(i));
    });
  }

  /// Every element of C = value.
  template <real T>
  static void fill(cpu& cx, input_scalar<T> value, matrix_view<T> c) {
    cx.team().for_range(c.rows(), rows_worth(c.cols()), [&](index_t begin, index_t end, int) {
      for (index_t i = begin; i < end; ++i) std::fill_n(c.row(i), c.cols(), value);
    });
  }

 private:
  static constexpr index_t rows_worth(index_t cols) noexcept {
    return (index_t{1} << 17) / std::max<index_t>(cols, 1) + 1;  // half a megabyte: worth waking a thread for
  }
};

}  // namespace prismatic
