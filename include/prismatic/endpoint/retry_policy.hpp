/// What an answer means for its request: read it, ask again and when, give it up, or stop asking altogether.
#pragma once

#include <prismatic/core/philox.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/endpoint/http_message.hpp>
#include <prismatic/synthesis/ascii.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace prismatic {

enum class verdict : std::uint8_t {
  read,    ///< status 200: the body is worth reading
  retry,   ///< 408, 409, 429, any 5xx, a connection that failed
  refuse,  ///< 400, 413, 422: this request will never work, others may
  stop,    ///< everything else: the key, the model, the address or the account is wrong
};

/// By the status, and by the words of the body that tell a spent account from a busy server.
inline verdict judge(const http_response& answer) {
  if (answer.fault == http_fault::unusable) return verdict::stop;
  if (answer.fault != http_fault::none) return verdict::retry;
  const index_t status = answer.status;
  if (status == 200) return verdict::read;
  constexpr std::size_t beginning = 4096;
  const std::string words = ascii::lower_case(std::string_view(answer.body).substr(0, beginning));
  for (const std::string_view spent : {"insufficient_quota", "billing_hard_limit", "billing_not_active"})
    if (words.find(spent) != std::string::npos) return verdict::stop;
  if (status == 408 || status == 409 || status == 429 || (status >= 500 && status < 600)) return verdict::retry;
  return status == 400 || status == 413 || status == 422 ? verdict::refuse : verdict::stop;
}

namespace detail {

// A number at the head of `text`, at most `digits` long; removed from it.
inline std::optional<index_t> take_number(std::string_view& text, std::size_t digits) {
  index_t out = 0;
  std::size_t count = 0;
  while (count < digits && count < text.size() && ascii::is_digit(text[count]))
    out = 10 * out + (text[count++] - '0');
  text.remove_prefix(count);
  return count == 0 ? std::nullopt : std::optional(out);
}

// Days from 1970-01-01 in the Gregorian calendar.
constexpr index_t days_from_civil(index_t year, index_t month, index_t day) noexcept {
  year -= month <= 2;
  const index_t era = (year >= 0 ? year : year - 399) / 400, of_era = year - era * 400;
  const index_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

}  // namespace detail

/// Seconds since 1970 of an HTTP date in any of its three forms [RFC 9110, 5.6.7], or nothing:
/// "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994".
inline std::optional<double> http_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::optional<index_t> day, month, year, seconds;
  while (!(text = ascii::trimmed(text)).empty()) {
    const std::size_t end = std::min(text.find_first_of(" -,"), text.size());
    std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.find(':') != std::string_view::npos) {
      const auto hour = detail::take_number(word, 2);
      if (!hour || !word.starts_with(':')) return std::nullopt;
      word.remove_prefix(1);
      const auto minute = detail::take_number(word, 2);
      if (!minute || !word.starts_with(':')) return std::nullopt;
      word.remove_prefix(1);
      const auto second = detail::take_number(word, 2);
      if (!second || !word.empty() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
      seconds = (*hour * 60 + *minute) * 60 + *second;
    } else if (!word.empty() && ascii::is_digit(word.front())) {
      const std::size_t size = word.size();
      const auto value = detail::take_number(word, 4);
      if (!value || !word.empty()) return std::nullopt;
      if (!day && size <= 2)
        day = value;
      else
        year = size == 2 ? *value + (*value < 70 ? 2000 : 1900) : *value;
    } else if (const auto known = std::ranges::find(months, word); known != months.end()) {
      month = known - months.begin() + 1;
    }
  }
  if (!day || !month || !year || !seconds || *day < 1 || *day > 31) return std::nullopt;
  return static_cast<double>(detail::days_from_civil(*year, *month, *day) * 86400 + *seconds);
}

/// How many seconds a Retry-After header asks for, at least 0, or nothing where it says nothing usable. A date
/// counts from the server's own Date header where it sent one, so that clocks may differ; else from `now`,
/// seconds since 1970.
inline std::optional<double> retry_after(const http_response& answer, double now) {
  std::string_view text = ascii::trimmed(answer.retry_after);
  if (const std::optional<double> date = http_date(text))
    return std::max(0.0, *date - http_date(answer.date).value_or(now));
  const auto whole = detail::take_number(text, 9);
  if (!whole || (!text.empty() && text.front() != '.')) return std::nullopt;
  return static_cast<double>(*whole) + (text.empty() ? 0 : 1);
}

struct retry_options {
  index_t tries = 10;         ///< of one request, the first included
  double first_delay = 0.5;   ///< seconds: the most before the second try; doubles from try to try
  double longest_delay = 60;  ///< seconds: where doubling ends
  double patience = 900;      ///< seconds: a server that asks for a longer pause ends the work
};

/// Seconds before the try after `tries` failed ones, with full jitter: uniform between 0 and the doubled delay,
/// so that requests that failed together do not come back together [Brooker 2015, "Exponential backoff and
/// jitter"].
inline double backoff(const retry_options& options, index_t tries, const random_stream& random,
                      std::uint64_t draw) {
  const double most = options.first_delay * std::exp2(static_cast<double>(std::min<index_t>(tries - 1, 30)));
  return random.uniform(draw) * std::min(options.longest_delay, most);
}

}  // namespace prismatic
