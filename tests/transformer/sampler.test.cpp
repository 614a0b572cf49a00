#include "support/catch.hpp"
#include "transformer/models.hpp"

#include <prismatic/transformer/sampler.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

using namespace prismatic;

namespace {

using tokens = std::vector<token_id>;

const std::vector<tokens> prompts{{3}, {1, 4, 1, 5, 9}, {2, 6}, {5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4}};

// What generate must give, recomputing the whole forward pass for every token.
template <class B, class T>
tokens without_cache(context<B>& cx, const decoder<B, T>& model, const tokens& prompt, index_t prompt_number,
                     const sampling_options& options) {
  tokens all = prompt;
  const random_stream random(options.seed, "continuation " + std::to_string(prompt_number));
  for (std::uint64_t draw = 0; static_cast<index_t>(draw) < options.max_tokens; ++draw) {
    if (static_cast<index_t>(all.size()) == model.config().context) break;
    const matrix<double> logits = test::all_logits(cx, model, all);
    const std::span<const double> last(logits.view().row(logits.rows() - 1), static_cast<std::size_t>(logits.cols()));
    const token_id next = sample_token(last, options, random.uniform(draw));
    if (std::ranges::find(options.stop_tokens, next) != options.stop_tokens.end()) break;
    all.push_back(next);
  }
  return {all.begin() + static_cast<std::ptrdiff_t>(prompt.size()), all.end()};
}

token_id drawn(const std::vector<double>& logits, const sampling_options& options, double uniform) {
  return sample_token(std::span<const double>(logits), options, uniform);
}

// The share of each token over an even grid of draws.
std::vector<double> shares(const std::vector<double>& logits, const sampling_options& options) {
  std::vector<double> out(logits.size());
  constexpr int draws = 10000;
  for (int i = 0; i < draws; ++i)
    out[static_cast<std::size_t>(drawn(logits, options, (i + 0.5) / draws))] += 1.0 / draws;
  return out;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("generation over the cache is the forward pass repeated", "[transformer][sampler]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = GENERATE(1, 3)});
  for (const decoder_config& config : {test::qwen2_like(), test::qwen3_like(), test::llama_like()}) {
    const auto model = test::random_decoder<B, T>(config);
    for (const double temperature : {0.0, 0.9}) {
      const sampling_options options{.max_tokens = 6, .temperature = temperature, .seed = 5};
      const auto found = generate(cx, model, prompts, options);
      REQUIRE(found.size() == prompts.size());
      for (std::size_t p = 0; p < prompts.size(); ++p) {
        CAPTURE(B::name, temperature, p);
        CHECK(found[p] == without_cache(cx, model, prompts[p], static_cast<index_t>(p), options));
      }
    }
  }
}

TEMPLATE_LIST_TEST_CASE("a continuation does not depend on the rest of the batch", "[transformer][sampler]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 2});
  const auto model = test::random_decoder<B, T>(test::qwen3_like());
  sampling_options options{.max_tokens = 8, .temperature = 1.2, .top_k = 6, .top_p = 0.9, .seed = 11};
  const auto together = generate(cx, model, prompts, options);
  for (std::size_t p = 0; p < prompts.size(); ++p) {
    options.streams = {static_cast<index_t>(p)};
    CHECK(generate(cx, model, std::vector<tokens>{prompts[p]}, options)[0] == together[p]);
  }
}

TEMPLATE_LIST_TEST_CASE("what is read in one pass and how many go on at once does not matter", "[transformer][sampler]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 2});
  const decoder_config config = test::llama_like();
  const auto model = test::random_decoder<B, T>(config);
  std::vector<tokens> many;
  for (int i = 0; i < 5; ++i) many.insert(many.end(), prompts.begin(), prompts.end());
  sampling_options options{.max_tokens = 4, .temperature = 1.1, .stop_tokens = {1, 3}, .seed = 6};
  const auto together = generate(cx, model, many, options);
  const index_t one = 16 * key_value_cache<B, T>::bytes_per_token(config);  // the longest: 12 tokens and 4 more
  for (const index_t slots : {0, 1, 2, 7}) {
    for (const index_t pass_tokens : {0, 6, 14}) {
      CAPTURE(B::name, slots, pass_tokens);
      options.cache_bytes = slots * one;
      options.pass_tokens = pass_tokens;
      CHECK(generate(cx, model, many, options) == together);
    }
  }
}

TEST_CASE("streams have numbers and names", "[transformer][sampler]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  const auto model = test::random_decoder<B, double>(test::qwen2_like());
  const std::vector<tokens> same{{1, 2}, {1, 2}, {1, 2}};
  const auto first = generate(cx, model, same, {.max_tokens = 10, .streams = {7, 8, 7}});
  CHECK(first[0] == first[2]);
  CHECK(first[0] != first[1]);
  CHECK(first != generate(cx, model, same, {.max_tokens = 10, .purpose = "other", .streams = {7, 8, 7}}));
  CHECK_THROWS_WITH(generate(cx, model, same, {.streams = {1}}), "generate: found 1 streams, expected one for each of 3 prompts");
}

TEST_CASE("sampling reports what is done and can be stopped there", "[transformer][sampler]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 2});
  const auto model = test::random_decoder<B, double>(test::qwen2_like());
  std::vector<index_t> done;
  auto listen = [&](const progress_report& r) { done.push_back(r.done); };
  (void)generate(cx, model, prompts, {.max_tokens = 3, .on_progress = listen});
  CHECK(done == std::vector<index_t>{0, 0, 4});
  auto stop = [](const progress_report&) { throw std::runtime_error("enough"); };
  CHECK_THROWS_WITH(generate(cx, model, prompts, {.max_tokens = 3, .on_progress = stop}), "enough");
}

TEST_CASE("a seed repeats itself and another one does not", "[transformer][sampler]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 2});
  const auto model = test::random_decoder<B, float>(test::qwen2_like());
  const std::vector<tokens> same{{1, 2}, {1, 2}};
  const auto with_seed = [&](std::uint64_t seed) { return generate(cx, model, same, {.max_tokens = 10, .seed = seed}); };
  const auto a = with_seed(1);
  CHECK(a == with_seed(1));
  CHECK(a != with_seed(2));
  CHECK(a[0] != a[1]);  // two prompts, two streams
}

TEST_CASE("the likeliest of one is the greedy choice", "[transformer][sampler]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 2});
  const auto model = test::random_decoder<B, float>(test::llama_like());
  const auto greedy = generate(cx, model, prompts, {.max_tokens = 9, .temperature = 0});
  CHECK(greedy == generate(cx, model, prompts, {.max_tokens = 9, .temperature = 3, .top_k = 1}));
  CHECK(greedy == generate(cx, model, prompts, {.max_tokens = 9, .temperature = 3, .top_p = 1e-9}));
  CHECK(greedy == generate(cx, model, prompts, {.max_tokens = 9, .temperature = 1e-6}));
}

TEST_CASE("a stop token ends its own continuation and is left out", "[transformer][sampler]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 2});
  const auto model = test::random_decoder<B, double>(test::qwen2_like());
  const sampling_options free{.max_tokens = 10, .seed = 3};
  const auto all = generate(cx, model, prompts, free);
  for (token_id stop = 0; stop < 11; ++stop) {
    sampling_options options = free;
    options.stop_tokens = {100, stop};
    const auto cut = generate(cx, model, prompts, options);
    for (std::size_t p = 0; p < prompts.size(); ++p)
      CHECK(cut[p] == tokens(all[p].begin(), std::ranges::find(all[p], stop)));
  }
}

TEST_CASE("generation ends at max_tokens or at the context's end", "[transformer][sampler]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 2});
  const auto model = test::random_decoder<B, float>(test::qwen2_like());  // a context of 16
  const std::vector<tokens> lengths{tokens(1, 5), tokens(10, 5), tokens(15, 5), tokens(16, 5)};
  const auto sizes = [&](index_t most) {
    std::vector<std::size_t> out;
    for (const tokens& t : generate(cx, model, lengths, {.max_tokens = most, .temperature = 0})) out.push_back(t.size());
    return out;
  };
  CHECK(sizes(0) == std::vector<std::size_t>{0, 0, 0, 0});
  CHECK(sizes(4) == std::vector<std::size_t>{4, 4, 1, 0});
  CHECK(sizes(1000) == std::vector<std::size_t>{15, 6, 1, 0});
  CHECK(generate(cx, model, std::vector<tokens>{}, {}).empty());
}

TEST_CASE("generation refuses prompts and options it cannot use", "[transformer][sampler]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  auto model = test::random_decoder<B, float>(test::qwen2_like());
  const auto run = [&](tokens prompt, sampling_options o) { return generate(cx, model, std::vector<tokens>{prompt}, o); };
  CHECK_THROWS_AS(run({}, {}), option_error);
  CHECK_THROWS_AS(run(tokens(17, 1), {}), option_error);
  CHECK_THROWS_WITH(run(tokens(17, 1), {}), "generate: found a prompt of 17 tokens, expected 1 to 16");
  CHECK_THROWS_AS(run({11}, {}), option_error);
  CHECK_THROWS_AS(run({1}, {.max_tokens = -1}), option_error);
  CHECK_THROWS_AS(run({1}, {.temperature = -1}), option_error);
  CHECK_THROWS_AS(run({1}, {.temperature = std::numeric_limits<double>::quiet_NaN()}), option_error);
  CHECK_THROWS_AS(run({1}, {.top_k = -1}), option_error);
  CHECK_THROWS_AS(run({1}, {.cache_bytes = -1}), option_error);
  CHECK_THROWS_AS(run({1}, {.pass_tokens = -1}), option_error);
  CHECK_THROWS_AS(run({1}, {.top_p = 0}), option_error);
  CHECK_THROWS_AS(run({1}, {.top_p = 1.1}), option_error);
  model.parameters().value(model.parameters().find("model.norm.weight"))(0, 0) = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS(run({1}, {}), numeric_error);
}

TEST_CASE("a token is drawn with its probability", "[transformer][sampler]") {
  const std::vector<double> logits{std::log(0.1), std::log(0.4), std::log(0.2), std::log(0.3)};
  const auto near = [](const std::vector<double>& found, const std::vector<double>& expected) {
    for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i] == Approx(expected[i]).margin(2e-4));
  };
  near(shares(logits, {}), {0.1, 0.4, 0.2, 0.3});
  near(shares(logits, {.top_k = 4}), {0.1, 0.4, 0.2, 0.3});
  near(shares(logits, {.top_k = 100}), {0.1, 0.4, 0.2, 0.3});
  near(shares(logits, {.top_k = 2}), {0, 4.0 / 7, 0, 3.0 / 7});
  near(shares(logits, {.top_p = 0.7 - 1e-9}), {0, 4.0 / 7, 0, 3.0 / 7});
  near(shares(logits, {.top_p = 0.75}), {0, 4.0 / 9, 2.0 / 9, 3.0 / 9});
  near(shares(logits, {.top_p = 0.4 - 1e-9}), {0, 1, 0, 0});
  near(shares(logits, {.top_k = 3, .top_p = 0.75}), {0, 4.0 / 7, 0, 3.0 / 7});  // 4/9 + 3/9 reaches it
  const double cold = 0.16 + 0.09 + 0.04 + 0.01;  // temperature 1/2 squares the probabilities
  near(shares(logits, {.temperature = 0.5}), {0.01 / cold, 0.16 / cold, 0.04 / cold, 0.09 / cold});
}

