// Reads arithmetic out of plain text, in double and without the library: an oracle for worked solutions.
#pragma once

#include <cctype>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <vector>

namespace oracle {

/// The value of "1 + 2 * (3 - 4) / 5", NaN when it is not that.
class plain_arithmetic {
 public:
  static double value(const std::string& text) {
    plain_arithmetic p{text};
    const double v = p.sum();
    p.spaces();
    return p.at_ == text.size() ? v : std::nan("");
  }

 private:
  explicit plain_arithmetic(const std::string& text) : text_(text) {}
  void spaces() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool next(char c) {
    spaces();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  double sum() {
    double v = product();
    while (true) {
      if (next('+'))
        v += product();
      else if (next('-'))
        v -= product();
      else
        return v;
    }
  }
  double product() {
    double v = factor();
    while (true) {
      if (next('*'))
        v *= factor();
      else if (next('/'))
        v /= factor();
      else
        return v;
    }
  }
  double factor() {
    if (next('-')) return -factor();
    if (next('(')) {
      const double v = sum();
      return next(')') ? v : std::nan("");
    }
    spaces();
    char* end = nullptr;
    const double v = std::strtod(text_.c_str() + at_, &end);
    const auto stop = static_cast<std::size_t>(end - text_.c_str());
    if (stop == at_) return std::nan("");
    at_ = stop;
    return v;
  }

  const std::string& text_;
  std::size_t at_ = 0;
};

struct equation {
  std::string left, right;
};

/// Every "left = right" whose sides are plain arithmetic. Sides that touch a letter ("3x + 1 = 7") are left
/// out.
inline std::vector<equation> equations(const std::string& text) {
  const auto is_arithmetic = [](char c) {
    return std::isdigit(static_cast<unsigned char>(c)) || std::string("+-*/(). ").find(c) != std::string::npos;
  };
  std::vector<equation> out;
  for (std::size_t sign = text.find('='); sign != std::string::npos; sign = text.find('=', sign + 1)) {
    std::size_t begin = sign, end = sign + 1;
    while (begin > 0 && is_arithmetic(text[begin - 1])) --begin;
    while (end < text.size() && is_arithmetic(text[end])) ++end;
    std::string left = text.substr(begin, sign - begin), right = text.substr(sign + 1, end - sign - 1);
    while (!left.empty() && left.front() == ' ') left.erase(0, 1);
    while (!right.empty() && (right.back() == ' ' || right.back() == '.')) right.pop_back();
    if (left.empty() || right.empty() || std::string("+*/.").find(left.front()) != std::string::npos) continue;
    out.push_back({left, right});
  }
  return out;
}

/// The numbers of a text in order; a minus counts where nothing stands before it.
inline std::vector<double> numbers(const std::string& text) {
  std::vector<double> out;
  for (std::size_t at = 0; at < text.size();) {
    if (!std::isdigit(static_cast<unsigned char>(text[at]))) {
      ++at;
      continue;
    }
    const bool minus = at > 0 && text[at - 1] == '-' && (at == 1 || text[at - 2] == ' ');
    char* end = nullptr;
    const double v = std::strtod(text.c_str() + at, &end);
    out.push_back(minus ? -v : v);
    at = static_cast<std::size_t>(end - text.c_str());
  }
  return out;
}

}  // namespace oracle
