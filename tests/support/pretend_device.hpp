/// A device that is none: host memory that the types call memory::device, with Thrust's OpenMP system at work on it.
///
/// What runs here has the device's code path, its copies included, and reads nothing of the device's on the host: that
/// would not compile. What cannot be seen here is what only a device does: streams, and waiting.
#pragma once

#include <prismatic/backend/thrust/omp.hpp>
#include <prismatic/core/matrix.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>

namespace prismatic {

template <>
struct storage<memory::device> : storage<memory::host> {
  static void from_host(void* to, index_t to_stride, const void* from, index_t from_stride, index_t width,
                        index_t rows) {
    for (index_t i = 0; i < rows; ++i)
      std::copy_n(static_cast<const std::byte*>(from) + i * from_stride, width,
                  static_cast<std::byte*>(to) + i * to_stride);
  }
  static void to_host(void* to, index_t to_stride, const void* from, index_t from_stride, index_t width, index_t rows) {
    from_host(to, to_stride, from, from_stride, width, rows);
  }
};

}  // namespace prismatic

namespace test {

using namespace prismatic;

struct pretend_device {
  static constexpr std::string_view name = "thrust, pretending a device";
  static constexpr memory space = memory::device;
  static constexpr index_t chunk = 1, lanes = 32;
  static constexpr bool has_tf32 = true;

  struct resources : thrust_omp::resources {
    using thrust_omp::resources::resources;
    template <class T>
    void bring(std::span<const T> host, T* to) {
      std::copy(host.begin(), host.end(), to);
    }
  };

  template <real T, class Context>
  static void gemm(Context& cx, op a_op, op b_op, T alpha, matrix_view<const T, space> a, matrix_view<const T, space> b,
                   T beta, matrix_view<T, space> c) {
    thrust_omp::gemm<T>(cx, a_op, b_op, alpha, there(a), there(b), beta, there(c));
  }
  template <real T, class Context>
  static void symmetric_product(Context& cx, op a_op, T alpha, matrix_view<const T, space> a, T beta,
                                matrix_view<T, space> c) {
    thrust_omp::symmetric_product<T>(cx, a_op, alpha, there(a), beta, there(c));
  }
  template <real T, class Context>
  static void column_products(Context& cx, bool rounded, matrix_view<const T, space> x, index_t parts, matrix_view<T, space> p) {
    thrust_omp::column_products<T>(cx, rounded, there(x), parts, there(p));
  }

 private:
  template <class T>
  static matrix_view<T> there(matrix_view<T, space> m) {
    return {m.data(), m.rows(), m.cols(), m.stride()};
  }
};

static_assert(backend<thrust_backend<pretend_device>, float> && backend<thrust_backend<pretend_device>, double>);

}  // namespace test
