// Statuses of a device that this machine need not have.
#include <prismatic/backend/device_failure.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <set>
#include <string>

using namespace prismatic;

namespace {

std::string line_of(int status, const device_state& device = {}) {
  return device_failure_line(failure_of_cuda_status(status, device.driver_version), device,
                             "what the runtime said");
}

constexpr std::int64_t gib = std::int64_t{1} << 30;

}  // namespace

TEST_CASE("each failure of a device has one line of its own", "[backend][device]") {
  CHECK(line_of(100) == "no CUDA device: found none that this process may use, expected at least one");
  CHECK(line_of(101, {.index = 3, .devices = 2}) ==
        "device cuda:3: found 2 CUDA devices, expected more than 3");
  CHECK(line_of(35, {.runtime_version = 13000, .driver_version = 12040})
            .starts_with("device cuda:0: found a driver for CUDA 12.4, expected one for 13.0 or newer"));
  CHECK(line_of(35) == line_of(100));  // without a driver the runtime calls it too old
  CHECK(line_of(46).find("another process") != std::string::npos);
  CHECK(line_of(214).find("ECC") != std::string::npos);
  CHECK(line_of(700) == "device cuda:0: what the runtime said");
  CHECK(line_of(12345) == "device cuda:0: what the runtime said");

  std::set<std::string> lines;
  for (const int status : {2, 222, 46, 100, 101, 209, 214, 719, 803, 999}) {
    const std::string line = line_of(status);
    CHECK(std::ranges::count(line, '\n') == 0);
    lines.insert(line);
  }
  CHECK(lines.size() == 10);
}

TEST_CASE("out of memory says who holds it", "[backend][device]") {
  CHECK(line_of(2, {.free_bytes = 77 * gib, .total_bytes = 80 * gib, .held_bytes = 2 * gib}) ==
        "device cuda:0: out of memory; 1.0 GiB of its 80.0 GiB are not this run's, fewer --batch-tokens need "
        "less (what the runtime "
        "said)");
  CHECK(line_of(2, {.index = 1, .free_bytes = gib / 2, .total_bytes = 80 * gib}) ==
        "device cuda:1: out of memory; 79.5 GiB of its 80.0 GiB are not this run's, another process holds them "
        "(what the runtime said)");
  CHECK(line_of(2) ==
        "device cuda:0: found its memory held by another process, expected enough to begin with");
}

TEST_CASE("kinds of CUDA's statuses", "[backend][device]") {
  CHECK(failure_of_cuda_status(2, 13000) == device_failure::out_of_memory);
  CHECK(failure_of_cuda_status(222, 13000) == device_failure::driver_too_old);
  CHECK(failure_of_cuda_status(804, 13000) == device_failure::driver_mismatch);
  CHECK(failure_of_cuda_status(220, 13000) == device_failure::memory_corrupted);
  CHECK(failure_of_cuda_status(702, 13000) == device_failure::device_lost);
  CHECK(failure_of_cuda_status(719, 13000) == device_failure::kernel_failed);
  CHECK(failure_of_cuda_status(1, 13000) == device_failure::unknown);
}
