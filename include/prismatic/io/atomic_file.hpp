/// Output that appears under its final name only when it is complete.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/io/file_descriptor.hpp>

#include <atomic>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace prismatic {

/// A file being written beside its final place. `commit` makes it durable and gives it its name in one step;
/// without it, the destructor removes what was written and an older file of that name stays as it was.
class atomic_file {
 public:
  /// An existing file keeps its permissions; a symbolic link is followed.
  /// @throws io_error  the directory is missing or not writable, or `path` is not a regular file
  explicit atomic_file(const std::string& path) : target_(resolved(path)) {
    open_temporary();
    struct ::stat old {};
    if (::stat(target_.c_str(), &old) == 0) (void)::fchmod(file_.get(), old.st_mode & 07777);  // a courtesy
  }
  atomic_file(const atomic_file&) = delete;
  atomic_file& operator=(const atomic_file&) = delete;
  ~atomic_file() {
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
  }

  [[nodiscard]] const std::string& path() const noexcept { return target_; }

  /// @throws io_error
  void write(std::span<const std::byte> bytes) {
    if (bytes.size() >= buffer_bytes) {
      flush();
      file_.write_all(bytes, target_);
      return;
    }
    buffer_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (buffer_.size() >= buffer_bytes) flush();
  }
  void write(std::string_view text) { write(std::as_bytes(std::span(text.data(), text.size()))); }

  /// Flushes to the disk, renames, and flushes the directory. Nothing may be written afterwards. @throws
  /// io_error
  void commit() {
    flush();
    if (::fsync(file_.get()) != 0) throw_os_error(target_, "write", errno);
    file_.close(target_);
    if (::rename(temporary_.c_str(), target_.c_str()) != 0) throw_os_error(target_, "write", errno);
    temporary_.clear();
    sync_directory();
  }

 private:
  static constexpr std::size_t buffer_bytes = std::size_t{1} << 20;

  static std::string resolved(const std::string& path) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    std::error_code failed;
    std::string target = path;
    if (fs::is_symlink(path, ignored)) {
      target = fs::canonical(path, failed).string();
      if (failed) throw_os_error(path, "write", failed.value());
    }
    const fs::file_status status = fs::status(target, ignored);
    if (fs::exists(status) && !fs::is_regular_file(status))
      throw io_error(path + ": found " + (fs::is_directory(status) ? "a directory" : "no regular file") +
                     ", expected a file that can be replaced");
    return target;
  }

  [[nodiscard]] std::string directory() const {
    const std::size_t slash = target_.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : target_.substr(0, slash);
  }

  // The process id and a counter keep writers apart; a name left behind by a killed process is passed over.
  void open_temporary() {
    static std::atomic<unsigned> counter{0};
    while (true) {
      temporary_ =
          target_ + ".partial-" + std::to_string(::getpid()) + "-" + std::to_string(counter.fetch_add(1));
      const int fd = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (fd >= 0) {
        file_ = file_descriptor(fd);
        return;
      }
      if (errno != EEXIST) {
        temporary_.clear();
        throw_os_error(target_, "write", errno);
      }
    }
  }

  void flush() {
    file_.write_all(std::as_bytes(std::span(buffer_.data(), buffer_.size())), target_);
    buffer_.clear();
  }

  // Some file systems cannot flush a directory and say EINVAL; the rename stands all the same.
  void sync_directory() const {
    const file_descriptor parent(::open(directory().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (parent.get() >= 0 && ::fsync(parent.get()) != 0 && errno != EINVAL)
      throw_os_error(target_, "flush the directory of", errno);
  }

  std::string target_;
  std::string temporary_;
  std::string buffer_;
  file_descriptor file_;
};

/// Writes a whole file in one step. @throws io_error
inline void write_file(const std::string& path, std::string_view text) {
  atomic_file file(path);
  file.write(text);
  file.commit();
}

}  // namespace prismatic
