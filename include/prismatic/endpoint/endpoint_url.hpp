/// The address of an OpenAI-compatible server, checked before anything is sent there.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/io/json.hpp>
#include <prismatic/synthesis/ascii.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace prismatic {

/// http://HOST[:PORT]/PATH or https://..., as clients of such servers call it: the part before
/// /chat/completions.
class endpoint_url {
 public:
  /// @throws option_error  another scheme, a user or password, a query, a character that no URL has
  explicit endpoint_url(std::string_view text) {
    std::string_view rest = text;
    const auto refuse = [&](std::string_view expected) {
      throw option_error("endpoint: found " + in_quotes(without_user(text)) + ", expected " +
                         std::string(expected));
    };
    for (const char c : text)
      if (c <= 0x20 || c >= 0x7F || c == '"' || c == '<' || c == '>' || c == '\\' || c == '^' || c == '`')
        refuse("a URL in ASCII without spaces or quotes");
    const std::string scheme = ascii::lower_case(ascii::take_until(rest, "://"));
    if (!is_endpoint(text)) refuse("http:// or https://");
    is_encrypted_ = scheme == "https";
    while (rest.ends_with('/')) rest.remove_suffix(1);
    if (rest.ends_with(chat)) rest.remove_suffix(chat.size());
    const std::string_view authority = rest.substr(0, rest.find('/'));
    if (authority.find('@') != std::string_view::npos)
      refuse("no user or password in it: a key comes from a file or the environment");
    if (rest.find_first_of("?#") != std::string_view::npos) refuse("no query");
    host_ = ascii::lower_case(host_of(authority));
    if (host_.empty()) refuse("a host");
    base_ = scheme + "://" + std::string(rest);
  }

  /// Whether a text is meant as an endpoint at all.
  [[nodiscard]] static bool is_endpoint(std::string_view text) {
    const std::string head = ascii::lower_case(text.substr(0, 8));
    return head.starts_with("http://") || head.starts_with("https://");
  }

  [[nodiscard]] const std::string& text() const noexcept { return base_; }
  [[nodiscard]] std::string completions() const { return base_ + std::string(chat); }
  [[nodiscard]] std::string models() const { return base_ + "/models"; }

  /// Whether what is sent can be read by nobody on the way: over TLS, or within this machine.
  [[nodiscard]] bool is_private() const noexcept {
    return is_encrypted_ || host_ == "localhost" || host_ == "[::1]" || host_.starts_with("127.");
  }
  [[nodiscard]] bool is_encrypted() const noexcept { return is_encrypted_; }

 private:
  static constexpr std::string_view chat = "/chat/completions";

  static std::string_view host_of(std::string_view authority) {
    if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
    return authority.substr(0, authority.find(':'));
  }

  // What an error text may show: a password would stand before the @.
  static std::string without_user(std::string_view text) {
    const std::size_t at = text.rfind('@');
    return at == std::string_view::npos ? std::string(text) : "***" + std::string(text.substr(at));
  }

  std::string base_;
  std::string host_;
  bool is_encrypted_ = false;
};

}  // namespace prismatic
