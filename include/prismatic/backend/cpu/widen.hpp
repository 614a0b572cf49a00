/// Numbers of bfloat16 as floats.
#pragma once

#include <prismatic/backend/cpu/vectorised.hpp>
#include <prismatic/core/bfloat16.hpp>
#include <prismatic/core/types.hpp>

namespace prismatic::detail {

/// Row i of `out` <- the `length` numbers of row i of `in`, exactly, for `count` rows.
template <real T>
void widen(const bf16* in, index_t stride, index_t count, index_t length, T* out, index_t out_stride) {
  vectorised([=] {
    for (index_t i = 0; i < count; ++i) {
      const bf16* const from = in + i * stride;
      T* const to = out + i * out_stride;
      for (index_t j = 0; j < length; ++j) to[j] = static_cast<T>(static_cast<float>(from[j]));
    }
  });
}

}  // namespace prismatic::detail
