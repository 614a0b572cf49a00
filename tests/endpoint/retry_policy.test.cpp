#include <prismatic/endpoint/retry_policy.hpp>

#include "support/catch.hpp"

#include <string>

using namespace prismatic;

namespace {

http_response status(index_t code, const std::string& body = "") {
  http_response out;
  out.status = code;
  out.body = body;
  return out;
}

http_response asks(const std::string& pause, const std::string& date = "") {
  http_response out;
  out.retry_after = pause;
  out.date = date;
  return out;
}

}  // namespace

TEST_CASE("statuses are judged as the servers mean them", "[endpoint][retry_policy]") {
  CHECK(judge(status(200, "insufficient_quota")) == verdict::read);
  for (const index_t code : {408, 409, 429, 500, 502, 503, 504, 520, 599}) CHECK(judge(status(code, "busy")) == verdict::retry);
  for (const index_t code : {400, 413, 422}) CHECK(judge(status(code)) == verdict::refuse);
  for (const index_t code : {0, 201, 301, 307, 401, 402, 403, 404, 405, 600}) CHECK(judge(status(code)) == verdict::stop);
  CHECK(judge(status(429, R"({"error": {"message": "You exceeded", "type": "insufficient_quota"}})")) == verdict::stop);
  CHECK(judge(status(429, R"({"error": {"code": "rate_limit_exceeded"}})")) == verdict::retry);
  http_response broken = status(200);
  for (const http_fault fault : {http_fault::connection, http_fault::timeout, http_fault::too_large}) {
    broken.fault = fault;
    CHECK(judge(broken) == verdict::retry);
  }
  broken.fault = http_fault::unusable;
  CHECK(judge(broken) == verdict::stop);
}

TEST_CASE("dates are read in their three forms", "[endpoint][retry_policy]") {
  for (const char* text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"})
    CHECK(http_date(text) == 784111777.0);
  CHECK(http_date("Thu, 01 Jan 1970 00:00:00 GMT") == 0.0);
  CHECK(http_date("Thu, 29 Feb 2024 23:59:60 GMT") == 1709251200.0);
  CHECK(http_date("Sat, 21 Nov 2026 12:00:00 GMT") == 1795262400.0);
  for (const char* text : {"", "soon", "120", "Sun, 06 Nov 1994", "Sun, 06 Nov 1994 25:00:00 GMT", "Sun, 06 Nov 1994 08:49 GMT",
                           "Sun, 32 Nov 1994 08:49:37 GMT", "99999999999999999999 Nov 1 00:00:00"})
    CHECK_FALSE(http_date(text));
}

TEST_CASE("a pause is asked for in seconds or by a date", "[endpoint][retry_policy]") {
  CHECK(retry_after(asks("120"), 0) == 120.0);
  CHECK(retry_after(asks(" 0 "), 0) == 0.0);
  CHECK(retry_after(asks("1.5"), 0) == 2.0);
  const std::string at = "Sun, 06 Nov 1994 08:49:37 GMT";
  CHECK(retry_after(asks(at), 784111770.0) == 7.0);
  CHECK(retry_after(asks(at), 784111800.0) == 0.0);
  CHECK(retry_after(asks(at, "Sun, 06 Nov 1994 08:49:07 GMT"), 5e9) == 30.0);  // by the server's clock, not ours
  for (const char* text : {"", "soon", "-5", "12 minutes", "1e3"}) CHECK_FALSE(retry_after(asks(text), 0));
}

TEST_CASE("delays double, are jittered in full, and end somewhere", "[endpoint][retry_policy]") {
  const retry_options options;
  const random_stream random(7, "test");
  double sum = 0;
  const int draws = 2000;
  for (index_t tries = 1; tries <= 12; ++tries) {
    const double most = std::min(options.longest_delay, options.first_delay * static_cast<double>(index_t{1} << (tries - 1)));
    double largest = 0;
    for (int i = 0; i < draws; ++i) {
      const double delay = backoff(options, tries, random, static_cast<std::uint64_t>(i));
      CHECK(delay >= 0);
      CHECK(delay < most);
      largest = std::max(largest, delay);
      sum += delay / most;
    }
    CHECK(largest > 0.99 * most);
  }
  CHECK(sum / (12 * draws) == Approx(0.5).margin(0.02));  // 2,000 draws: the mean's error is 0.0065
  CHECK(backoff(options, 1'000'000, random, 0) < options.longest_delay);
}
