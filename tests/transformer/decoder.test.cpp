#include "autodiff/gradient_check.hpp"
#include "support/catch.hpp"
#include "support/strided.hpp"
#include "transformer/models.hpp"

#include <prismatic/transformer/decoder.hpp>

#include <algorithm>

using namespace prismatic;

namespace {

const auto families = [] { return std::vector{test::qwen2_like(), test::qwen3_like(), test::llama_like()}; };

}  // namespace

TEMPLATE_LIST_TEST_CASE("all gradients of the three families agree with central differences", "[transformer][decoder]",
                        test::built_in_double) {
  using B = typename TestType::backend;
  context<B> cx({.threads = 2});
  for (const decoder_config& config : families()) {
    CAPTURE(B::name, config.tied, config.qk_norm);
    auto model = test::random_decoder<B, double>(config);
    const packed_batch batch = test::pack_all(test::random_sequences(config.vocabulary, {5, 2, 9}));
    const std::vector<double> weights = mean_nll_weights<double>(batch);
    CHECK(test::gradient_error(cx, model.parameters(), 3, [&](auto& t) { return model.loss(t, batch, weights); }) <=
          test::allowed);
  }
}

TEMPLATE_LIST_TEST_CASE("losses and gradients do not depend on the company a sequence keeps",
                        "[transformer][decoder]", test::built_in_double) {
  using B = typename TestType::backend;
  context<B> cx({.threads = GENERATE(1, 3)});
  for (const decoder_config& config : families()) {
    const auto model = test::random_decoder<B, double>(config);
    const auto sequences = test::random_sequences(config.vocabulary, {5, 2, 16, 9});
    const auto& infos = model.parameters().infos();
    test::recording_sink<double> together(infos, 4), permuted(infos, 4);
    const auto losses = test::sweep(cx, model, test::pack_all(sequences), together);
    const std::vector<std::size_t> order{2, 0, 3, 1};
    const auto other = test::sweep(cx, model, test::pack_some(sequences, order), permuted);
    for (std::size_t s = 0; s < 4; ++s) {
      test::recording_sink<double> alone(infos, 1);
      const auto loss = test::sweep(cx, model, test::pack_some(sequences, {s}), alone);
      const auto place = static_cast<index_t>(std::ranges::find(order, s) - order.begin());
      CHECK(losses[s] == Approx(loss[0]).epsilon(1e-13));
      CHECK(losses[s] == Approx(other[static_cast<std::size_t>(place)]).epsilon(1e-13));
      for (index_t p = 0; p < model.parameters().size(); ++p) {
        CHECK(test::relative_error(together.of(static_cast<index_t>(s), {p}), alone.of(0, {p})) <= 1e-11);
        CHECK(test::relative_error(permuted.of(place, {p}), alone.of(0, {p})) <= 1e-11);
      }
    }
  }
}

TEST_CASE("activation_bytes is what a forward pass leaves behind", "[transformer][decoder]") {
  using B = cpu_backend<>;
  for (decoder_config config : families()) {
    config.layers = 5;
    config.width = 96;
    config.ffn = 200;
    const auto model = test::random_decoder<B, double>(config);
    const auto batch = test::pack_all(test::random_sequences(config.vocabulary, {16, 16, 16}));
    context<B> cx({.threads = 1});
    test::recording_sink<double> sink(model.parameters().infos(), 3);
    tape<B, double, test::recording_sink<double>> t(cx, sink);
    model.hidden(t, batch.inputs, batch.sequences, batch.positions, [&](auto& tape, index_t, variable q, variable k, variable v) {
      return attention(tape, q, k, v, model.attention_sizes());
    });
    const auto kept = static_cast<double>(model.activation_bytes(45)), found = static_cast<double>(cx.scratch().most_lent_bytes());
    CHECK(found > kept);  // embeddings, last norm, sums of a few numbers a row
    CHECK(found < 1.2 * kept);
  }
}

TEMPLATE_LIST_TEST_CASE("with little memory blocks are computed again: the same gradients to the bit, in less",
                        "[transformer][decoder]", test::built_in_double) {
  using B = typename TestType::backend;
  for (decoder_config config : families()) {
    config.layers = 6;
    const auto model = test::random_decoder<B, double>(config);
    const packed_batch batch = test::pack_all(test::random_sequences(config.vocabulary, {16, 11, 9}));
    const index_t enough = model.activation_bytes(static_cast<index_t>(batch.inputs.size()));
    context<B> roomy({.threads = 2, .activation_bytes = enough}), tight({.threads = 2, .activation_bytes = enough - 1});
    const auto& infos = model.parameters().infos();
    test::recording_sink<double> kept(infos, 3), again(infos, 3);
    CHECK(test::sweep(roomy, model, batch, kept) == test::sweep(tight, model, batch, again));
    for (index_t s = 0; s < 3; ++s)
      for (index_t p = 0; p < model.parameters().size(); ++p)
        CHECK(test::identical(kept.of(s, {p}), again.of(s, {p})));
    CHECK(tight.scratch().most_lent_bytes() < roomy.scratch().most_lent_bytes() / 2);
  }
}

