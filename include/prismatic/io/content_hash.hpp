/// A name for a conversation that depends on its content alone.
#pragma once

#include <prismatic/core/types.hpp>
#include <prismatic/io/sample.hpp>

#ifndef XXH_INLINE_ALL  // no library to link
#define XXH_INLINE_ALL
#endif
#include <xxhash.h>

#include <span>
#include <string>
#include <string_view>

namespace prismatic {

namespace detail {

inline std::string hexadecimal(XXH128_hash_t hash) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, hash);
  std::string out;
  for (const unsigned char byte : canonical.digest)
    for (const int digit : {byte >> 4, byte & 15}) out += "0123456789abcdef"[digit];
  return out;
}

}  // namespace detail

/// 32 hexadecimal digits: XXH3-128 of `text`. The same on every machine and in every version.
inline std::string content_hash(std::string_view text) { return detail::hexadecimal(XXH3_128bits(text.data(), text.size())); }

/// The same of a text that comes in pieces: for long ones, since it keeps half a KiB of state.
class content_hasher {
 public:
  content_hasher() noexcept { XXH3_128bits_reset(&state_); }

  void add(std::string_view piece) noexcept { XXH3_128bits_update(&state_, piece.data(), piece.size()); }

  /// The hash of all pieces so far.
  [[nodiscard]] std::string text() const { return detail::hexadecimal(XXH3_128bits_digest(&state_)); }

 private:
  XXH3_state_t state_;
};

/// The hash of the roles and contents of a conversation, each written as its length in decimal, a colon and
/// its bytes, so that no two conversations share their text.
inline std::string content_hash(std::span<const message> messages) {
  std::string text;
  for (const message& each : messages)
    for (const std::string* part : {&each.role, &each.content})
      text += std::to_string(part->size()) + ':' + *part;
  return content_hash(text);
}

}  // namespace prismatic
