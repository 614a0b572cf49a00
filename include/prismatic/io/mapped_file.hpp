/// A file mapped into memory for reading, with every access checked against its length.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/io/file_descriptor.hpp>

#include <sys/mman.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace prismatic {

/// The bytes of a regular file, paged in as they are touched. An empty file is an empty span. The file must
/// keep its length while it is mapped: the system ends a process that reads past a shortened file.
class mapped_file {
 public:
  mapped_file() noexcept = default;

  /// @throws io_error when the file cannot be opened or mapped, or is not a regular file
  explicit mapped_file(std::string path) : path_(std::move(path)) {
    const file_descriptor file = file_descriptor::open_for_reading(path_);
    const struct ::stat status = file.status(path_);
    if (!S_ISREG(status.st_mode))
      throw io_error(path_ + ": found no regular file, expected one that can be mapped");
    size_ = static_cast<index_t>(status.st_size);
    if (size_ == 0) return;
    void* const data = ::mmap(nullptr, static_cast<std::size_t>(size_), PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (data == MAP_FAILED) throw_os_error(path_, "map", errno);
    data_ = static_cast<const std::byte*>(data);
  }

  mapped_file(mapped_file&& other) noexcept
      : path_(std::move(other.path_)),
        data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}

  mapped_file& operator=(mapped_file&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }

  ~mapped_file() {
    if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), static_cast<std::size_t>(size_));
  }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] index_t size() const noexcept { return size_; }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
    return {data_, static_cast<std::size_t>(size_)};
  }

  /// Bytes [offset, offset + count), called `what` when the file is too short for them. @throws data_error
  [[nodiscard]] std::span<const std::byte> slice(index_t offset, index_t count, std::string_view what) const {
    if (offset < 0 || count < 0 || offset > size_ || count > size_ - offset)
      throw data_error(path_, 0, std::string(what), "a file of " + std::to_string(size_) + " bytes",
                       std::to_string(count) + " bytes at offset " + std::to_string(offset));
    return bytes().subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(count));
  }

  /// The same bytes as text.
  [[nodiscard]] std::string_view text(index_t offset, index_t count, std::string_view what) const {
    const std::span<const std::byte> found = slice(offset, count, what);
    return {reinterpret_cast<const char*>(found.data()), found.size()};
  }
  [[nodiscard]] std::string_view text() const noexcept {
    return {reinterpret_cast<const char*>(data_), static_cast<std::size_t>(size_)};
  }

 private:
  std::string path_;
  const std::byte* data_ = nullptr;
  index_t size_ = 0;
};

}  // namespace prismatic
