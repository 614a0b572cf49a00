#include "support/catch.hpp"
#include "support/numeric.hpp"
#include "support/strided.hpp"

#include <prismatic/transformer/decoder.hpp>
#include <prismatic/transformer/training.hpp>

#include <cmath>
#include <map>
#include <stdexcept>
#include <vector>

using namespace prismatic;

namespace {

// Counting by threes, modulo 17, from every start: after its first token a sequence holds no surprise.
std::vector<token_sequence> counting(index_t length) {
  std::vector<token_sequence> out;
  for (token_id first = 0; first < 17; ++first) {
    token_sequence s;
    for (index_t t = 0; t < length; ++t) {
      s.tokens.push_back(static_cast<token_id>((first + 3 * t) % 17));
      s.carries_loss.push_back(true);
    }
    out.push_back(s);
  }
  return out;
}

decoder_config small() {
  return {.vocabulary = 17, .width = 16, .layers = 1, .heads = 2, .kv_heads = 1, .head_dim = 8, .ffn = 24, .context = 12};
}

template <class B, class T>
decoder<B, T> fresh() {
  decoder<B, T> model(small());
  model.initialise(1);
  return model;
}

template <class B, class T>
bool same_parameters(const decoder<B, T>& a, const decoder<B, T>& b) {
  bool same = true;
  for (index_t p = 0; p < a.parameters().size(); ++p)
    same = same && test::identical<T>(a.parameters().value({p}), b.parameters().value({p}));
  return same;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("training learns a toy language", "[transformer][training]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 2, .seed = 4});
  auto model = fresh<B, T>();
  const auto data = counting(8);
  const training_result r = train(cx, model, data, {.steps = 120, .batch_tokens = 64, .learning_rate = 1e-2});
  REQUIRE(r.losses.size() == 120);
  CHECK(r.losses.front() > 2);     // about ln 17 = 2.8
  CHECK(r.losses.back() < 0.2);
  // Batches of 8 sequences, 8 and 1 an epoch: 17 sequences of 7 inputs in 3 steps.
  CHECK(r.tokens_seen == 40 * 17 * 7);
}

TEMPLATE_LIST_TEST_CASE("training is a function of the seed and the thread count", "[transformer][training]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  const auto data = counting(6);
  const auto run = [&](int threads, std::uint64_t seed) {
    context<B> cx({.threads = threads, .seed = seed});
    auto model = fresh<B, T>();
    auto result = train(cx, model, data, {.steps = 12, .batch_tokens = 30});
    return std::pair(std::move(model), std::move(result.losses));
  };
  for (const int threads : {1, 3}) {
    const auto a = run(threads, 1), b = run(threads, 1), c = run(threads, 2);
    CHECK(a.second == b.second);
    CHECK(same_parameters(a.first, b.first));
    CHECK(a.second != c.second);
  }
}

TEST_CASE("the reported loss is the mean NLL per loss token of the batch", "[transformer][training]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  decoder<B, double> model(small());  // zeros: every prediction costs ln 17, and no weight has a gradient yet
  auto data = counting(5);
  data.resize(3);
  data[1].carries_loss = {true, true, false, false, false};
  const training_result r = train(cx, model, data, {.steps = 1, .batch_tokens = 1000});
  CHECK(r.losses[0] == Approx(std::log(17.0)));
  CHECK(r.tokens_seen == 12);
}

TEST_CASE("an epoch shows every sequence once, each epoch in its own order", "[transformer][training]") {
  const auto data = counting(5);
  shuffled_batches batches(data, 20, 7);
  std::vector<std::vector<token_id>> epochs;
  for (int e = 0; e < 3; ++e) {
    epochs.emplace_back();
    while (epochs.back().size() < data.size()) {
      const auto members = batches.next();
      CHECK((!members.empty() && members.size() <= 4));
      for (const token_sequence* s : members) epochs.back().push_back(s->tokens[0]);
    }
    REQUIRE(epochs.back().size() == data.size());  // no batch crosses into the next epoch
    std::map<token_id, int> seen;
    for (const token_id first : epochs.back()) ++seen[first];
    CHECK(seen.size() == data.size());
  }
  CHECK(epochs[0] != epochs[1]);
  CHECK(epochs[1] != epochs[2]);
}

TEST_CASE("progress counts steps and can stop the run", "[transformer][training]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  auto model = fresh<B, float>();
  const auto data = counting(5);
  std::vector<index_t> seen;
  const auto count = [&](const progress_report& r) {
    CHECK(r.stage == "training");
    CHECK(r.total == 9);
    seen.push_back(r.done);
    if (r.done == 4) throw std::runtime_error("stop");
  };
  CHECK_THROWS_AS(train(cx, model, data, {.steps = 9, .batch_tokens = 30, .on_progress = count}), std::runtime_error);
  CHECK(seen == std::vector<index_t>{1, 2, 3, 4});
}

TEST_CASE("training refuses options and data it cannot use, before the first step", "[transformer][training]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  auto model = fresh<B, float>();
  const auto before = fresh<B, float>();
  const auto data = counting(5);
  CHECK_THROWS_AS(train(cx, model, {}, {}), option_error);
  CHECK_THROWS_AS(train(cx, model, data, {.steps = 0}), option_error);
  CHECK_THROWS_AS(train(cx, model, data, {.batch_tokens = 0}), option_error);
  CHECK_THROWS_AS(train(cx, model, data, {.learning_rate = 0}), option_error);
  CHECK_THROWS_AS(train(cx, model, data, {.warmup_steps = -1}), option_error);
  CHECK_THROWS_AS(train(cx, model, data, {.adamw = {.beta1 = 2}}), option_error);
  auto with_silent = data, with_long = data;
  with_silent.back().carries_loss.assign(5, false);
  with_long.push_back(counting(14)[0]);  // 13 inputs, a context of 12
  CHECK_THROWS_AS(train(cx, model, with_silent, {}), option_error);
  CHECK_THROWS_AS(train(cx, model, with_long, {}), option_error);
  CHECK_THROWS_WITH(train(cx, model, with_long, {}), "train: found a sequence of 14 tokens, expected at most 13");
  CHECK(same_parameters(model, before));
}
