/// What the status codes of the CUDA runtime mean to the person who runs a program: one line each, and what to
/// do.
///
/// The codes are the runtime's own numbers, so that a host without CUDA can test this; cuda/ asserts that they
/// are.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace prismatic {

enum class device_failure : std::uint8_t {
  no_device,           ///< no device at all, or none that this process may see
  no_such_device,      ///< fewer devices than the index says
  driver_too_old,      ///< older than the runtime the program was built with
  driver_mismatch,     ///< the driver's parts, or driver and device, do not fit together
  no_code_for_device,  ///< built for other architectures
  busy,                ///< another process holds the device, or its memory
  out_of_memory,
  memory_corrupted,  ///< ECC, NVLink or a contained error: what was computed cannot be trusted
  device_lost,       ///< the device stopped answering
  kernel_failed,     ///< a fault in a kernel: a bug of the program
  unknown
};

/// @param driver_version  what cudaDriverGetVersion says: 0 where there is no driver, which the runtime calls
/// too old
[[nodiscard]] constexpr device_failure failure_of_cuda_status(int status, int driver_version) noexcept {
  if (status == 35 && driver_version == 0) return device_failure::no_device;
  switch (status) {
    case 2:
      return device_failure::out_of_memory;
    case 46:
    case 216:
      return device_failure::busy;  // unavailable, already in use
    case 34:
    case 100:
      return device_failure::no_device;  // a stub instead of a driver; none
    case 101:
      return device_failure::no_such_device;
    case 35:
    case 36:
    case 222:
      return device_failure::driver_too_old;  // ...; PTX newer than the driver
    case 802:
    case 803:
    case 804:
      return device_failure::driver_mismatch;
    case 98:
    case 200:
    case 209:
      return device_failure::no_code_for_device;
    case 214:
    case 220:
    case 226:
      return device_failure::memory_corrupted;
    case 201:
    case 702:
    case 709:
    case 999:
      return device_failure::device_lost;
    case 700:
    case 701:
    case 710:
    case 714:
    case 715:
    case 716:
    case 717:
    case 718:
    case 719:
      return device_failure::kernel_failed;
    default:
      return device_failure::unknown;
  }
}

/// What there is to know of the device once a call has failed. Versions as CUDA counts them, 13000 for 13.0; 0:
/// not known.
struct device_state {
  int index = 0;
  int devices = 0;
  int runtime_version = 0;  ///< that the program was built with
  int driver_version = 0;   ///< the newest that the driver serves
  std::int64_t free_bytes = 0;
  std::int64_t total_bytes = 0;
  std::int64_t held_bytes = 0;  ///< by this process's matrices and workspaces
};

/// One line that says what is wrong with the device and what helps.
/// @param detail  what was asked for and what the runtime said, for the kinds whose line has room for it
[[nodiscard]] inline std::string device_failure_line(device_failure what, const device_state& device,
                                                     std::string_view detail) {
  const std::string name = "device cuda:" + std::to_string(device.index);
  const auto version = [](int v) {
    return v == 0 ? std::string("none") : std::to_string(v / 1000) + '.' + std::to_string(v % 1000 / 10);
  };
  const auto gib = [](std::int64_t bytes) {
    const std::int64_t tenths = (bytes * 10 + (std::int64_t{1} << 29)) >> 30;
    return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10) + " GiB";
  };
  switch (what) {
    case device_failure::no_device:
      return "no CUDA device: found none that this process may use, expected at least one";
    case device_failure::no_such_device:
      return name + ": found " + std::to_string(device.devices) + " CUDA devices, expected more than " +
             std::to_string(device.index);
    case device_failure::driver_too_old:
      return name + ": found a driver for CUDA " + version(device.driver_version) + ", expected one for " +
             version(device.runtime_version) + " or newer: a newer driver is needed";
    case device_failure::driver_mismatch:
      return name +
             ": found driver parts that do not fit together, expected one version: a restart after a driver's "
             "update helps as a rule";
    case device_failure::no_code_for_device:
      return name +
             ": found no code for it in this program, expected its architecture among "
             "-DCMAKE_CUDA_ARCHITECTURES";
    case device_failure::busy:
      return name + ": found it held by another process, expected a free device";
    case device_failure::out_of_memory: {
      if (device.total_bytes == 0)  // it could not even be set up
        return name + ": found its memory held by another process, expected enough to begin with";
      const std::int64_t others =
          std::max<std::int64_t>(0, device.total_bytes - device.free_bytes - device.held_bytes);
      return name + ": out of memory; " + gib(others) + " of its " + gib(device.total_bytes) +
             " are not this run's, " +
             (others > device.total_bytes / 2 ? "another process holds them"
                                              : "fewer --batch-tokens need less") +
             " (" + std::string(detail) + ")";
    }
    case device_failure::memory_corrupted:
      return name +
             ": found a memory error that could not be corrected (ECC), expected none: nothing of this run was "
             "kept, and the device needs a reset";
    case device_failure::device_lost:
      return name + ": the device was lost, or stopped answering";
    case device_failure::kernel_failed:
    case device_failure::unknown:
      break;
  }
  return name + ": " + std::string(detail);
}

}  // namespace prismatic
