#include <prismatic/endpoint/chat_response.hpp>

#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace prismatic;

TEST_CASE("texts come in the order of their index, with their end", "[endpoint][chat_response]") {
  const auto reply = read_chat_reply(R"({"id": "x", "model": "m-1", "choices": [
      {"index": 1, "message": {"role": "assistant", "content": "b", "reasoning_content": "hm"}, "finish_reason": "length"},
      {"index": 0, "message": {"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "!"}]}, "finish_reason": "stop"}],
      "usage": {"prompt_tokens": 12, "completion_tokens": 30, "total_tokens": 42}})");
  REQUIRE(reply);
  CHECK(reply->texts == std::vector<response>{{"a!", "stop"}, {"b", "length"}});
  CHECK(reply->model == "m-1");
  CHECK(reply->prompt_tokens == 12);
  CHECK(reply->completion_tokens == 30);
}

TEST_CASE("what servers leave out is not missed", "[endpoint][chat_response]") {
  const auto reply = read_chat_reply(R"({"choices": [{"message": {"content": null}}, {"message": {"content": "x"}, "finish_reason": null}]})");
  REQUIRE(reply);
  CHECK(reply->texts == std::vector<response>{{"", ""}, {"x", ""}});
  CHECK_FALSE(reply->prompt_tokens);
  for (const char* usage : {"-1", "1e3", "\"7\"", "99999999999999999999", "null", "[]", "1000000001"})
    CHECK_FALSE(read_chat_reply(R"({"choices": [{"message": {"content": "x"}}], "usage": {"prompt_tokens": )" + std::string(usage) + "}}")
                    ->prompt_tokens);
}

TEST_CASE("what is no reply is not read as one", "[endpoint][chat_response]") {
  const std::string good = R"({"choices": [{"message": {"content": "x"}}]})";
  REQUIRE(read_chat_reply(good));
  for (std::size_t cut = 0; cut < good.size(); ++cut) CHECK_FALSE(read_chat_reply(good.substr(0, cut)));
  for (const char* body : {"<html><body>502 Bad Gateway</body></html>", "[]", "null", "7", R"({"choices": []})", R"({"choices": {}})",
                           R"({"choices": [7]})", R"({"choices": [{"text": "x"}]})", R"({"error": {"message": "no"}})",
                           R"({"choices": [{"message": {"content": "a"}}], "choices": []})", R"({"choices": [{"message": "x"}]})",
                           "{\"choices\": [{\"message\": {\"content\": \"\xFF\"}}]}"})
    CHECK_FALSE(read_chat_reply(body));
  CHECK_FALSE(read_chat_reply(std::string(1'000'000, '[')));
  CHECK_FALSE(read_chat_reply(R"({"choices": )" + std::string(100'000, '{')));
}

TEST_CASE("complaints are found in the forms servers use", "[endpoint][chat_response]") {
  CHECK(server_complaint(R"({"error": {"message": "Slow down", "type": "requests", "code": "rate_limit"}})") == R"("Slow down" "requests" "rate_limit")");
  CHECK(server_complaint(R"({"error": "no such model"})") == "\"no such model\"");
  CHECK(server_complaint(R"({"object": "error", "message": "too long", "code": 400})") == "\"too long\"");
  CHECK(server_complaint(R"({"detail": "Not Found"})") == "\"Not Found\"");
  CHECK(server_complaint("<html>\n<b>502</b>") == "\"<html>?<b>502</b>\"");
  CHECK(server_complaint("") == "nothing");
  CHECK(server_complaint(R"({"odd": 1})") == "\"{\"odd\": 1}\"");
  CHECK(server_complaint(std::string(5000, 'x')).size() < 300);
}

TEST_CASE("models are listed", "[endpoint][chat_response]") {
  CHECK(read_model_list(R"({"object": "list", "data": [{"id": "a"}, {"id": "b/c"}, {"name": "x"}, 7]})") == std::vector<std::string>{"a", "b/c"});
  CHECK(read_model_list("<html>").empty());
  CHECK(read_model_list(R"({"data": {}})").empty());
}
