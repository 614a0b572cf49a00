/// Reading the files of tests/golden.
#pragma once

#include <prismatic/io/byte_source.hpp>
#include <prismatic/io/json.hpp>

#include <array>
#include <cstddef>
#include <string>

namespace test {

inline std::string golden_path(const std::string& name) { return PRISMATIC_SOURCE_DIR "/tests/golden/" + name; }

inline std::string golden_text(const std::string& name) {
  prismatic::byte_source source(golden_path(name));
  std::string out;
  std::array<char, 1 << 16> chunk;
  while (const prismatic::index_t got = source.read(chunk))
    out.append(chunk.data(), static_cast<std::size_t>(got));
  return out;
}

inline prismatic::json golden_json(const std::string& name) {
  return prismatic::parse_json(golden_text(name), {.file = name, .line = 1});
}

}  // namespace test
