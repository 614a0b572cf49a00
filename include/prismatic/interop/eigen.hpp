/// Views of the library's matrices and vectors as Eigen objects, without a copy.
#pragma once

#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/types.hpp>

#include <Eigen/Core>

#include <type_traits>

namespace prismatic {

/// A row-major dynamic Eigen matrix: what the library's storage is to Eigen.
template <class T>
using eigen_matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <class T>
using eigen_matrix_map = Eigen::Map<
    std::conditional_t<std::is_const_v<T>, const eigen_matrix<std::remove_const_t<T>>, eigen_matrix<T>>,
    Eigen::Unaligned, Eigen::OuterStride<>>;

template <class T>
using eigen_vector_map = Eigen::Map<
    std::conditional_t<std::is_const_v<T>, const Eigen::Matrix<std::remove_const_t<T>, Eigen::Dynamic, 1>,
                       Eigen::Matrix<T, Eigen::Dynamic, 1>>>;

/// The elements of a view as an Eigen::Map, which must not outlive them; writable when the view is.
template <class T>
[[nodiscard]] eigen_matrix_map<T> as_eigen(matrix_view<T> m) {
  return {m.data(), m.rows(), m.cols(), Eigen::OuterStride<>(m.stride())};
}
template <class T>
[[nodiscard]] eigen_vector_map<T> as_eigen(vector_view<T> v) {
  return {v.data(), v.size()};
}

/// The same for anything viewable: a matrix, a row block, an xtensor container.
template <class M>
requires requires(M& m) { matrix_view(m); }
[[nodiscard]] auto as_eigen(M& m) { return as_eigen(matrix_view(m)); }

}  // namespace prismatic
