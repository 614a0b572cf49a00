/// The command's manners: results on stdout, progress on stderr and only where somebody watches.
#pragma once

#include <prismatic/core/progress.hpp>
#include <prismatic/core/types.hpp>

#include <chrono>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace command {

/// Thrown by the progress bar after Ctrl-C or a termination signal.
struct interrupted : std::exception {
  explicit interrupted(int number) : signal(number) {}
  [[nodiscard]] const char* what() const noexcept override { return "interrupted"; }
  int signal;
};

/// From now on SIGINT and SIGTERM end the work at its next progress report instead of killing it.
void catch_signals();

/// A bar on a terminal, one line per half minute on anything else, silence when quiet.
class progress_bar {
 public:
  explicit progress_bar(bool quiet);
  ~progress_bar();
  progress_bar(const progress_bar&) = delete;
  progress_bar& operator=(const progress_bar&) = delete;

  /// @throws interrupted
  void operator()(const prismatic::progress_report& report);

  /// Removes the bar from the terminal, so that a line can be printed.
  void clear();

 private:
  using clock = std::chrono::steady_clock;
  bool quiet_;
  bool terminal_;
  std::string stage_;
  clock::time_point begun_{};
  clock::time_point shown_{};
  bool drawn_ = false;
};

/// "1234.5" with so many digits after the point.
[[nodiscard]] std::string fixed(double value, int digits);

/// Columns aligned: the first to the left, the others to the right.
[[nodiscard]] std::string table(const std::vector<std::vector<std::string>>& rows);

/// One line to standard output.
void say(std::string_view line);
/// One line to standard error.
void note(std::string_view line);

}  // namespace command
