/// The lines of a text file, numbered as an editor numbers them.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/io/byte_source.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace prismatic {

/// One line without its end-of-line characters.
struct text_line {
  std::string_view text;
  index_t number;  ///< 1-based, blank lines counted
};

/// Reads a JSON Lines file line by line: plain or gzip, or standard input. CRLF ends a line like LF, a UTF-8
/// byte order mark at the start and blank lines are passed over, and the last line may lack its end.
class jsonl_reader {
 public:
  /// A line longer than this is no line: the file is something else, or somebody means harm.
  static constexpr index_t default_max_line_bytes = index_t{256} << 20;

  /// @param path  a file, or "-" for standard input
  /// @throws io_error, data_error
  explicit jsonl_reader(const std::string& path, index_t max_line_bytes = default_max_line_bytes)
      : source_(path), max_line_bytes_(static_cast<std::size_t>(max_line_bytes)) {}

  /// The path, or "standard input".
  [[nodiscard]] const std::string& name() const noexcept { return source_.name(); }

  /// The next line that is not blank, or nothing at the end. The text is valid until the next call.
  /// @throws io_error, data_error  damaged gzip, or a line longer than the limit
  [[nodiscard]] std::optional<text_line> next() {
    while (const std::optional<std::string_view> found = next_raw()) {
      ++number_;
      std::string_view text = *found;
      if (number_ == 1 && text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
      if (text.ends_with('\r')) text.remove_suffix(1);
      if (text.find_first_not_of(" \t\r") != std::string_view::npos) return text_line{text, number_};
    }
    return std::nullopt;
  }

 private:
  static constexpr std::size_t chunk_bytes = std::size_t{1} << 20;

  std::optional<std::string_view> next_raw() {
    std::size_t searched = begin_;
    while (true) {
      const std::size_t newline = std::string_view(buffer_.data(), end_).find('\n', searched);
      if (newline != std::string_view::npos) {
        const std::string_view line(buffer_.data() + begin_, newline - begin_);
        begin_ = newline + 1;
        return line;
      }
      if (end_ - begin_ > max_line_bytes_)
        throw data_error(name(), number_ + 1, "",
                         "a line of more than " + std::to_string(max_line_bytes_) + " bytes",
                         "one JSON object a line");
      searched = end_ - begin_;  // fill() moves the line to the front
      if (!fill()) break;
    }
    if (begin_ == end_) return std::nullopt;
    const std::string_view last(buffer_.data() + begin_, end_ - begin_);
    begin_ = end_;
    return last;
  }

  // Moves the unfinished line to the front and appends to it. False at the end of the source.
  bool fill() {
    std::copy(buffer_.data() + begin_, buffer_.data() + end_, buffer_.data());
    end_ -= begin_;
    begin_ = 0;
    if (buffer_.size() < end_ + chunk_bytes) buffer_.resize(2 * end_ + chunk_bytes);
    const index_t got = source_.read(std::span(buffer_).subspan(end_));
    end_ += static_cast<std::size_t>(got);
    return got > 0;
  }

  byte_source source_;
  std::size_t max_line_bytes_;
  std::string buffer_;
  std::size_t begin_ = 0, end_ = 0;  // unread part of buffer_
  index_t number_ = 0;
};

}  // namespace prismatic
