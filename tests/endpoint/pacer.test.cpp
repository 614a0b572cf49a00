#include <prismatic/endpoint/pacer.hpp>

#include "support/catch.hpp"

#include <vector>

using namespace prismatic;

namespace {

// When requests start that begin as soon as they may and are settled `seconds` later.
std::vector<double> starts(pacer p, index_t count, double tokens, double actual, double seconds) {
  std::vector<double> out;
  std::vector<std::pair<double, double>> open;
  double now = 50;
  for (index_t i = 0; i < count; ++i) {
    now = p.ready_at(now);
    while (!open.empty() && open.front().first <= now) {
      p.settle(open.front().first, tokens, actual);
      open.erase(open.begin());
      now = p.ready_at(now);
    }
    p.start(now, tokens);
    open.push_back({now + seconds, 0});
    out.push_back(now);
  }
  return out;
}

// The most that start in any minute.
index_t busiest_minute(const std::vector<double>& at) {
  index_t most = 0;
  for (std::size_t i = 0; i < at.size(); ++i) {
    index_t count = 0;
    for (std::size_t k = i; k < at.size() && at[k] < at[i] + 60; ++k) ++count;
    most = std::max(most, count);
  }
  return most;
}

}  // namespace

TEST_CASE("without rates everything starts at once", "[endpoint][pacer]") {
  CHECK(starts(pacer(), 1000, 1e9, 1e9, 1).back() == 50);
  CHECK_THROWS_AS(pacer({.requests_per_minute = -1}), option_error);
}

TEST_CASE("no minute has more requests than it may", "[endpoint][pacer]") {
  const auto at = starts(pacer({.requests_per_minute = 30}), 200, 100, 100, 1);
  CHECK(busiest_minute(at) <= 31);
  CHECK(at.back() - at.front() == Approx(199 * 2.0));
}

TEST_CASE("tokens are charged in advance and set right afterwards", "[endpoint][pacer]") {
  // 6,000 a minute: 100 a second. Requests reserve 1,000 and take as much: one in 10 seconds.
  const auto full = starts(pacer({.tokens_per_minute = 6000}), 50, 1000, 1000, 1);
  CHECK(full[49] - full[9] == Approx(40 * 10.0).epsilon(0.05));
  // The same that take only 100 give the rest back at once: one a second.
  pacer p({.tokens_per_minute = 6000});
  double now = 0;
  for (int i = 0; i < 50; ++i) {
    now = p.ready_at(now);
    p.start(now, 1000);
    p.settle(now, 1000, 100);
  }
  CHECK(now == Approx(48).margin(1.5));
}

TEST_CASE("a request larger than a minute's tokens still goes", "[endpoint][pacer]") {
  pacer p({.tokens_per_minute = 60});
  CHECK(p.ready_at(0) == 0);
  p.start(0, 600);
  CHECK(p.ready_at(0) == Approx(600));
  CHECK(p.ready_at(700) == 700);
}
