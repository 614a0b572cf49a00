/// What the library throws, and the checks that throw it. Each message says who complains, what was
/// found and what was expected, in one line.
#pragma once

#include <prismatic/core/types.hpp>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace prismatic {

/// The source line that asked for a check.
struct call_site {
  const char* file;
  int line;
  const char* function;

  static constexpr call_site here(const char* file = __builtin_FILE(), int line = __builtin_LINE(),
                                  const char* function = __builtin_FUNCTION()) noexcept {
    return {file, line, function};
  }
};

/// Base of everything the library throws.
class error : public std::runtime_error {
 public:
  explicit error(const std::string& what, call_site at = call_site::here())
      : std::runtime_error(what), at_(at) {}

  [[nodiscard]] const call_site& where() const noexcept { return at_; }

 private:
  call_site at_;
};

/// Two shapes that must agree do not.
class shape_error : public error {
 public:
  explicit shape_error(const std::string& what, call_site at = call_site::here()) : error(what, at) {}
};

/// A size is negative, overflows, or does not fit a vendor's integer.
class size_error : public error {
 public:
  explicit size_error(const std::string& what, call_site at = call_site::here()) : error(what, at) {}
};

/// An option has a value that cannot be used.
class option_error : public error {
 public:
  explicit option_error(const std::string& what, call_site at = call_site::here()) : error(what, at) {}
};

/// A computation left the numbers it may produce: NaN, no convergence, a zero row.
class numeric_error : public error {
 public:
  explicit numeric_error(const std::string& what, call_site at = call_site::here()) : error(what, at) {}
};

/// A vendor library or a device refused.
class backend_error : public error {
 public:
  explicit backend_error(const std::string& what, call_site at = call_site::here()) : error(what, at) {}
};

/// Device memory that was asked for is not to be had: the device refused it, or it would exceed a limit.
class memory_error : public backend_error {
 public:
  explicit memory_error(const std::string& what, call_site at = call_site::here()) : backend_error(what, at) {}
};

/// A proxy, generator or solver cannot be used: unsupported model, missing tensor, unknown template.
class model_error : public error {
 public:
  explicit model_error(const std::string& what, call_site at = call_site::here()) : error(what, at) {}
};

/// The operating system refused a read or a write.
class io_error : public error {
 public:
  explicit io_error(const std::string& what, call_site at = call_site::here()) : error(what, at) {}
};

/// A file holds something other than what it must hold. The message reads
/// `FILE:LINE: FIELD: found X, expected Y`; the parts that are not known are left out.
class data_error : public error {
 public:
  /// @param line  1-based line of a text file, or 0 when the file has no lines
  data_error(std::string file, index_t line, std::string field, const std::string& found,
             const std::string& expected, call_site at = call_site::here())
      : error(text(file, line, field, found, expected), at),
        file_(std::move(file)),
        line_(line),
        field_(std::move(field)) {}

  [[nodiscard]] const std::string& file() const noexcept { return file_; }
  [[nodiscard]] index_t line() const noexcept { return line_; }
  [[nodiscard]] const std::string& field() const noexcept { return field_; }

 private:
  static std::string text(const std::string& file, index_t line, const std::string& field,
                          const std::string& found, const std::string& expected) {
    std::string out = file;
    if (line > 0) out += ':' + std::to_string(line);
    if (!field.empty()) out += (out.empty() ? "" : ": ") + field;
    out += (out.empty() ? "found " : ": found ") + found;
    if (!expected.empty()) out += ", expected " + expected;
    return out;
  }

  std::string file_;
  index_t line_;
  std::string field_;
};

/// Throws shape_error unless the two sizes agree.
inline void require_equal(index_t found, index_t expected, std::string_view what,
                          call_site at = call_site::here()) {
  if (found == expected) [[likely]]
    return;
  throw shape_error(
      std::string(what) + ": found " + std::to_string(found) + ", expected " + std::to_string(expected), at);
}

/// Throws option_error unless `condition` holds; `what` is the whole sentence.
inline void require_option(bool condition, std::string_view what, call_site at = call_site::here()) {
  if (condition) [[likely]]
    return;
  throw option_error(std::string(what), at);
}

}  // namespace prismatic
