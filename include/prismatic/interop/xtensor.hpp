/// Views of the library's matrices as xtensor expressions, and .npy arrays of any rank as xtensor containers.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/io/atomic_file.hpp>
#include <prismatic/io/npy.hpp>

#if __has_include(<xtensor/containers/xarray.hpp>)  // 0.26 and later
#include <xtensor/containers/xadapt.hpp>
#include <xtensor/containers/xarray.hpp>
#else
#include <xtensor/xadapt.hpp>
#include <xtensor/xarray.hpp>
#endif

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace prismatic {

/// The elements of a view as a two-dimensional xtensor expression, without a copy; it must not outlive them.
template <class T>
[[nodiscard]] auto as_xtensor(matrix_view<T> m) {
  const std::array<std::size_t, 2> shape{static_cast<std::size_t>(m.rows()),
                                         static_cast<std::size_t>(m.cols())};
  const std::array<std::ptrdiff_t, 2> strides{m.rows() > 1 ? m.stride() : 0, m.cols() > 1 ? 1 : 0};
  // xtensor insists on a buffer of exactly as many elements as the shape has, whatever the strides span.
  return xt::adapt(m.data(), static_cast<std::size_t>(m.size()), xt::no_ownership(), shape, strides);
}
template <class M>
requires requires(M& m) { matrix_view(m); }
[[nodiscard]] auto as_xtensor(M& m) { return as_xtensor(matrix_view(m)); }

/// A .npy array of any rank. xtensor's own load_npy believes the header: it allocates whatever the shape
/// claims and does not notice a short file. So the file is checked by npy_file first.
/// @throws io_error, data_error
template <tensor_scalar T>
[[nodiscard]] xt::xarray<T> read_npy_array(const std::string& path) {
  const npy_file file(path);
  if (file.fortran_order() && file.shape().size() > 1)
    throw data_error(path, 0, "fortran_order", "True", "False (numpy.ascontiguousarray makes it so)");
  const std::vector<std::size_t> shape(file.shape().begin(), file.shape().end());
  xt::xarray<T> out = xt::xarray<T>::from_shape(shape);
  file.copy_as(vector_view<T>(out.data(), file.elements()));
  return out;
}

/// Writes an array of any rank as .npy, in one atomic step. @throws io_error
template <tensor_scalar T>
void write_npy_array(const std::string& path, const xt::xarray<T>& values) {
  const std::vector<index_t> shape(values.shape().begin(), values.shape().end());
  atomic_file file(path);
  file.write(npy_header(dtype_of<T>(), shape));
  file.write(std::as_bytes(std::span(values.data(), values.size())));
  file.commit();
}

}  // namespace prismatic
