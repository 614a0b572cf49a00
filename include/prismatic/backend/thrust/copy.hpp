/// Copying and filling by Thrust.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/functors/rows.hpp>
#include <prismatic/backend/thrust/context.hpp>
#include <prismatic/backend/thrust/launch.hpp>
#include <prismatic/core/matrix_view.hpp>

namespace prismatic {

template <class System>
struct thrust_copy {
  using own = context<thrust_backend<System>>;
  static constexpr memory space = System::space;

  /// C = A.
  template <real T>
  static void copy(own& cx, input_matrix<T, space> a, matrix_view<T, space> c) {
    detail::for_each_element(cx, c.rows(), c.cols(), detail::copy_element<T>{a, c});
  }

  /// Every element of C = value.
  template <real T>
  static void fill(own& cx, input_scalar<T> value, matrix_view<T, space> c) {
    detail::for_each_element(cx, c.rows(), c.cols(), detail::fill_element<T>{value, c});
  }
};

}  // namespace prismatic
