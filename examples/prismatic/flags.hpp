/// The flags that subcommands share.
#pragma once

#include <prismatic/core/types.hpp>

#include <cstdint>
#include <string>

namespace CLI {
class App;
}

namespace command {

using namespace prismatic;

/// What --device names: the processor, or a CUDA device by its number.
struct device_choice {
  bool is_cuda = false;
  int index = 0;

  /// @throws option_error  neither cpu nor cuda nor cuda:NUMBER
  [[nodiscard]] static device_choice named(const std::string& text);
};

/// Flags that most subcommands take.
struct shared_flags {
  int threads = 0;
  std::uint64_t seed = 0;
  bool json = false;
  bool quiet = false;
  std::string format;
  std::string map;
  bool skip_bad = false;
  std::string proxy = "auto";
  index_t proxy_steps = 200;
  std::string save_proxy;
  std::string template_name;
  index_t max_context = 4096;
  index_t width = 1024;
  std::string projection = "rademacher";
  std::string truncation = "prompt";
  std::string modules = "all";
  std::string precision = "full";
  index_t batch_tokens = 0;
  std::uint64_t max_memory = 0;  ///< bytes; 0: the default of --max-memory
  device_choice device;
};

/// Flags of every subcommand: --threads, --seed, --json, --quiet.
void add_run_flags(CLI::App& app, shared_flags& flags);
/// Flags of those that read samples: --format, --map, --on-bad-sample.
void add_data_flags(CLI::App& app, shared_flags& flags);
/// Flags of those that take gradients: --proxy, --template and their kin, --width, --projection, --truncation,
/// --precision, --batch-tokens, --max-memory, --device.
void add_gradient_flags(CLI::App& app, shared_flags& flags);

}  // namespace command
