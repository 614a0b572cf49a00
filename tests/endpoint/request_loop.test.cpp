#include "support/catch.hpp"
#include "endpoint/virtual_transport.hpp"

#include <prismatic/endpoint/http_pool.hpp>
#include <prismatic/endpoint/request_loop.hpp>

#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

using namespace prismatic;
using test::virtual_transport;

namespace {

static_assert(http_transport<virtual_transport> && http_transport<http_pool>);

// Asks for 0, 1, 2, ... and keeps what comes.
struct counting_source {
  std::uint64_t count;
  token_bill most{1, 100, 0};
  std::uint64_t asked = 0;
  std::map<std::uint64_t, std::string> got = {};
  std::set<std::uint64_t> lost = {};
  index_t steps = 0;
  double stop_at_step = 1e18;

  bool has_more() const { return asked < count; }
  pending_call next() {
    const std::uint64_t key = asked++;
    return {key, {"http://x/v1/chat/completions", std::to_string(key)}, most};
  }
  std::optional<token_bill> answered(std::uint64_t key, const http_response& answer) {
    if (answer.body == "junk") return std::nullopt;
    CHECK(got.emplace(key, answer.body).second);
    return token_bill{1, 10, 0};
  }
  void given_up(std::uint64_t key, const std::string&) { lost.insert(key); }
  void step() {
    if (static_cast<double>(++steps) > stop_at_step) throw std::runtime_error("stopped");
  }
};

struct bench {
  virtual_transport net;
  budget money;
  loop_options options{.concurrency = 8};
  std::map<std::string, int> tries;  // of each body

  explicit bench(budget_options limits = {}) : money(limits) {
    net.server = [this](const http_request& r) { return ++tries[r.body], test::says(200, "ok " + r.body); };
  }
  // Runs until the end; the text of the error, or nothing.
  std::string run(counting_source& source) {
    request_loop<virtual_transport> loop(net, "http://x/v1", options, money);
    try {
      loop.run(source);
      counts = loop.counts();
      return "";
    } catch (const error& e) {
      counts = loop.counts();
      return e.what();
    }
  }
  loop_counts counts;
};

}  // namespace

TEST_CASE("as many are in flight as may be, and all come", "[endpoint][request_loop]") {
  bench b;
  counting_source source{100};
  CHECK(b.run(source) == "");
  CHECK(source.got.size() == 100);
  CHECK(source.got.at(99) == "ok 99");
  CHECK(b.net.most_in_flight == 8);
  CHECK(b.net.time == Approx(1000 + 13));  // 100 requests of one second, eight at a time
  CHECK(b.money.spent().requests == 100);
  CHECK(b.money.spent().tokens == 1000);
  counting_source none{0};
  CHECK(b.run(none).empty());
}

TEST_CASE("what may be retried is, and every request ends with its answer", "[endpoint][request_loop]") {
  bench b;
  b.net.server = [&](const http_request& r) -> virtual_transport::reply {
    const int key = std::stoi(r.body), attempt = ++b.tries[r.body];
    if (attempt <= 3) switch (key % 9) {
        case 0: return test::says(500, "oops");
        case 1: return test::says(429, R"({"error": {"message": "slow", "code": "rate_limit"}})");
        case 2: return test::fails(http_fault::connection);
        case 3: return test::fails(http_fault::timeout);
        case 4: return test::says(200, "junk");
        case 5: return test::fails(http_fault::too_large);
        case 6: return test::says(503, "<html>");
        case 7: return test::says(408);
        default: break;
      }
    return test::says(200, "ok " + r.body);
  };
  counting_source source{90};
  CHECK(b.run(source) == "");
  CHECK(source.got.size() == 90);
  CHECK(source.lost.empty());
  CHECK(b.counts.retried == 80 * 3);
  CHECK(b.money.spent().requests == 90);
}

