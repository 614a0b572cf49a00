/// A key that is sent but never shown: it cannot be printed, compared, serialised or found in an error text.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/synthesis/ascii.hpp>

#include <concepts>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace prismatic {

/// An API key, or none. What it holds leaves it through `reveal` only; texts of a server go through `redact`
/// before anybody stores or shows them, because some servers repeat the key they refuse.
class secret {
 public:
  secret() = default;

  /// The content of an environment variable; none where it is not set or empty.
  /// @throws option_error  it holds what no header can
  [[nodiscard]] static secret from_environment(const std::string& variable) {
    const char* const found = std::getenv(variable.c_str());
    return found == nullptr ? secret() : secret(found, "environment variable " + variable);
  }

  /// The first line of a file. @throws io_error, option_error
  [[nodiscard]] static secret from_file(const std::string& path) {
    const std::unique_ptr<std::FILE, close> file(std::fopen(path.c_str(), "rb"));
    if (file == nullptr) throw io_error(path + ": cannot open the key file");
    std::string text(longest + 2, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), file.get()));
    secret out(text.substr(0, text.find('\n')), path);
    require_option(!out.is_empty(), path + ": found an empty key file, expected a key");
    return out;
  }

  [[nodiscard]] bool is_empty() const noexcept { return text_.empty(); }

  /// Calls `use` with the key.
  template <std::invocable<std::string_view> F>
  void reveal(F&& use) const {
    use(std::string_view(text_));
  }

  /// Puts *** wherever `text` repeats the key. A key too short to be one ("none", "EMPTY") is a word like any
  /// other.
  void redact(std::string& text) const {
    constexpr std::size_t shortest = 12;
    if (text_.size() >= shortest) ascii::replace_all(text, text_, "***");
  }

 private:
  static constexpr std::size_t longest = 4096;
  struct close {
    void operator()(std::FILE* f) const noexcept { std::fclose(f); }
  };

  secret(std::string_view text, const std::string& source) : text_(ascii::trimmed(text)) {
    require_option(text_.size() <= longest,
                   source + ": found a key of more than " + std::to_string(longest) + " bytes");
    for (const char c : text_)
      require_option(c > 0x20 && c < 0x7F,
                     source + ": found a key with a character no key has, expected printable ASCII");
  }

  std::string text_;
};

}  // namespace prismatic
