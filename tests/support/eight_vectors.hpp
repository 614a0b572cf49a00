/// Eight vectors of random numbers, and kernels at every vector length.
#pragma once

#include <prismatic/backend/cpu/triangle_squares.hpp>

#include "support/numeric.hpp"

#include <cstddef>
#include <type_traits>
#include <vector>

namespace test {

using namespace prismatic;

inline constexpr index_t side = detail::triangle_squares<double>::side, eight = detail::band_width;

template <class T>
struct held_vectors {
  std::vector<T> data;

  explicit held_vectors(index_t groups)
      : data(static_cast<std::size_t>(groups * detail::eight_vectors<T>::area)) {}
  held_vectors(index_t groups, const char* name) : held_vectors(groups) {
    const auto drawn = gaussian<T>(eight, groups * side, name);
    for (index_t p = 0; p < drawn.rows(); ++p)
      for (index_t i = 0; i < groups * side; ++i) view()(p, i) = drawn(p, i);
  }
  [[nodiscard]] detail::eight_vectors<T> view() { return {data.data()}; }
  [[nodiscard]] double operator()(index_t p, index_t i) { return static_cast<double>(view()(p, i)); }
};

// run(kernel's instance for vectors of 16, 32 and 64 bytes)
template <class Check>
void at_every_length(Check&& check) {
  check(std::integral_constant<int, 16>());
  check(std::integral_constant<int, 32>());
  check(std::integral_constant<int, 64>());
}

}  // namespace test
