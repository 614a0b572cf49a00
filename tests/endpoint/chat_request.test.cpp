#include <prismatic/endpoint/chat_request.hpp>

#include "support/catch.hpp"

#include <vector>

using namespace prismatic;

TEST_CASE("a request says everything that matters", "[endpoint][chat_request]") {
  const std::vector<message> turns{{"system", "be \"brief\""}, {"user", "1 + 1\n"}};
  const chat_sampling sampling{.temperature = 0.5, .top_p = 1, .max_tokens = 7};
  CHECK(write_chat_request("a/b", turns, sampling, 3, 1) ==
        R"({"model":"a/b","messages":[{"role":"system","content":"be \"brief\""},{"role":"user","content":"1 + 1\n"}],)"
        R"("temperature":0.5,"top_p":1.0,"max_tokens":7,"seed":3,"stream":false})");
  CHECK(parse_json(write_chat_request("m", turns, sampling, 3, 4), {"x"}).at("n") == 4);
  CHECK_THROWS_AS(write_chat_request("m", std::vector<message>{{"user", "\xFF"}}, sampling, 3, 1), data_error);
}
