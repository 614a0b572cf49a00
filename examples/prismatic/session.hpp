/// One invocation of the command on one backend: the proxy, and the one place that turns data into rows.
#pragma once

#include "any_projection.hpp"
#include "console.hpp"
#include "flags.hpp"
#include "row_set.hpp"

#include <prismatic/backend/context.hpp>
#include <prismatic/gradient/collect.hpp>
#include <prismatic/io/dataset.hpp>
#include <prismatic/io/json.hpp>
#include <prismatic/transformer/proxy.hpp>

#include <map>
#include <optional>
#include <span>
#include <string>

namespace command {

/// Says that a device had no memory for sweeps as large as they were.
struct smaller_sweeps_note {
  progress_bar& bar;
  bool quiet;

  void operator()(const progress_report& report) {
    bar.clear();
    if (!quiet)
      note("note: out of device memory; sweeps take " + std::to_string(report.done) + " tokens at most from here on");
  }
};

/// Its members are defined in session_members.hpp, which session.cpp and cuda.cu instantiate.
template <class B>
class session {
 public:
  using proxy_type = prismatic::proxy<B, scalar>;

  explicit session(const shared_flags& flags);

  [[nodiscard]] const shared_flags& flags() const { return flags_; }
  [[nodiscard]] context<B>& cx() { return cx_; }
  [[nodiscard]] progress_bar& bar() { return bar_; }
  [[nodiscard]] const any_projection& projection() const { return projection_; }

  /// Reads samples as --format, --map and --on-bad-sample say.
  [[nodiscard]] dataset read(const std::string& path) const;

  /// The proxy that --proxy names: `auto`, trained on `samples` once, a file of --save-proxy, or a checkpoint
  /// directory.
  [[nodiscard]] const proxy_type& proxy_for(std::span<const sample> samples);

  /// The same for a run that must be able to go on: a trained proxy is kept in `path` and read back from there.
  [[nodiscard]] const proxy_type& proxy_kept(const std::string& path, std::span<const sample> samples);

  /// The same without training: `auto` has random weights. What it costs does not depend on them.
  [[nodiscard]] const proxy_type& proxy_untrained();

  /// How gradients are taken, as --truncation, --batch-tokens, --precision and --modules say; the proxy is there.
  [[nodiscard]] truncation too_long() const;
  [[nodiscard]] collect_options collecting();

  /// A Hugging Face checkpoint's directory as --template and --max-context say; read once, whoever asks for it.
  [[nodiscard]] const proxy_type& checkpoint(const std::string& directory);

  /// Everything the rows depend on.
  [[nodiscard]] json manifest() const;

  /// The rows of a data set, samples that have none left out (--on-bad-sample skip) or refused.
  [[nodiscard]] row_set collect(dataset data);

  /// Rows from any input: a file of samples, or rows made before.
  [[nodiscard]] row_set load(const std::string& path);

 private:
  shared_flags flags_;
  context<B> cx_;
  progress_bar bar_;
  smaller_sweeps_note smaller_sweeps_;
  any_projection projection_;
  std::map<std::string, proxy_type> checkpoints_;  // by canonical path
  std::optional<proxy_type> embedded_;
  const proxy_type* proxy_ = nullptr;  // one of those
};

}  // namespace command
