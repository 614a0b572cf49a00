/// The bytes of a file or of standard input, decompressed on the way when they are gzip.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/io/file_descriptor.hpp>

#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prismatic {

/// Reads forward only. gzip is known by its first bytes, not by the file's name, and may hold several
/// members. A stream that ends early or has bytes behind its last member is refused.
class byte_source {
 public:
  /// @param path  a file, or "-" for standard input
  /// @throws io_error, data_error
  explicit byte_source(const std::string& path)
      : name_(path == "-" ? "standard input" : path),
        file_(path == "-" ? file_descriptor::standard_input() : file_descriptor::open_for_reading(path)),
        input_(chunk_bytes) {
    if (S_ISDIR(file_.status(name_).st_mode)) throw io_error(name_ + ": found a directory, expected a file");
    while (end_ < 4 && refill()) {
    }
    const std::string_view head(reinterpret_cast<const char*>(input_.data()), end_);
    if (head.starts_with("\x28\xB5\x2F\xFD"))
      throw data_error(name_, 0, "", "zstd compression", "plain text or gzip (zstd -dc FILE | ... -)");
    gzip_ = head.starts_with("\x1F\x8B");
    if (!gzip_ && name_.ends_with(".gz"))
      throw data_error(name_, 0, "", "no gzip header", "gzip as the name says");
    if (gzip_ && ::inflateInit2(&stream_, 15 + 16) != Z_OK) throw io_error(name_ + ": cannot start zlib");
  }
  byte_source(const byte_source&) = delete;  // zlib keeps a pointer back to its stream
  byte_source& operator=(const byte_source&) = delete;
  ~byte_source() {
    if (gzip_) ::inflateEnd(&stream_);
  }

  /// The path, or "standard input".
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  /// Bytes written to the front of `out`, which is not empty; 0 at the end. @throws io_error, data_error
  [[nodiscard]] index_t read(std::span<char> out) { return gzip_ ? inflate(out) : copy(out); }

 private:
  static constexpr std::size_t chunk_bytes = std::size_t{1} << 18;

  // Appends what the file has next. False at its end.
  bool refill() {
    if (begin_ == end_) begin_ = end_ = 0;
    const index_t got = file_.read_some(std::span(input_).subspan(end_), name_);
    end_ += static_cast<std::size_t>(got);
    return got > 0;
  }

  index_t copy(std::span<char> out) {
    if (begin_ == end_ && !refill()) return 0;
    const std::size_t count = std::min(out.size(), end_ - begin_);
    std::copy_n(reinterpret_cast<const char*>(input_.data()) + begin_, count, out.data());
    begin_ += count;
    return static_cast<index_t>(count);
  }

  index_t inflate(std::span<char> out) {
    const std::size_t room = std::min(out.size(), chunk_bytes * 16);  // fits zlib's 32-bit counts
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(room);
    while (stream_.avail_out == room) {
      if (begin_ == end_ && !refill()) {
        if (between_members_) return 0;
        throw data_error(name_, 0, "gzip", "the end of the file inside a member", "a complete stream");
      }
      if (std::exchange(between_members_, false)) ::inflateReset(&stream_);
      inflate_some();
    }
    return static_cast<index_t>(room - stream_.avail_out);
  }

  void inflate_some() {
    stream_.next_in = reinterpret_cast<Bytef*>(input_.data() + begin_);
    stream_.avail_in = static_cast<uInt>(end_ - begin_);
    const int status = ::inflate(&stream_, Z_NO_FLUSH);
    begin_ = end_ - stream_.avail_in;
    between_members_ = status == Z_STREAM_END;
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
      throw data_error(name_, 0, "gzip", stream_.msg != nullptr ? stream_.msg : "damaged data",
                       "a complete stream");
  }

  std::string name_;
  file_descriptor file_;
  std::vector<std::byte> input_;
  std::size_t begin_ = 0, end_ = 0;  // unread part of input_
  z_stream stream_{};
  bool gzip_ = false;
  bool between_members_ = false;
};

}  // namespace prismatic
