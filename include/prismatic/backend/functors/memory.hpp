/// Matrices as a functor holds them: by value, in the memory of whatever processor calls it.
///
/// The headers of this folder are the arithmetic of one element, row or pair: plain structs that g++ compiles for the
/// host and nvcc for the device as well. Who calls them over what range is a backend's business: the verbs of
/// backend/thrust/ do it with Thrust's algorithms.
#pragma once

#include <prismatic/config.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/types.hpp>

#include <cstdint>

namespace prismatic::detail {

/// Rows that lie `stride` elements apart. The memory space was checked when it was made of a view.
template <class T>
struct strided_rows {
  T* data;
  index_t stride;

  template <memory Space>
  strided_rows(matrix_view<T, Space> m) noexcept : data(m.data()), stride(m.stride()) {}

  [[nodiscard]] PRISMATIC_HOST_DEVICE T* operator[](index_t i) const noexcept { return data + i * stride; }
};

template <class T, memory Space>
strided_rows(matrix_view<T, Space>) -> strided_rows<T>;

[[nodiscard]] PRISMATIC_HOST_DEVICE constexpr index_t smaller(index_t a, index_t b) noexcept { return a < b ? a : b; }

/// How often `by` > 0 fits into n >= 0, and what is left.
struct quotient {
  index_t whole, rest;
};
/// Where both fit into 32 bits they are divided so: a device takes a fraction of the time for it.
[[nodiscard]] PRISMATIC_HOST_DEVICE constexpr quotient divide(index_t n, index_t by) noexcept {
  if ((n | by) >> 32 != 0) return {n / by, n % by};
  const auto small = static_cast<std::uint32_t>(n), part = static_cast<std::uint32_t>(by);
  return {small / part, small % part};
}

/// Neighbours that are read or written at once.
template <class T>
struct alignas(16) four_of {
  T x[4];
};

/// n neighbours cut into fours that begin where memory allows it, and single ones before and behind them.
template <class T>
struct aligned_fours {
  index_t lead, fours;  ///< single ones before; fours from there

  PRISMATIC_HOST_DEVICE aligned_fours(const T* x, index_t n) noexcept {
    const auto past = static_cast<index_t>(reinterpret_cast<std::uintptr_t>(x) % alignof(four_of<T>));
    lead = smaller(past == 0 ? 0 : (index_t{alignof(four_of<T>)} - past) / index_t{sizeof(T)}, n);
    fours = (n - lead) / 4;
  }
  /// Where the single ones behind begin.
  [[nodiscard]] PRISMATIC_HOST_DEVICE index_t tail() const noexcept { return lead + 4 * fours; }
};

}  // namespace prismatic::detail
