#include "support/catch.hpp"
#include "support/mock_llm.hpp"
#include "support/temporary_directory.hpp"

#include <prismatic/endpoint/endpoint_writer.hpp>
#include <prismatic/endpoint/http_pool.hpp>

#include <cstdlib>
#include <map>
#include <string>
#include <utility>
#include <vector>

using namespace prismatic;

namespace {

// Whatever proxy this machine has is not asked about its own address.
const int no_proxy = ::setenv("no_proxy", "127.0.0.1", 1) + ::setenv("NO_PROXY", "127.0.0.1", 1);

// Time passes where nothing is in flight; nobody sleeps.
class hasty_pool : public http_pool {
 public:
  using http_pool::http_pool;
  std::uint64_t start(http_request request) { return ++flying_, http_pool::start(std::move(request)); }
  std::vector<http_response> wait(double seconds) {
    if (flying_ == 0) return skipped_ += seconds, std::vector<http_response>();
    auto out = http_pool::wait(seconds);
    flying_ -= static_cast<index_t>(out.size());
    return out;
  }
  void cancel() { flying_ = 0, http_pool::cancel(); }
  double now() const { return http_pool::now() + skipped_; }
  double date() const { return http_pool::date() + skipped_; }

 private:
  index_t flying_ = 0;
  double skipped_ = 0;
};

http_response fetch(http_pool& pool, const std::string& url, const std::string& body = "") {
  const std::uint64_t id = pool.start({url, body});
  for (;;)
    for (http_response& answer : pool.wait(10)) {
      CHECK(answer.id == id);
      return std::move(answer);
    }
}

const std::string question = R"({"messages": [{"role": "user", "content": "2 + 2"}], "seed": 1})";

using texts = std::map<std::pair<index_t, index_t>, std::string>;

// Everything a writer gets from a server: ten problems, and three attempts at each of five.
texts everything(const std::string& url, const http_options& http, loop_counts* counts = nullptr) {
  budget money;
  hasty_pool pool(http, secret());
  auto client = std::make_shared<endpoint_client<hasty_pool>>(endpoint_url(url), pool, loop_options{.concurrency = 16}, money);
  basic_endpoint_writer<hasty_pool> writer(client, std::make_shared<prompt_set>(prompt_set::named("mathematics")),
                                           {.model = "mock-1", .seed = 3}, money);
  texts out;
  index_t offset = 0;
  const auto keep = [&](std::span<const arrival> arrivals, std::span<const exchange>) {
    for (const arrival& a : arrivals) CHECK(out.emplace(std::pair(a.number + offset, a.attempt), a.answer.text).second);
  };
  std::vector<generation_request> posing;
  for (std::uint64_t i = 0; i < 40; ++i) posing.push_back({i, {}});
  writer.generate(posing, keep);
  offset = 1000;
  const std::vector<index_t> all{0, 1, 2};
  std::vector<problem> posed(20);
  std::vector<solve_request> solving;
  for (std::size_t i = 0; i < posed.size(); ++i) {
    posed[i].question = "Problem " + std::to_string(i);
    solving.push_back({i, &posed[i], 3, all});
  }
  writer.solve(solving, keep);
  if (counts != nullptr) *counts = client->loop().counts();
  return out;
}

}  // namespace

TEST_CASE("requests are answered over connections that are kept", "[endpoint][http_pool]") {
  REQUIRE(no_proxy == 0);
  test::mock_llm server({});
  http_pool pool({}, secret());
  const http_response models = fetch(pool, server.url() + "/models");
  CHECK(models.status == 200);
  CHECK(read_model_list(models.body) == std::vector<std::string>{"mock-1"});
  for (int i = 0; i < 3; ++i) {
    const http_response answer = fetch(pool, server.url() + "/chat/completions", question);
    CHECK(read_chat_reply(answer.body)->texts.front().text.find("The answer is") != std::string::npos);
  }
  CHECK(pool.wait(0).empty());
  (void)pool.start({server.url() + "/chat/completions", question});
  pool.cancel();
  CHECK(pool.wait(0).empty());
}

