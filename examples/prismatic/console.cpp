#include "console.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdio>

namespace command {

namespace {

volatile std::sig_atomic_t caught = 0;

void remember(int number) {
  if (caught != 0) _exit(128 + number);  // a second Ctrl-C does not wait
  caught = number;
}

std::string clock_text(double seconds) {
  const auto whole = static_cast<long>(seconds + 0.5);
  char text[32];
  std::snprintf(text, sizeof text, "%ld:%02ld", whole / 60, whole % 60);
  return text;
}

}  // namespace

void catch_signals() {
  std::signal(SIGINT, remember);
  std::signal(SIGTERM, remember);
}

progress_bar::progress_bar(bool quiet) : quiet_(quiet), terminal_(isatty(STDERR_FILENO) == 1) {}

progress_bar::~progress_bar() { clear(); }

void progress_bar::clear() {
  if (drawn_) std::fputs("\r\033[K", stderr);
  drawn_ = false;
}

void progress_bar::operator()(const prismatic::progress_report& report) {
  if (caught != 0) {
    clear();
    throw interrupted(caught);
  }
  if (quiet_) return;
  const auto now = clock::now();
  const bool fresh = report.stage != stage_;
  if (fresh) {
    stage_ = report.stage;
    begun_ = now;
    if (!terminal_) shown_ = now;
  }
  const bool last = report.done >= report.total;
  const auto pause = terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(30'000);
  if (now - shown_ < pause && !(terminal_ && (fresh || last))) return;
  shown_ = now;
  const double elapsed = std::chrono::duration<double>(now - begun_).count();
  const double share = report.total > 0 ? static_cast<double>(report.done) / static_cast<double>(report.total) : 0;
  std::string line = stage_ + " " + std::to_string(report.done);
  if (report.total > 0) line += "/" + std::to_string(report.total);
  if (share > 0 && share < 1) line += ", " + clock_text(elapsed / share - elapsed) + " left";
  if (terminal_) {
    const auto filled = static_cast<std::size_t>(share * 24);
    std::fprintf(stderr, "\r\033[K[%s%s] %s", std::string(filled, '#').c_str(),
                 std::string(24 - std::min<std::size_t>(filled, 24), '.').c_str(), line.c_str());
    std::fflush(stderr);
    drawn_ = true;
    if (last) clear();
  } else {
    note(line);
  }
}

std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i == widths.size()) widths.push_back(0);
      widths[i] = std::max(widths[i], row[i].size());
    }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - row[i].size(), ' ');
      if (i > 0) line += "  ";
      line += i == 0 ? row[i] + padding : padding + row[i];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
  return out;
}

void say(std::string_view line) { std::fprintf(stdout, "%.*s\n", static_cast<int>(line.size()), line.data()); }

void note(std::string_view line) { std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data()); }

}  // namespace command
