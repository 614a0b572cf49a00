#include "support/catch.hpp"

#include <prismatic/transformer/text_encoder.hpp>

#include <string>
#include <vector>

using namespace prismatic;

namespace {

// Tokens 0, 1, 2, ...; the last `loss` of them carry loss.
token_sequence sequence(index_t size, index_t loss) {
  token_sequence out;
  for (index_t t = 0; t < size; ++t) {
    out.tokens.push_back(static_cast<token_id>(t));
    out.carries_loss.push_back(t >= size - loss);
  }
  return out;
}

}  // namespace

TEST_CASE("a sequence that fits is left alone", "[transformer][text_encoder]") {
  token_sequence s = sequence(11, 4);
  CHECK(fit_context(s, 10, truncation::refuse, "x") == 0);  // the eleventh token is only predicted
  CHECK(s.size() == 11);
}

TEST_CASE("a long prompt is cut from the left, behind the first token", "[transformer][text_encoder]") {
  token_sequence s = sequence(14, 4);
  CHECK(fit_context(s, 10, truncation::prompt, "x") == 3);
  CHECK(s.tokens == std::vector<token_id>{0, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13});
  CHECK(s.loss_tokens() == 4);
}

TEST_CASE("a sample that cannot be cut is refused by name", "[transformer][text_encoder]") {
  token_sequence s = sequence(14, 12);
  CHECK_THROWS_WITH(fit_context(s, 10, truncation::prompt, "data.jsonl:7"),
                    "data.jsonl:7: found 13 tokens, expected at most 10 (the proxy's context) after cutting the prompt");
  CHECK(s.size() == 14);
  token_sequence t = sequence(14, 4);
  CHECK_THROWS_AS(fit_context(t, 10, truncation::refuse, "x"), data_error);
}

TEST_CASE("exactly the whole prompt but its first token may go", "[transformer][text_encoder]") {
  token_sequence s = sequence(14, 10);  // 4 prompt tokens, 3 may go
  CHECK(fit_context(s, 10, truncation::prompt, "x") == 3);
  token_sequence t = sequence(14, 10);
  CHECK_THROWS_AS(fit_context(t, 9, truncation::prompt, "x"), data_error);
}
