#include "support/catch.hpp"
#include "endpoint/virtual_transport.hpp"

#include <prismatic/endpoint/endpoint_client.hpp>

#include <string>

using namespace prismatic;
using test::virtual_transport;

namespace {

struct bench {
  virtual_transport net;
  budget money;
  endpoint_client<virtual_transport> client{endpoint_url("http://x/v1"), net, {}, money};
};

}  // namespace

TEST_CASE("the only model of a server need not be named", "[endpoint][endpoint_client]") {
  bench b;
  std::string asked;
  b.net.server = [&](const http_request& r) {
    asked = r.url + r.body;
    return test::says(200, R"({"data": [{"id": "only"}]})");
  };
  CHECK(b.client.model_or_only("named", "--m") == "named");
  CHECK(b.net.starts.empty());
  CHECK(b.client.model_or_only("", "--m") == "only");
  CHECK(b.client.model_or_only("", "--m") == "only");
  CHECK(b.net.starts.size() == 1);
  CHECK(asked == "http://x/v1/models");
}

TEST_CASE("a server with several models, or none, needs a name", "[endpoint][endpoint_client]") {
  bench several;
  several.net.server = [](const http_request&) { return test::says(200, R"({"data": [{"id": "a"}, {"id": "b"}]})"); };
  CHECK_THROWS_WITH(several.client.model_or_only("", "--generator-model"),
                    "http://x/v1: found the models \"a\", \"b\", expected --generator-model to name one");
  bench none;
  none.net.server = [](const http_request&) { return test::says(404, "Not Found"); };
  CHECK_THROWS_WITH(none.client.model_or_only("", "--m"), "http://x/v1: found no list of models, expected --m to name one");
  bench closed;
  closed.net.server = [](const http_request&) { return test::says(401, R"({"error": {"message": "Incorrect API key"}})"); };
  CHECK_THROWS_WITH(closed.client.models(), "http://x/v1: found status 401: \"Incorrect API key\"");
}

TEST_CASE("support of n is found by asking", "[endpoint][endpoint_client]") {
  const std::string one = R"({"message": {"content": "yes"}})";
  bench many;
  many.net.server = [&](const http_request& r) {
    CHECK(parse_json(r.body, {"request"}).at("n") == 2);
    return test::says(200, "{\"choices\": [" + one + ", " + one + "]}");
  };
  CHECK(many.client.manners("m").many);
  CHECK(many.client.manners("m").many);
  CHECK(many.net.starts.size() == 1);
  many.client.learn_single("m");
  CHECK_FALSE(many.client.manners("m").many);
  CHECK(many.money.spent().requests == 0);

  bench ignores;
  ignores.net.server = [&](const http_request&) { return test::says(200, "{\"choices\": [" + one + "]}"); };
  CHECK_FALSE(ignores.client.manners("m").many);
  bench refuses;
  refuses.net.server = [](const http_request&) { return test::says(400, R"({"error": "n must be 1"})"); };
  CHECK_FALSE(refuses.client.manners("m").many);
  bench absent;
  absent.net.server = [](const http_request&) { return test::says(404, R"({"error": "model 'm' not found"})"); };
  CHECK_THROWS_WITH(absent.client.manners("m"), "http://x/v1: found status 404: \"model 'm' not found\"");
}

TEST_CASE("a model that names the limit of a text otherwise is asked in its own words", "[endpoint][endpoint_client]") {
  bench b;
  b.net.server = [](const http_request& r) {
    const json asked = parse_json(r.body, {"request"});
    CHECK(asked.contains("max_tokens") != asked.contains("max_completion_tokens"));
    if (asked.contains("max_tokens"))
      return test::says(400, R"({"error": {"message": "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."}})");
    return test::says(200, R"({"choices": [{"message": {"content": "yes"}}, {"message": {"content": "yes"}}]})");
  };
  const chat_manners found = b.client.manners("m");
  CHECK(found.newer_limit);
  CHECK(found.many);
  CHECK(b.net.starts.size() == 2);
}
