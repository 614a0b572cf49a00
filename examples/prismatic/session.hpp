/// What every subcommand shares: the flags, the inputs, the proxy, and one place that turns data into rows.
#pragma once

#include "any_projection.hpp"
#include "console.hpp"

#include <prismatic/backend/default.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/gradient/collect.hpp>
#include <prismatic/io/dataset.hpp>
#include <prismatic/io/json.hpp>
#include <prismatic/transformer/proxy.hpp>

#include <CLI/CLI.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace command {

using namespace prismatic;

using backend_type = default_backend;
using scalar = float;

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
  index_t batch_tokens = 0;
  std::uint64_t activation_bytes = static_cast<std::uint64_t>(context_options{}.activation_bytes);
};

/// Flags of every subcommand: --threads, --seed, --json, --quiet.
void add_run_flags(CLI::App& app, shared_flags& flags);
/// Flags of those that read samples: --format, --map, --on-bad-sample.
void add_data_flags(CLI::App& app, shared_flags& flags);
/// Flags of those that take gradients: --proxy, --template and their kin, --width, --projection, --truncation,
/// --batch-tokens, --activations.
void add_gradient_flags(CLI::App& app, shared_flags& flags);

/// Rows and what they are the rows of. Without samples when the rows themselves were the input.
struct row_set {
  std::string path;
  std::vector<sample> samples;
  gradient_rows<scalar> gradients;
  std::vector<std::string> left_out;  ///< one line a sample that could not be used
  index_t truncated = 0;
  index_t tokens = 0;
  std::map<std::string, index_t> schemas;
  json manifest;  ///< how the rows were made; empty for .npy

  [[nodiscard]] const matrix<scalar>& rows() const { return gradients.rows; }
  [[nodiscard]] index_t size() const { return gradients.rows.rows(); }
};

/// One invocation of the command.
class session {
 public:
  explicit session(const shared_flags& flags);

  [[nodiscard]] const shared_flags& flags() const { return flags_; }
  [[nodiscard]] context<backend_type>& cx() { return cx_; }
  [[nodiscard]] progress_bar& bar() { return bar_; }
  [[nodiscard]] const any_projection& projection() const { return projection_; }

  /// Reads samples as --format, --map and --on-bad-sample say.
  [[nodiscard]] dataset read(const std::string& path) const;

  /// The proxy that --proxy names: `auto`, trained on `samples` once, a file of --save-proxy, or a checkpoint directory.
  [[nodiscard]] const prismatic::proxy<backend_type, scalar>& proxy_for(std::span<const sample> samples);

  /// The same for a run that must be able to go on: a trained proxy is kept in `path` and read back from there.
  [[nodiscard]] const prismatic::proxy<backend_type, scalar>& proxy_kept(const std::string& path,
                                                                         std::span<const sample> samples);

  /// The same without training: `auto` has random weights. What it costs does not depend on them.
  [[nodiscard]] const prismatic::proxy<backend_type, scalar>& proxy_untrained();

  /// How gradients are taken, as --truncation, --batch-tokens and --modules say; the proxy is there.
  [[nodiscard]] truncation too_long() const;
  [[nodiscard]] collect_options collecting();

  /// A Hugging Face checkpoint's directory as --template and --max-context say; read once, whoever asks for it.
  [[nodiscard]] const prismatic::proxy<backend_type, scalar>& checkpoint(const std::string& directory);

  /// Everything the rows depend on.
  [[nodiscard]] json manifest() const;

  /// The rows of a data set, samples that have none left out (--on-bad-sample skip) or refused.
  [[nodiscard]] row_set collect(dataset data);

  /// Rows from any input: a file of samples, or rows made before (.npy, or a directory that `gradients` wrote).
  [[nodiscard]] row_set load(const std::string& path);

  /// Whether a path holds rows rather than samples.
  [[nodiscard]] static bool holds_rows(const std::string& path);

 private:
  [[nodiscard]] row_set load_rows(const std::string& path) const;

  shared_flags flags_;
  context<backend_type> cx_;
  progress_bar bar_;
  any_projection projection_;
  std::map<std::string, prismatic::proxy<backend_type, scalar>> checkpoints_;  // by canonical path
  std::optional<prismatic::proxy<backend_type, scalar>> embedded_;
  const prismatic::proxy<backend_type, scalar>* proxy_ = nullptr;  // one of those
};

/// What there is to say of the data, for people and for programs.
[[nodiscard]] ordered_json describe(const row_set& set);
void print_notes(const row_set& set, const shared_flags& flags);

}  // namespace command
