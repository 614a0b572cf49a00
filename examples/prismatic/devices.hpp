/// Where a subcommand runs: on the backend that --device names.
#pragma once

#include "flags.hpp"
#include "session.hpp"

#include <prismatic/backend/default.hpp>
#include <prismatic/core/error.hpp>

#ifndef PRISMATIC_COMMAND_CUDA  // 1 where cuda.cu is part of the command
#define PRISMATIC_COMMAND_CUDA 0
#endif

namespace command {

/// The verb on the device that its flags choose. Defined and instantiated by nvcc, in cuda.cu.
template <class Verb>
void on_cuda(const typename Verb::flags_type& flags);

/// A verb has a type `flags_type` and a template run<B>(session<B>&, const flags_type&).
/// @throws option_error  a CUDA device, in a command built without CUDA
template <class Verb>
void on_device(const typename Verb::flags_type& flags) {
  if (flags.device.is_cuda) {
#if PRISMATIC_COMMAND_CUDA
    return on_cuda<Verb>(flags);
#else
    throw option_error(
        "--device: found cuda, expected cpu: this prismatic was built without CUDA (-DPRISMATIC_CUDA=ON)");
#endif
  }
  session<default_backend> s(flags);
  Verb::run(s, flags);
}

}  // namespace command
