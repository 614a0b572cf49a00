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

/// 32 hexadecimal digits: XXH3-128 of `text`. The same on every machine and in every version.
inline std::string content_hash(std::string_view text) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(text.data(), text.size()));
  std::string out;
  for (const unsigned char byte : canonical.digest)
    for (const int digit : {byte >> 4, byte & 15}) out += "0123456789abcdef"[digit];
  return out;
}

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
