/// The verbs on a CUDA device: all that nvcc compiles of the command.
#include "authors_members.hpp"
#include "cluster.hpp"
#include "compare.hpp"
#include "devices.hpp"
#include "doctor.hpp"
#include "gradients.hpp"
#include "plan.hpp"
#include "score.hpp"
#include "select.hpp"
#include "session_members.hpp"
#include "synthesize.hpp"

#include <prismatic/backend/cuda.cuh>
#include <prismatic/backend/device_failure.hpp>
#include <prismatic/core/memory_budget.hpp>

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

namespace command {

namespace {

// The numbers that device_failure.hpp reads.
static_assert(cudaErrorMemoryAllocation == 2 && cudaErrorStubLibrary == 34 &&
              cudaErrorInsufficientDriver == 35 && cudaErrorCallRequiresNewerDriver == 36 &&
              cudaErrorDevicesUnavailable == 46 && cudaErrorInvalidDeviceFunction == 98 &&
              cudaErrorNoDevice == 100 && cudaErrorInvalidDevice == 101 && cudaErrorInvalidKernelImage == 200 &&
              cudaErrorDeviceUninitialized == 201 && cudaErrorNoKernelImageForDevice == 209 &&
              cudaErrorECCUncorrectable == 214 && cudaErrorDeviceAlreadyInUse == 216 &&
              cudaErrorNvlinkUncorrectable == 220 && cudaErrorUnsupportedPtxVersion == 222 &&
              cudaErrorIllegalAddress == 700 && cudaErrorLaunchOutOfResources == 701 &&
              cudaErrorLaunchTimeout == 702 && cudaErrorContextIsDestroyed == 709 && cudaErrorAssert == 710 &&
              cudaErrorHardwareStackError == 714 && cudaErrorLaunchFailure == 719 &&
              cudaErrorSystemNotReady == 802 && cudaErrorSystemDriverMismatch == 803 &&
              cudaErrorCompatNotSupportedOnDevice == 804 && cudaErrorUnknown == 999);

// What can be found out of a device, also of one that failed.
device_state state_of(int index) {
  device_state out{.index = index, .runtime_version = CUDART_VERSION, .held_bytes = memory_budget::held()};
  static_cast<void>(::cudaGetDeviceCount(&out.devices));
  static_cast<void>(::cudaDriverGetVersion(&out.driver_version));
  std::size_t free = 0, total = 0;
  if (out.devices > index && ::cudaMemGetInfo(&free, &total) == cudaSuccess) {
    out.free_bytes = static_cast<std::int64_t>(free);
    out.total_bytes = static_cast<std::int64_t>(total);
  }
  static_cast<void>(::cudaGetLastError());
  return out;
}

[[noreturn]] void fail(cudaError_t status, int index, const std::string& detail) {
  const device_state device = state_of(index);
  throw backend_error(device_failure_line(
      failure_of_cuda_status(static_cast<int>(status), device.driver_version), device, detail));
}

// Makes the device current, so that what cannot be used is refused before anything is read, and bounds its
// memory.
void use_device(const shared_flags& flags) {
  const int index = flags.device.index;
  int count = 0;
  cudaError_t status = ::cudaGetDeviceCount(&count);
  if (status == cudaSuccess && count == 0) status = cudaErrorNoDevice;
  if (status == cudaSuccess && index >= count) status = cudaErrorInvalidDevice;
  if (status == cudaSuccess) status = ::cudaSetDevice(index);
  if (status == cudaSuccess) status = ::cudaFree(nullptr);  // sets the device up
  std::size_t free = 0, total = 0;
  if (status == cudaSuccess) status = ::cudaMemGetInfo(&free, &total);
  if (status != cudaSuccess) fail(status, index, ::cudaGetErrorString(status));
  // A sixteenth stays for the libraries' own workspaces.
  const std::uint64_t bound =
      flags.max_memory > 0 ? std::min<std::uint64_t>(flags.max_memory, total) : free - free / 16;
  memory_budget::set_limit(static_cast<index_t>(bound));
}

// What the runtime has to say of a failure: the call that was refused, or what every call reports once the
// device is lost.
cudaError_t last_status() {
  const cudaError_t last = ::cudaGetLastError();
  return last != cudaSuccess ? last : ::cudaDeviceSynchronize();
}

}  // namespace

template <class Verb>
void on_cuda(const typename Verb::flags_type& flags) {
  use_device(flags);
  try {
    session<cuda_backend> s(flags);
    Verb::run(s, flags);
  } catch (const backend_error& failed) {
    if (const cudaError_t status = last_status(); status != cudaSuccess)
      fail(status, flags.device.index, failed.what());
    throw;  // --max-memory was reached, or a library refused for reasons of its own
  }
}

template class session<cuda_backend>;
template class authors<cuda_backend>;
template void on_cuda<score_verb>(const score_flags&);
template void on_cuda<gradients_verb>(const gradients_flags&);
template void on_cuda<cluster_verb>(const cluster_flags&);
template void on_cuda<select_verb>(const select_flags&);
template void on_cuda<synthesize_verb>(const synthesize_flags&);
template void on_cuda<compare_verb>(const compare_flags&);
template void on_cuda<plan_score_verb>(const score_plan_flags&);
template void on_cuda<plan_synthesize_verb>(const synthesize_plan_flags&);
template void on_cuda<doctor_verb>(const shared_flags&);

}  // namespace command
