#include "support/catch.hpp"
#include "endpoint/virtual_transport.hpp"

#include <prismatic/endpoint/endpoint_writer.hpp>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace prismatic;
using test::virtual_transport;

namespace {

using writer = basic_endpoint_writer<virtual_transport>;
static_assert(streaming_generator<writer> && streaming_solver<writer>);
static_assert(streaming_generator<endpoint_writer> && streaming_solver<endpoint_writer>);

struct bench {
  virtual_transport net;
  budget money;
  std::vector<json> bodies;  // asked, but for what the client wants to know first
  index_t most_texts = 8;    // the server brings no more at once
  index_t greetings = 0;

  writer make(endpoint_options options = {.model = "m"}) {
    net.server = [this](const http_request& r) {
      const json asked = parse_json(r.body, {"request"});
      if (is_greeting(r)) ++greetings;
      else bodies.push_back(asked);
      return test::says(200, reply(asked));
    };
    auto client = std::make_shared<endpoint_client<virtual_transport>>(endpoint_url("http://x/v1"), net, loop_options{}, money);
    return writer(client, std::make_shared<prompt_set>(prompt_set::named("mathematics")), options, money);
  }
  static bool is_greeting(const http_request& r) { return r.body.find("Say yes.") != std::string::npos; }
  // Choice j of a request says its seed + j: a server that is deterministic.
  [[nodiscard]] std::string reply(const json& request) const {
    const index_t n = std::min(most_texts, request.value("n", index_t{1}));
    json out{{"model", "m-2"}, {"choices", json::array()}, {"usage", {{"prompt_tokens", 20}, {"completion_tokens", 3}}}};
    for (index_t j = 0; j < n; ++j)
      out["choices"].push_back({{"index", j},
                                {"finish_reason", "stop"},
                                {"message", {{"content", std::to_string(request.at("seed").get<index_t>() + j)}}}});
    return out.dump();
  }
};

struct heard {
  std::map<std::pair<index_t, index_t>, response> texts;
  std::vector<exchange> exchanges;
  void operator()(std::span<const arrival> arrivals, std::span<const exchange> more) {
    for (const arrival& a : arrivals) CHECK(texts.emplace(std::pair(a.number, a.attempt), a.answer).second);
    exchanges.insert(exchanges.end(), more.begin(), more.end());
  }
};

heard solved(bench& b, writer w, std::vector<index_t> missing) {
  std::vector<problem> posed(5);
  std::vector<solve_request> requests;
  for (std::size_t i = 0; i < posed.size(); ++i) {
    posed[i].question = "Question " + std::to_string(i);
    requests.push_back({40 + i, &posed[i], 3, missing});
  }
  heard out;
  w.solve(requests, out);
  CHECK(b.net.due.empty());
  return out;
}

}  // namespace

TEST_CASE("problems are asked for with everything that matters", "[endpoint][endpoint_writer]") {
  bench b;
  writer w = b.make({.model = "m", .sampling = {.temperature = 0.7, .top_p = 0.9, .max_tokens = 50}, .seed = 5});
  const few_shot shot{"What is 2 + 2?", "The answer is 4."};
  const std::vector<generation_request> requests{{7, std::span(&shot, 1)}, {8, {}}};
  heard got;
  w.generate(requests, got);
  REQUIRE(b.bodies.size() == 2);
  CHECK(b.bodies[0].at("model") == "m");
  CHECK(b.bodies[0].at("temperature") == 0.7);
  CHECK(b.bodies[0].at("top_p") == 0.9);
  CHECK(b.bodies[0].at("max_tokens") == 50);
  CHECK_FALSE(b.bodies[0].contains("n"));
  CHECK(b.bodies[0].at("messages").at(0).at("content").get<std::string>().find("Problem: What is 2 + 2?") != std::string::npos);
  CHECK(b.bodies[0].at("seed") != b.bodies[1].at("seed"));
  CHECK(got.texts.at({7, 0}).finish == "stop");
  REQUIRE(got.exchanges.size() == 2);
  CHECK(got.exchanges[0].model == "m-2");
  CHECK(got.exchanges[0].prompt_tokens == 20);
  CHECK(got.exchanges[0].milliseconds == 1000);
  CHECK(got.exchanges[0].body.find("choices") != std::string::npos);
  CHECK(b.money.spent().tokens == 46);

  bench other;
  heard same, different;
  other.make({.model = "m", .seed = 5}).generate(requests, same);
  other.make({.model = "m", .seed = 6}).generate(requests, different);
  CHECK(same.texts == got.texts);
  CHECK(different.texts != got.texts);
}

