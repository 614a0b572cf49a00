#include "support/catch.hpp"

#include <prismatic/transformer/batch.hpp>

using namespace prismatic;

namespace {

token_sequence sequence(std::vector<token_id> tokens, std::vector<bool> carries_loss) {
  return {std::move(tokens), std::move(carries_loss)};
}

packed_batch packed(const std::vector<token_sequence>& sequences) {
  std::vector<const token_sequence*> members;
  for (const token_sequence& s : sequences) members.push_back(&s);
  return pack(members);
}

}  // namespace

TEST_CASE("the first token is never predicted", "[transformer][batch]") {
  CHECK(sequence({}, {}).loss_tokens() == 0);
  CHECK(sequence({5}, {true}).loss_tokens() == 0);
  CHECK(sequence({5, 6, 7}, {true, false, true}).loss_tokens() == 1);
}

TEST_CASE("packing lays inputs end to end and finds what is predicted where", "[transformer][batch]") {
  const packed_batch b = packed({sequence({10, 11, 12, 13}, {false, false, true, true}),
                                 sequence({20, 21}, {false, true}),
                                 sequence({30, 31, 32}, {true, true, false})});
  CHECK(b.inputs == std::vector<token_id>{10, 11, 12, 20, 30, 31});
  CHECK(*b.positions == std::vector<std::int32_t>{0, 1, 2, 0, 0, 1});
  CHECK(*b.sequences == layout{3, 1, 2});
  CHECK(*b.predicting == std::vector<token_id>{1, 2, 3, 4});
  CHECK(b.targets == std::vector<token_id>{12, 13, 21, 31});
  CHECK(*b.predictions == layout{2, 1, 1});
  CHECK(b.loss_tokens == std::vector<index_t>{2, 1, 1});
  CHECK(mean_nll_weights<double>(b) == std::vector<double>{0.5, 0.5, 1, 1});
  CHECK(mean_nll_weights<float>(b, 4) == std::vector<float>{2, 2, 4, 4});
}

TEST_CASE("packing refuses what carries no loss and flags that do not fit", "[transformer][batch]") {
  CHECK_THROWS_AS(packed({sequence({1, 2}, {true, false})}), option_error);
  CHECK_THROWS_AS(packed({sequence({1}, {true})}), option_error);
  CHECK_THROWS_AS(packed({sequence({}, {})}), option_error);
  CHECK_THROWS_AS(packed({sequence({1, 2, 3}, {true, true})}), shape_error);
  CHECK(packed({}).inputs.empty());
}

TEST_CASE("batches are neighbours within the budget, one sequence at least", "[transformer][batch]") {
  const std::vector<index_t> lengths{3, 4, 3, 20, 1, 10, 0};
  using plan = std::vector<row_range>;
  CHECK(plan_batches(lengths, 10) == plan{{0, 3}, {3, 4}, {4, 5}, {5, 7}});
  CHECK(plan_batches(lengths, 1) == plan{{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}, {5, 6}, {6, 7}});
  CHECK(plan_batches(lengths, 1000) == plan{{0, 7}});
  CHECK(plan_batches(std::vector<index_t>{}, 10).empty());
}