TEST_CASE("faults of a connection are told apart", "[endpoint][http_pool]") {
  std::string closed;
  {
    test::mock_llm server({});
    closed = server.url();
  }
  http_pool nowhere({}, secret());
  CHECK(fetch(nowhere, closed + "/models").fault == http_fault::connection);
  const auto one = [&](const std::string& fault) {
    test::mock_llm server({.faults = {fault}, .stall = 600'000});
    // Short where the time-out is what is waited for, else longer than any machine is slow.
    http_pool pool({.timeout = fault == "stall" ? 0.3 : 600, .most_bytes = 100'000}, secret());
    return fetch(pool, server.url() + "/chat/completions", question);
  };
  CHECK(one("stall").fault == http_fault::timeout);
  CHECK(one("cut").fault == http_fault::connection);
  CHECK(one("partial").fault == http_fault::connection);
  const http_response huge = one("huge");
  CHECK(huge.fault == http_fault::too_large);
  CHECK(huge.reason == "an answer of more than 100000 bytes");
  CHECK(huge.body.empty());
  const http_response busy = one("429-seconds");
  CHECK(busy.status == 429);
  CHECK(busy.retry_after == "0");
}

TEST_CASE("a redirect is an answer and the key goes nowhere else", "[endpoint][http_pool]") {
  test::mock_llm server({});
  http_pool pool({}, secret());
  std::string elsewhere = server.url();
  elsewhere.replace(elsewhere.size() - 2, 2, "elsewhere");
  const http_response answer = fetch(pool, elsewhere + "/chat/completions", question);
  CHECK(answer.status == 307);
  CHECK(judge(answer) == verdict::stop);
  CHECK(server.served().empty());
}

TEST_CASE("a proxy of the environment is used", "[endpoint][http_pool]") {
  test::mock_llm server({});
  ::setenv("http_proxy", server.url().c_str(), 1);
  {
    http_pool pool({}, secret());
    CHECK(fetch(pool, "http://no-such-host.invalid/v1/models").status == 404);  // the mock's, which serves no other host
  }
  ::unsetenv("http_proxy");
}

TEST_CASE("the key is sent, and redacted from what comes back", "[endpoint][http_pool]") {
  const test::temporary_directory directory;
  test::mock_llm server({.key = "sk-0123456789abcdef"});
  http_pool right({}, secret::from_file(directory.write("right", "sk-0123456789abcdef\n")));
  CHECK(fetch(right, server.url() + "/models").status == 200);
  http_pool wrong({}, secret::from_file(directory.write("wrong", "sk-fedcba9876543210\n")));
  const http_response refused = fetch(wrong, server.url() + "/models");
  CHECK(refused.status == 401);
  CHECK(refused.body.find("sk-fedcba9876543210") == std::string::npos);
  CHECK(refused.body.find("Bearer ***") != std::string::npos);
}

TEST_CASE("a server that misbehaves in every way is asked until all is there, and the same comes", "[endpoint][http_pool]") {
  const http_options http{.most_bytes = 500'000};
  test::mock_llm good({});
  const texts expected = everything(good.url(), http);
  CHECK(expected.size() == 40 + 60);
  for (const std::string& fault : test::mock_faults) {
    CAPTURE(fault);
    test::mock_llm bad({.faults = {fault}, .stall = 20, .retry_after = "30"});
    loop_counts counts;
    CHECK(everything(bad.url(), http, &counts) == expected);
    if (fault != "few" && fault != "many") CHECK(counts.retried >= 60);
  }
  test::mock_llm worst({.faults = test::mock_faults, .stall = 200, .ignores_n = true});
  CHECK(everything(worst.url(), http) == expected);
  test::mock_llm plain({.ignores_n = true});
  CHECK(everything(plain.url(), http) == expected);
}
