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

/// A chat template: a file of templates/, or one that chat_templates.golden.json derives from such a file.
inline std::string golden_template(const std::string& name) {
  static const prismatic::json derived = golden_json("chat_templates.golden.json")["derived"];
  if (!derived.contains(name)) return golden_text("templates/" + name + ".jinja");
  std::string text = golden_text("templates/" + derived[name][0].get<std::string>() + ".jinja");
  for (std::size_t i = 1; i < derived[name].size(); ++i) {
    const auto from = derived[name][i][0].get<std::string>(), to = derived[name][i][1].get<std::string>();
    const std::size_t gap = from.find("...");
    const std::string first = from.substr(0, gap), last = gap == std::string::npos ? "" : from.substr(gap + 3);
    const std::size_t begin = text.find(first), end = text.find(last, begin + first.size()) + last.size();
    text.replace(begin, end - begin, to);
  }
  return text;
}

}  // namespace test