TEST_CASE("the pause a server asks for is kept, by all", "[endpoint][request_loop]") {
  for (const bool as_date : {false, true}) {
    bench b;
    b.options.concurrency = 1;
    b.net.server = [&](const http_request& r) {
      auto out = test::says(++b.tries[r.body] == 1 && r.body == "2" ? 429 : 200, "ok");
      // One second per answer: the third comes at 1003, which is 2 minutes after the epoch of the date below.
      if (out.answer.status == 429) out.answer.retry_after = as_date ? "Sun, 06 Nov 1994 09:08:20 GMT" : "120";
      return out;
    };
    b.net.started_on = 784111777;  // 08:49:37 at time 0, so 09:06:20 at 1003
    counting_source source{5};
    CHECK(b.run(source) == "");
    REQUIRE(b.net.starts.size() == 6);
    CHECK(b.net.starts[3] >= 1003 + 120);
    CHECK(b.net.starts[3] < 1003 + 122);
  }
}

TEST_CASE("a pause longer than anybody waits ends the work", "[endpoint][request_loop]") {
  bench b;
  b.net.server = [](const http_request&) {
    auto out = test::says(429, R"({"error": "daily limit"})");
    out.answer.retry_after = "86400";
    return out;
  };
  counting_source source{3};
  CHECK(b.run(source) == "http://x/v1: found status 429: \"daily limit\"; it asks for a pause of 86400 seconds");
}

TEST_CASE("nothing is sent twice that must not be", "[endpoint][request_loop]") {
  for (const index_t status : {401, 402, 403, 404, 301}) {
    bench b;
    b.options.concurrency = 1;
    b.net.server = [&](const http_request& r) { return ++b.tries[r.body], test::says(r.body == "2" ? status : 200, "ok"); };
    counting_source source{5};
    CHECK(b.run(source) == "http://x/v1: found status " + std::to_string(status) + ": \"ok\"");
    CHECK(source.got.size() == 2);
    CHECK(b.net.starts.size() == 3);
  }
  bench b;
  b.net.server = [&](const http_request&) {
    return test::says(429, R"({"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}})");
  };
  counting_source source{1};
  CHECK(b.run(source).find("insufficient_quota") != std::string::npos);
  CHECK(b.net.starts.size() == 1);
}

TEST_CASE("a request that is refused costs itself only", "[endpoint][request_loop]") {
  bench b;
  b.net.server = [&](const http_request& r) {
    ++b.tries[r.body];
    return std::stoi(r.body) % 10 == 3 ? test::says(400, R"({"error": "too long"})") : test::says(200, "ok");
  };
  counting_source source{50};
  CHECK(b.run(source) == "");
  CHECK(source.lost == std::set<std::uint64_t>{3, 13, 23, 33, 43});
  CHECK(b.tries.at("3") == 1);
  CHECK(b.counts.given_up == 5);
  CHECK(b.counts.reason == "http://x/v1: status 400: \"too long\"");
  CHECK(b.money.spent().requests == 45);
}

TEST_CASE("a server that refuses everything ends the work, and nothing counts as answered", "[endpoint][request_loop]") {
  bench b;
  b.net.server = [](const http_request& r) { return std::stoi(r.body) < 20 ? test::says(200, "ok") : test::says(422, R"({"detail": "no"})"); };
  counting_source source{100};
  CHECK(b.run(source) == "http://x/v1: found status 422: \"no\", 8 requests in a row");
  CHECK(source.lost.empty());
  CHECK(source.got.size() == 20);

  bench only;  // too few to be eight
  only.net.server = [](const http_request&) { return test::says(400, R"({"error": "bad"})"); };
  counting_source two{2};
  CHECK(only.run(two) == "http://x/v1: found status 400: \"bad\"");
}

TEST_CASE("one request that breaks its server is given up, a server that is gone is not", "[endpoint][request_loop]") {
  bench b;
  b.net.server = [&](const http_request& r) { return ++b.tries[r.body], r.body == "7" ? test::says(500, "crash") : test::says(200, "ok"); };
  counting_source source{400};
  CHECK(b.run(source) == "");
  CHECK(source.lost == std::set<std::uint64_t>{7});
  CHECK(b.tries.at("7") == 10);

  bench gone;
  gone.net.server = [](const http_request& r) { return std::stoi(r.body) < 20 ? test::says(200, "ok") : test::fails(http_fault::connection, "refused"); };
  counting_source rest{25};
  CHECK(gone.run(rest) == "http://x/v1: found refused, 10 times");
  CHECK(rest.lost.empty());

  bench never;
  never.net.server = [](const http_request&) { return test::fails(http_fault::connection, "refused"); };
  counting_source first{5};
  CHECK(never.run(first) == "http://x/v1: found refused, 4 times");
  CHECK(never.net.time < 1020);  // who has never answered is not waited for as long
}

