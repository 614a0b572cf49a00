/// The execution resources of one backend: threads or a stream, scratch memory, the base seed.
#pragma once

#include <prismatic/core/types.hpp>

#include <cstdint>

namespace prismatic {

struct context_options {
  int threads = 0;         ///< CPU threads, the caller's included; 0 takes one per hardware thread
  std::uint64_t seed = 0;  ///< every random stream of the context derives from it
  /// Bytes of activations a sweep may keep. One that would keep more computes them again on its way back:
  /// the same numbers, for about a third more time.
  index_t activation_bytes = index_t{2} << 30;
};

/// Specialised by each backend. Move-free, one per calling thread, created by the user and passed first.
/// Every specialisation has `workspace<B::space>& scratch()`, `std::uint64_t seed() const`, `index_t
/// activation_bytes() const` and `void synchronize()`, the only call that waits for a device.
template <class Backend>
class context;

}  // namespace prismatic