TEST_CASE("the top p of many tokens is what a full sort gives", "[transformer][sampler]") {
  const random_stream random(4, "logits");
  std::vector<double> logits(3000), weights;
  for (std::size_t i = 0; i < logits.size(); ++i) logits[i] = 3 * random.normal(i);
  std::vector<token_id> order(logits.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<token_id>(i);
  std::ranges::sort(order, [&](token_id a, token_id b) { return logits[static_cast<std::size_t>(a)] > logits[static_cast<std::size_t>(b)]; });
  double total = 0;
  for (const double l : logits) total += std::exp(l);
  for (const double top_p : {0.02, 0.5, 0.95, 0.9999}) {
    double reached = 0;
    std::vector<token_id> top;
    for (const token_id t : order) {
      if (reached >= top_p * total) break;
      top.push_back(t);
      reached += std::exp(logits[static_cast<std::size_t>(t)]);
    }
    for (const double uniform : {0.0, 0.3, 0.77, 1 - 1e-9}) {
      double left = uniform * reached;
      std::size_t i = 0;
      while (i + 1 < top.size() && (left -= std::exp(logits[static_cast<std::size_t>(top[i])])) >= 0) ++i;
      CAPTURE(top_p, uniform, top.size());
      CHECK(drawn(logits, {.top_p = top_p}, uniform) == top[i]);
    }
  }
}

TEST_CASE("equal logits are taken in order of their ids", "[transformer][sampler]") {
  const std::vector<double> level(5, 2.0);
  CHECK(drawn(level, {.temperature = 0}, 0.9) == 0);
  for (const double p : shares(level, {.top_k = 5})) CHECK(p == Approx(0.2).margin(2e-4));
  CHECK(shares(level, {.top_k = 2})[1] == Approx(0.5).margin(2e-4));
  CHECK(shares(level, {.top_p = 0.5})[2] == Approx(1.0 / 3).margin(2e-4));
}

TEST_CASE("extreme logits neither overflow nor pass unseen", "[transformer][sampler]") {
  constexpr double infinite = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(drawn({1e30, -1e30, 0}, {}, 0.999999) == 0);
  CHECK(drawn({-infinite, 3, -infinite}, {}, 0.999999) == 1);
  CHECK(drawn({-infinite, 3, -infinite}, {.top_k = 3}, 0.999999) == 1);
  CHECK_THROWS_AS(drawn({0, nan}, {}, 0.5), numeric_error);
  CHECK_THROWS_AS(drawn({nan, 0}, {.temperature = 0}, 0.5), numeric_error);
  CHECK_THROWS_AS(drawn({0, infinite}, {}, 0.5), numeric_error);
  CHECK_THROWS_AS(drawn({-infinite, -infinite}, {}, 0.5), numeric_error);
}
