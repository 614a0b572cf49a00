/// The one place where this layer's small results cross between a backend's memory and the host.
///
/// For a backend in host memory nothing moves. A backend in device memory overloads these four functions
/// for its own context; they are found by argument-dependent lookup where an algorithm is instantiated.
#pragma once

#include <prismatic/backend/context.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/types.hpp>

#include <cstddef>
#include <type_traits>
#include <vector>

namespace prismatic {

/// The elements where the host can read them: a view of them, or an owning copy that views convert from.
template <class B, class T>
requires(B::space == memory::host) vector_view<const std::remove_const_t<T>> on_host(context<B>&,
                                                                                     vector_view<T> v) {
  return v;
}
template <class B, class T>
requires(B::space == memory::host) matrix_view<const std::remove_const_t<T>> on_host(context<B>&,
                                                                                     matrix_view<T> m) {
  return m;
}

/// The other way: host elements where the verbs of B can read them.
template <class B, class T>
requires(B::space == memory::host) vector_view<const T> on_backend(context<B>&, const std::vector<T>& v) {
  return v;
}
template <class B, class T>
requires(B::space == memory::host) matrix<T> on_backend(context<B>&, matrix<T> m) { return m; }

/// Eigenvalues of a symmetric host matrix, ascending; with `vectors`, row i of m becomes eigenvector i,
/// without them m is destroyed. About 4/3 m^3 FLOP, or 9 m^3. @throws numeric_error  no convergence
template <class B>
requires(B::space == memory::host) std::vector<double> host_eigensystem(context<B>& cx, matrix<double>& m,
                                                                        bool vectors) {
  std::vector<double> lambda(static_cast<std::size_t>(m.rows()));
  if (vectors)
    B::eigensystem(cx, m.view(), vector_view<double>(lambda));
  else
    B::eigenvalues(cx, m.view(), vector_view<double>(lambda));
  return lambda;
}

}  // namespace prismatic
