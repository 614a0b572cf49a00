/// An owned POSIX file descriptor, and the io_error that names its file.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace prismatic {

/// Throws io_error with the text `PATH: cannot ACTION: REASON`.
[[noreturn]] inline void throw_os_error(std::string_view path, std::string_view action, int code,
                                        call_site at = call_site::here()) {
  throw io_error(
      std::string(path) + ": cannot " + std::string(action) + ": " + std::generic_category().message(code), at);
}

/// A descriptor that is closed when it goes out of scope.
class file_descriptor {
 public:
  file_descriptor() noexcept = default;
  explicit file_descriptor(int fd) noexcept : fd_(fd) {}
  file_descriptor(file_descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  file_descriptor& operator=(file_descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~file_descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }

  /// Opens a file for reading. @throws io_error
  static file_descriptor open_for_reading(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) throw_os_error(path, "open", errno);
    return file_descriptor(fd);
  }

  /// A second descriptor of standard input, so that closing it leaves the process's own alone. @throws io_error
  static file_descriptor standard_input() {
    const int fd = ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    if (fd < 0) throw_os_error("standard input", "open", errno);
    return file_descriptor(fd);
  }

  [[nodiscard]] int get() const noexcept { return fd_; }

  /// What the system says about the open file. @throws io_error
  [[nodiscard]] struct ::stat status(std::string_view path) const {
    struct ::stat found {};
    if (::fstat(fd_, &found) != 0) throw_os_error(path, "read", errno);
    return found;
  }

  /// Bytes read into the front of `out`, 0 at the end of the file. @throws io_error
  [[nodiscard]] index_t read_some(std::span<std::byte> out, std::string_view path) const {
    while (true) {
      const ::ssize_t got = ::read(fd_, out.data(), out.size());
      if (got >= 0) return static_cast<index_t>(got);
      if (errno != EINTR) throw_os_error(path, "read", errno);
    }
  }

  /// @throws io_error
  void write_all(std::span<const std::byte> bytes, std::string_view path) const {
    while (!bytes.empty()) {
      const ::ssize_t put = ::write(fd_, bytes.data(), bytes.size());
      if (put >= 0)
        bytes = bytes.subspan(static_cast<std::size_t>(put));
      else if (errno != EINTR)
        throw_os_error(path, "write", errno);
    }
  }

  /// Closes now, so that an error the file system kept until the end is heard. @throws io_error
  void close(std::string_view path) {
    if (fd_ >= 0 && ::close(std::exchange(fd_, -1)) != 0 && errno != EINTR)
      throw_os_error(path, "close", errno);
  }

 private:
  int fd_ = -1;
};

}  // namespace prismatic