TEMPLATE_LIST_TEST_CASE("a later token changes no earlier logits", "[transformer][decoder]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 2});
  for (const decoder_config& config : families()) {
    const auto model = test::random_decoder<B, T>(config);
    const std::vector<token_id> tokens{3, 1, 4, 1, 5, 9, 2, 6};
    std::vector<token_id> changed = tokens;
    changed[5] = 0;
    const auto before = test::all_logits(cx, model, tokens), after = test::all_logits(cx, model, changed);
    CHECK(test::identical<double>(before.view().middle_rows(0, 5), after.view().middle_rows(0, 5)));
    CHECK_FALSE(test::identical<double>(before.view().middle_rows(5, 1), after.view().middle_rows(5, 1)));
    CHECK_FALSE(test::identical<double>(before.view().middle_rows(7, 1), after.view().middle_rows(7, 1)));
  }
}

TEST_CASE("parameters have their Hugging Face names and shapes", "[transformer][decoder]") {
  using B = cpu_backend<>;
  const decoder<B, float> qwen2(test::qwen2_like()), qwen3(test::qwen3_like()), llama(test::llama_like());
  const auto shape = [](const auto& model, const char* name) {
    const parameter_info& info = model.parameters().info(model.parameters().find(name));
    return std::pair(info.rows, info.cols);
  };
  using size = std::pair<index_t, index_t>;
  CHECK(shape(qwen2, "model.embed_tokens.weight") == size{11, 8});
  CHECK(shape(qwen2, "model.layers.1.self_attn.k_proj.weight") == size{4, 8});
  CHECK(shape(qwen2, "model.layers.1.self_attn.k_proj.bias") == size{1, 4});
  CHECK(shape(qwen2, "model.layers.0.mlp.down_proj.weight") == size{8, 7});
  CHECK_THROWS_AS(qwen2.parameters().find("lm_head.weight"), model_error);
  CHECK(shape(qwen3, "model.layers.0.self_attn.q_norm.weight") == size{1, 6});
  CHECK(shape(qwen3, "model.layers.0.self_attn.o_proj.weight") == size{6, 12});
  CHECK(shape(qwen3, "lm_head.weight") == size{11, 6});
  CHECK(shape(llama, "model.layers.0.self_attn.o_proj.bias") == size{1, 6});
  CHECK_THROWS_AS(llama.parameters().find("model.layers.0.self_attn.q_norm.weight"), model_error);
  CHECK(shape(llama, "model.norm.weight") == size{1, 6});
}

TEST_CASE("initial parameters are a function of the seed", "[transformer][decoder]") {
  using B = cpu_backend<>;
  decoder<B, double> a(test::qwen2_like()), b(test::qwen2_like()), c(test::qwen2_like());
  a.initialise(1);
  b.initialise(1);
  c.initialise(2);
  const parameter_id w = a.parameters().find("model.layers.0.mlp.up_proj.weight");
  CHECK(test::identical<double>(a.parameters().value(w), b.parameters().value(w)));
  CHECK_FALSE(test::identical<double>(a.parameters().value(w), c.parameters().value(w)));
  CHECK(a.parameters().value(a.parameters().find("model.norm.weight"))(0, 3) == 1.0);
  CHECK(a.parameters().value(a.parameters().find("model.layers.0.self_attn.q_proj.bias"))(0, 3) == 0.0);
}

TEST_CASE("an untrained decoder is about as unsure as can be", "[transformer][decoder]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  decoder<B, double> model(test::qwen3_like());  // all zeros: level logits
  const auto sequences = test::random_sequences(11, {7, 4});
  no_sink none;
  for (const double loss : test::sweep(cx, model, test::pack_all(sequences), none)) CHECK(loss == Approx(std::log(11.0)));
}

TEST_CASE("tokens outside the vocabulary and sequences beyond the context are refused", "[transformer][decoder]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  const auto model = test::random_decoder<B, float>(test::qwen2_like());
  no_sink none;
  const auto run = [&](const std::vector<token_sequence>& s) { return test::sweep(cx, model, test::pack_all(s), none); };
  CHECK_NOTHROW(run(test::random_sequences(11, {17})));  // 16 inputs, the context
  CHECK_THROWS_AS(run(test::random_sequences(11, {18})), option_error);
  CHECK_THROWS_AS(run({{{1, 11, 2}, {true, true, true}}}), option_error);   // an input
  CHECK_THROWS_AS(run({{{1, 2, 11}, {true, true, true}}}), option_error);   // a target
  CHECK_THROWS_AS(run({{{1, -1, 2}, {true, true, true}}}), option_error);
  decoder_config broken = test::qwen2_like();
  broken.kv_heads = 3;
  CHECK_THROWS_AS((decoder<B, float>(broken)), option_error);
}
