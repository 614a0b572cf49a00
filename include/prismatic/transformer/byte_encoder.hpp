/// The embedded proxy's alphabet: bytes, and a handful of marks for turns.
#pragma once

#include <prismatic/transformer/text_encoder.hpp>

#include <string>
#include <string_view>

namespace prismatic {

/// One token a byte. A sample reads: begin, then for every message its role's mark, its bytes, end.
class byte_encoder final : public text_encoder {
 public:
  static constexpr token_id begin = 256, system = 257, user = 258, assistant = 259, tool = 260, text = 261, end = 262;
  static constexpr index_t vocabulary = 263;

  [[nodiscard]] token_sequence encode(const sample& s) const override {
    token_sequence out;
    const auto push = [&](token_id id, bool loss) {
      out.tokens.push_back(id);
      out.carries_loss.push_back(loss);
    };
    push(begin, false);
    for (index_t i = 0; i < static_cast<index_t>(s.messages.size()); ++i) {
      const message& m = s.messages[static_cast<std::size_t>(i)];
      const bool loss = s.carries_loss(i);
      push(mark(m.role), false);
      for (const char byte : m.content) push(static_cast<unsigned char>(byte), loss);
      push(end, loss);
    }
    return out;
  }

  [[nodiscard]] std::string fingerprint() const override { return "bytes-1"; }

 private:
  static token_id mark(std::string_view role) {
    if (role == roles::system) return system;
    if (role == roles::assistant) return assistant;
    if (role == roles::tool) return tool;
    if (role == roles::text) return text;
    return user;
  }
};

}  // namespace prismatic