TEST_CASE("the limit of a text has the name the model takes", "[endpoint][endpoint_writer]") {
  bench b;
  writer w = b.make();
  b.net.server = [&](const http_request& r) {
    const json request = parse_json(r.body, {"request"});
    if (request.contains("max_tokens")) return test::says(400, R"({"error": "use 'max_completion_tokens'"})");
    return test::says(200, b.reply(request));
  };
  CHECK(solved(b, std::move(w), {0, 1, 2}).texts.size() == 15);
}

TEST_CASE("a request's own temperature comes first", "[endpoint][endpoint_writer]") {
  bench b;
  writer w = b.make({.model = "m", .sampling = {.temperature = 0.7}});
  const std::vector<generation_request> requests{{7, {}, 1.25}, {8, {}}};
  heard got;
  w.generate(requests, got);
  REQUIRE(b.bodies.size() == 2);
  CHECK(b.bodies[0].at("temperature") == 1.25);
  CHECK(b.bodies[1].at("temperature") == 0.7);
}

TEST_CASE("a server that brings one text at a time is asked once an attempt, to the same end", "[endpoint][endpoint_writer]") {
  bench many, single, some;
  const heard together = solved(many, many.make(), {0, 1, 2});
  CHECK(many.bodies.size() == 5);
  CHECK(many.greetings == 1);
  CHECK(together.texts.size() == 15);
  single.most_texts = 1;
  const heard apart = solved(single, single.make(), {0, 1, 2});
  CHECK(single.bodies.size() == 15);
  CHECK(apart.texts == together.texts);
  some.most_texts = 2;  // it keeps to what the probe asked, not to more
  const heard partly = solved(some, some.make(), {0, 1, 2});
  CHECK(partly.texts == together.texts);
  bench rest;
  const heard last = solved(rest, rest.make(), {2});
  CHECK(rest.bodies.size() == 5);
  for (const auto& [key, text] : last.texts) CHECK(text == together.texts.at(key));
}

TEST_CASE("an answer that cannot be read is stored, counted and asked for again", "[endpoint][endpoint_writer]") {
  bench b;
  writer w = b.make();
  int asked = 0;
  b.net.server = [&](const http_request& r) {
    return test::says(200, !bench::is_greeting(r) && ++asked == 1 ? "<html>" + std::string(100'000, ' ') : b.reply(parse_json(r.body, {"request"})));
  };
  const generation_request request{1, {}};
  heard got;
  w.generate(std::span(&request, 1), got);
  REQUIRE(got.exchanges.size() == 2);
  CHECK(got.exchanges[0].texts == 0);
  CHECK(got.exchanges[0].body.size() == 65536);
  CHECK(got.texts.size() == 1);
  CHECK(b.money.spent().requests == 2);
}

TEST_CASE("a request that fails for good is answered with a text that is not whole", "[endpoint][endpoint_writer]") {
  bench b;
  writer w = b.make();
  b.net.server = [&](const http_request& r) {
    const json request = parse_json(r.body, {"request"});
    return request.dump().find("Question 3") != std::string::npos ? test::says(400, R"({"error": "filtered"})")
                                                                  : test::says(200, b.reply(request));
  };
  const heard got = solved(b, std::move(w), {0, 1, 2});
  CHECK(got.texts.size() == 15);
  for (const auto& [key, text] : got.texts) CHECK(text.is_whole() == (key.first != 43));
}

TEST_CASE("what the server does not count is estimated, what it cut is marked", "[endpoint][endpoint_writer]") {
  bench b;
  writer w = b.make();
  b.net.server = [&](const http_request&) { return test::says(200, R"({"choices": [{"message": {"content": "12345678"}}]})"); };
  const std::string text(40'000, 'x');
  const few_shot shot{text, text};
  const std::vector<generation_request> requests{{1, std::span(&shot, 1)}};
  heard got;
  w.generate(requests, got);
  CHECK(got.exchanges[0].tokens_are_estimated);
  CHECK(got.exchanges[0].completion_tokens == 2);
  CHECK(got.exchanges[0].prompt_tokens > 20'000);
  CHECK_FALSE(got.exchanges[0].prompt_was_cut);
  CHECK(got.exchanges[0].model == "m");
  b.net.server = [&](const http_request& r) { return test::says(200, b.reply(parse_json(r.body, {"request"}))); };
  heard cut;
  w.generate(requests, cut);
  CHECK(cut.exchanges[0].prompt_was_cut);
}
