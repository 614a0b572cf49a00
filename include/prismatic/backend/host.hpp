/// The one place where small results and inputs of algorithms cross between a backend's memory and the host.
///
/// For a backend in host memory nothing moves. For one in device memory each call is a copy, and those to the host wait
/// for the device.
#pragma once

#include <prismatic/backend/context.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/core/workspace.hpp>

#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace prismatic {

/// A vector that owns its elements, or has leased them, and that views convert from.
template <class T, memory Space, class Storage>
class held_vector {
 public:
  explicit held_vector(Storage storage) noexcept : storage_(std::move(storage)), view_(storage_.flat()) {}

  [[nodiscard]] const T* begin() const noexcept
    requires(Space == memory::host)
  {
    return view_.begin();
  }
  [[nodiscard]] const T* end() const noexcept
    requires(Space == memory::host)
  {
    return view_.end();
  }
  [[nodiscard]] index_t size() const noexcept { return view_.size(); }
  const T& operator[](index_t i) const noexcept
    requires(Space == memory::host)
  {
    return view_[i];
  }
  operator vector_view<const T, Space>() const noexcept { return view_; }

 private:
  Storage storage_;
  vector_view<const T, Space> view_;
};

/// The elements where the host can read them: a view of them, or an owning copy that views convert from.
template <class B, class T>
auto on_host(context<B>&, vector_view<T, B::space> v) {
  using U = std::remove_const_t<T>;
  if constexpr (B::space == memory::host)
    return vector_view<const U>(v);
  else
    return held_vector<U, memory::host, matrix<U>>(copy_to_host(matrix_view<T, B::space>(v.data(), 1, v.size())));
}
template <class B, class T>
auto on_host(context<B>&, matrix_view<T, B::space> m) {
  if constexpr (B::space == memory::host)
    return matrix_view<const std::remove_const_t<T>>(m);
  else
    return copy_to_host(m);
}

/// The other way: host elements where the verbs of B can read them.
template <class B, class T>
auto on_backend(context<B>& cx, const std::vector<T>& v) {
  if constexpr (B::space == memory::host) {
    return vector_view<const T>(v);
  } else {
    scratch_matrix<T, B::space> copy(cx.scratch(), 1, static_cast<index_t>(v.size()));
    copy_from_host<T>(matrix_view<const T>(v.data(), 1, copy.view().cols()), copy.view());
    return held_vector<T, B::space, scratch_matrix<T, B::space>>(std::move(copy));
  }
}
template <class B, class T>
auto on_backend(context<B>&, matrix_view<T> m) {
  using U = std::remove_const_t<T>;
  if constexpr (B::space == memory::host) {
    return matrix_view<const U>(m);
  } else {
    matrix<U, B::space> copy(m.rows(), m.cols());
    copy_from_host<U>(m, copy.view());
    return copy;
  }
}
template <class B, class T>
matrix<T, B::space> on_backend(context<B>&, matrix<T> m) {
  return moved_to<B::space>(std::move(m));
}

/// Calls write(view) with a view in B's memory of as many elements as `out` has; what it wrote is in `out` then.
template <class B, class T, class Write>
void write_to_host(context<B>& cx, std::span<T> out, Write&& write) {
  if constexpr (B::space == memory::host) {
    write(vector_view<T>(out));
  } else {
    const auto count = static_cast<index_t>(out.size());
    const scratch_matrix<T, B::space> there(cx.scratch(), 1, count);
    write(there.flat());
    copy_to_host(there.view(), matrix_view<T>(out.data(), 1, count));
  }
}

/// Eigenvalues of a symmetric host matrix, which is destroyed, ascending; to some epsilon(double) times the largest and,
/// root mean square, `of_mean` times their mean. About 4/3 m^3 FLOP. @throws numeric_error  an entry is not finite
template <class B>
std::vector<double> host_eigenvalues(context<B>& cx, matrix_view<double> m, double of_mean = 0) {
  std::vector<double> lambda(static_cast<std::size_t>(m.rows()));
  B::eigenvalues(cx, m, vector_view<double>(lambda), of_mean);
  return lambda;
}

/// The same with eigenvectors: row i of m becomes eigenvector i. About 9 m^3 FLOP. @throws numeric_error  no convergence
template <class B>
std::vector<double> host_eigensystem(context<B>& cx, matrix_view<double> m) {
  std::vector<double> lambda(static_cast<std::size_t>(m.rows()));
  const auto write = [&](matrix_view<double, B::space> there) {
    write_to_host(cx, std::span(lambda), [&](vector_view<double, B::space> w) { B::eigensystem(cx, there, w); });
  };
  if constexpr (B::space == memory::host) {
    write(m);
  } else {
    matrix<double, B::space> there(m.rows(), m.cols());
    copy_from_host(m, there.view());
    write(there.view());
    copy_to_host(there.view(), m);
  }
  return lambda;
}

}  // namespace prismatic