TEST_CASE("a busy server that goes on serving others is not given up", "[endpoint][request_loop]") {
  bench b;
  double served = 0;  // one request a second is all it does
  b.options.concurrency = 32;
  b.net.server = [&](const http_request&) {
    if (b.net.time < served + 1) return test::says(429, "{}", 0.01);
    served = b.net.time;
    return test::says(200, "ok", 0.5);
  };
  counting_source source{300};
  CHECK(b.run(source) == "");
  CHECK(source.got.size() == 300);
  CHECK(b.net.time < 1000 + 300 * 8);
  CHECK(b.counts.retried < 300 * 12);
}

TEST_CASE("overload brings fewer requests in flight, success more again", "[endpoint][request_loop]") {
  bench b;
  b.options.concurrency = 64;
  std::size_t most_while_busy = 0;
  b.net.server = [&](const http_request&) {
    const std::size_t flying = b.net.due.size();
    if (b.net.time > 1010) most_while_busy = std::max(most_while_busy, flying);
    return flying >= 16 ? test::says(503, "") : test::says(200, "ok");
  };
  counting_source source{3000};
  CHECK(b.run(source) == "");
  CHECK(most_while_busy < 48);
  CHECK(b.net.time < 1000 + 3000 / 4);  // and yet it keeps the server busy
}

TEST_CASE("the pace is kept while requests fail", "[endpoint][request_loop]") {
  bench b;
  b.options.pace = {.requests_per_minute = 60};
  b.net.server = [&](const http_request& r) { return ++b.tries[r.body] == 1 ? test::says(500, "") : test::says(200, "ok"); };
  counting_source source{60};
  CHECK(b.run(source) == "");
  REQUIRE(b.net.starts.size() == 120);
  for (std::size_t i = 0; i + 61 < b.net.starts.size(); ++i) CHECK(b.net.starts[i + 61] - b.net.starts[i] >= 59.99);
  bench tokens;
  tokens.options.pace = {.tokens_per_minute = 6000};
  counting_source large{50, {1, 1000, 0}};
  CHECK(tokens.run(large).empty());
  CHECK(tokens.net.time - 1000 >= 50 * 10 / 100.0);
}

TEST_CASE("a budget is never overdrawn and ends the work cleanly", "[endpoint][request_loop]") {
  bench b({.requests = 37});
  counting_source source{100};
  CHECK(b.run(source) == "37 of 37 requests");
  CHECK(source.got.size() == 37);
  CHECK(b.net.abandoned == 0);

  bench t({.tokens = 1000});  // each may take 100 and takes 10
  counting_source more{200};
  CHECK(t.run(more) == "910 of 1000 tokens, and the next request may take 100");
  CHECK(more.got.size() == 91);
  CHECK_THROWS_AS(
      [&] {
        request_loop<virtual_transport> loop(t.net, "x", t.options, t.money);
        counting_source again{1};
        loop.run(again);
      }(),
      budget_spent);
}

TEST_CASE("who asks may stop at any step, and what is in flight is abandoned", "[endpoint][request_loop]") {
  bench b;
  request_loop<virtual_transport> loop(b.net, "x", b.options, b.money);
  counting_source source{100};
  source.stop_at_step = 3;
  CHECK_THROWS_AS(loop.run(source), std::runtime_error);
  CHECK(b.net.due.empty());
  CHECK(b.net.abandoned > 0);
  counting_source rest{10};
  loop.run(rest);  // and it can go on
  CHECK(rest.got.size() == 10);
  CHECK_THROWS_AS((request_loop<virtual_transport>(b.net, "x", {.concurrency = 0}, b.money)), option_error);
}
