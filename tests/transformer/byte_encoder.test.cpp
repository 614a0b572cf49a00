#include "support/catch.hpp"

#include <prismatic/transformer/byte_encoder.hpp>

#include <vector>

using namespace prismatic;

TEST_CASE("a sample reads begin, role mark, bytes, end", "[transformer][byte_encoder]") {
  using e = byte_encoder;
  const token_sequence s = e().encode(make_sample("x", "ab", "\xc3\xa9"));
  CHECK(s.tokens == std::vector<token_id>{e::begin, e::user, 'a', 'b', e::end, e::assistant, 0xc3, 0xa9, e::end});
  CHECK(s.carries_loss == std::vector<bool>{false, false, false, false, false, false, true, true, true});
}

TEST_CASE("every token is inside the vocabulary", "[transformer][byte_encoder]") {
  sample s;
  for (const char* role : {"system", "user", "assistant", "tool", "unheard-of"})
    s.messages.push_back({role, std::string("\x00\x7f\xff", 3)});
  for (const token_id t : byte_encoder().encode(s).tokens) CHECK((t >= 0 && t < byte_encoder::vocabulary));
}

TEST_CASE("only assistant turns beyond the given context carry loss", "[transformer][byte_encoder]") {
  sample s;
  s.messages = {{"user", "a"}, {"assistant", "b"}, {"user", "c"}, {"assistant", "d"}};
  CHECK(byte_encoder().encode(s).loss_tokens() == 4);
  s.context_messages = 2;
  CHECK(byte_encoder().encode(s).loss_tokens() == 2);
  s.messages = {{"text", "abc"}};
  s.context_messages = 0;
  CHECK(byte_encoder().encode(s).loss_tokens() == 4);
}
