/// The small checkpoints of tests/golden, and copies of them that a test may damage.
#pragma once

#include "golden/golden.hpp"
#include "support/temporary_directory.hpp"

#include <prismatic/io/json.hpp>
#include <prismatic/io/sample.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace test {

inline const std::vector<std::string> checkpoint_names{"qwen2", "qwen3", "llama", "llama-bias"};

inline std::string checkpoint_path(const std::string& name) { return golden_path("checkpoints/" + name); }

inline const prismatic::json& checkpoint_golden() {
  static const prismatic::json golden = golden_json("checkpoints/golden.json.gz");
  return golden;
}

/// The conversations the golden files are about.
inline std::vector<prismatic::sample> golden_samples() {
  std::vector<prismatic::sample> out;
  for (const prismatic::json& conversation : checkpoint_golden()["conversations"]) {
    prismatic::sample s;
    s.id = std::to_string(out.size());
    for (const prismatic::json& turn : conversation) s.messages.push_back({turn["role"], turn["content"]});
    out.push_back(s);
  }
  return out;
}

/// A copy of a golden checkpoint.
class damaged_checkpoint {
 public:
  explicit damaged_checkpoint(const std::string& name) { std::filesystem::copy(checkpoint_path(name), directory_.path()); }

  [[nodiscard]] const std::string& path() const noexcept { return directory_.path(); }
  [[nodiscard]] std::string read(std::string_view file) const { return contents(directory_ / file); }
  void write(std::string_view file, std::string_view text) const { directory_.write(file, text); }
  void remove(std::string_view file) const { std::filesystem::remove(directory_ / file); }

  /// Changes a JSON file.
  template <class Change>
  void edit(std::string_view file, Change&& change) const {
    prismatic::json document = prismatic::json::parse(read(file));
    change(document);
    write(file, document.dump(2));
  }

 private:
  temporary_directory directory_;
};

/// What an exception says; empty when there is none.
template <class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const std::exception& e) {
    return e.what();
  }
  return {};
}

}  // namespace test
