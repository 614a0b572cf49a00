#include <prismatic/io/sample.hpp>

#include "support/catch.hpp"

using namespace prismatic;

TEST_CASE("prompt and completion are the two sides of the last turn that carries loss", "[io][sample]") {
  const sample pair = make_sample("1", "Q", "A");
  CHECK(pair.prompt() == "Q");
  CHECK(pair.completion() == "A");

  sample chat;
  chat.messages = {{"system", "S"}, {"user", "Q1"},      {"assistant", "A1"},
                   {"user", "Q2"},  {"assistant", "A2"}, {"user", "Q3"}};
  CHECK(chat.prompt() == "S\n\nQ1\n\nA1\n\nQ2");
  CHECK(chat.completion() == "A2");
  CHECK(chat.carries_loss(2));
  CHECK_FALSE(chat.carries_loss(3));
  chat.context_messages = 3;
  CHECK_FALSE(chat.carries_loss(2));
  CHECK(chat.carries_loss(4));

  sample text;
  text.messages = {{"text", "T"}};
  CHECK(text.prompt().empty());
  CHECK(text.completion() == "T");
  CHECK(sample{}.prompt().empty());
  CHECK(sample{}.completion().empty());
}
