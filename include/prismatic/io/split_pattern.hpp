/// Cutting text into pieces with any regular expression a tokenizer.json may hold, by PCRE2 (compiled to
/// machine code where it can).
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/io/unicode.hpp>

#ifndef PCRE2_CODE_UNIT_WIDTH
#define PCRE2_CODE_UNIT_WIDTH 8
#endif
#include <pcre2.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <string_view>

namespace prismatic {

/// A compiled pattern. Patterns are written for Oniguruma's Ruby syntax; what reads the same in PCRE2 is taken,
/// \s and \S are spelled out (PCRE2's differ in U+180E), and what means something else there is refused.
/// \p{...} is of the Unicode version PCRE2 was built with. Immutable: several threads may split at once.
class split_pattern {
 public:
  /// @param file, field  where the pattern was found, for errors
  /// @throws data_error  not a pattern, or one of the refused constructs
  split_pattern(std::string_view pattern, std::string_view file, std::string_view field)
      : file_(file), field_(field) {
    const std::string source = translated(pattern);
    int code = 0;
    PCRE2_SIZE offset = 0;
    code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(source.data()), source.size(),
                              PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C, &code, &offset,
                              nullptr));
    if (!code_) refuse("a pattern that does not compile (" + message(code) + ")");
    pcre2_jit_compile(code_.get(), PCRE2_JIT_COMPLETE);  // without it matching is slower, not different
    limits_.reset(pcre2_match_context_create(nullptr));
    if (!limits_) throw std::bad_alloc();
    pcre2_set_match_limit(limits_.get(), match_limit);
    pcre2_set_heap_limit(limits_.get(), heap_limit_kib);
  }

  /// Calls piece(std::string_view) for every match and for every stretch between matches, in order; together
  /// they are `text`. @param text  well-formed UTF-8 @throws data_error  the pattern needs more steps than are
  /// allowed
  template <class F>
  void split(std::string_view text, F&& piece) const {
    const std::unique_ptr<pcre2_match_data, deleter> found(
        pcre2_match_data_create_from_pattern(code_.get(), nullptr));
    if (!found) throw std::bad_alloc();
    const auto emit = [&](std::size_t begin, std::size_t end) {
      if (begin < end) piece(text.substr(begin, end - begin));
    };
    std::size_t done = 0;
    for (std::size_t from = 0; from < text.size() && match(text, from, found.get());) {
      const PCRE2_SIZE* const bounds = pcre2_get_ovector_pointer(found.get());
      const std::size_t begin = bounds[0], end = bounds[1];
      if (begin < from || end < begin || end > text.size()) break;  // \K in a lookaround can do this
      emit(done, begin);
      emit(begin, end);
      done = end;
      from = end > begin ? end : step(text, end);
    }
    emit(done, text.size());
  }

 private:
  struct deleter {
    void operator()(pcre2_code* p) const noexcept { pcre2_code_free(p); }
    void operator()(pcre2_match_data* p) const noexcept { pcre2_match_data_free(p); }
    void operator()(pcre2_match_context* p) const noexcept { pcre2_match_context_free(p); }
  };

  static constexpr std::uint32_t match_limit = 10'000'000;
  static constexpr std::uint32_t heap_limit_kib = 64 * 1024;
  static constexpr std::string_view white_space =
      R"(\x09-\x0d\x20\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";

  static std::size_t step(std::string_view text, std::size_t at) noexcept {
    return at < text.size() ? at + static_cast<std::size_t>(decode_code_point(text.data() + at).size) : at + 1;
  }

  static std::string message(int code) {
    std::array<PCRE2_UCHAR, 256> text{};
    pcre2_get_error_message(code, text.data(), text.size());
    return reinterpret_cast<const char*>(text.data());
  }

  [[noreturn]] void refuse(const std::string& found) const {
    throw data_error(file_, 0, field_, found, "a pattern that can be matched exactly");
  }

  bool match(std::string_view text, std::size_t from, pcre2_match_data* found) const {
    const auto* const subject = reinterpret_cast<PCRE2_SPTR>(text.data());
    int status = pcre2_match(code_.get(), subject, text.size(), from, PCRE2_NO_UTF_CHECK, found, limits_.get());
    if (status == PCRE2_ERROR_JIT_STACKLIMIT)
      status = pcre2_match(code_.get(), subject, text.size(), from, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, found,
                           limits_.get());
    if (status == PCRE2_ERROR_NOMATCH) return false;
    if (status < 0)
      refuse("a pattern that fails on a text of " + std::to_string(text.size()) + " bytes (" + message(status) +
             ")");
    return true;
  }

  // Walks the pattern once, knowing only escapes, classes and inline flags.
  [[nodiscard]] std::string translated(std::string_view pattern) const {
    std::string out = "(*LF)";  // a newline is \n, however PCRE2 was built
    bool in_class = false;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
      const char ch = pattern[i];
      if (ch == '\\' && i + 1 < pattern.size()) {
        append_escape(out, pattern[++i], in_class);
      } else if (in_class && ch == '[') {
        refuse("a class inside a class");
      } else if (in_class && pattern.substr(i, 2) == "&&") {
        refuse("an intersection of classes");
      } else if (!in_class && ch == '(') {
        refuse_flags(pattern.substr(i));
        out += ch;
      } else {
        if (ch == '[') {
          if (pattern.substr(i, 2) == "[]" || pattern.substr(i, 3) == "[^]")
            refuse("a class that begins with ]");
          in_class = true;
        } else if (ch == ']') {
          in_class = false;
        }
        out += ch;
      }
    }
    return out;
  }

  void append_escape(std::string& out, char letter, bool in_class) const {
    if (letter == 's') {
      out += in_class ? std::string(white_space) : "[" + std::string(white_space) + "]";
    } else if (letter == 'S' && !in_class) {
      out += "[^" + std::string(white_space) + "]";
    } else if (std::string_view("SwWbBhHRXKGQEZyYO").find(letter) != std::string_view::npos) {
      refuse(std::string("the escape \\") + letter);
    } else {
      out += '\\';
      out += letter;
    }
  }

  // (?i) and (?i: mean the same to both; (?m) does not.
  void refuse_flags(std::string_view group) const {
    if (group.substr(0, 2) == "(*") refuse("a control verb");
    if (group.substr(0, 2) != "(?") return;
    for (std::size_t i = 2; i < group.size(); ++i) {
      const char ch = group[i];
      if ((ch >= 'a' && ch <= 'z' && ch != 'i') || (ch >= 'A' && ch <= 'Z'))
        refuse(std::string("the flag ") + ch);
      if (ch != 'i' && ch != '-') return;
    }
  }

  std::string file_;
  std::string field_;
  std::unique_ptr<pcre2_code, deleter> code_;
  std::unique_ptr<pcre2_match_context, deleter> limits_;
};

}  // namespace prismatic
