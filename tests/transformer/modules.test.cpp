#include "autodiff/recording_sink.hpp"
#include "support/catch.hpp"
#include "transformer/models.hpp"

#include <prismatic/transformer/modules.hpp>

#include <algorithm>
#include <string>

using namespace prismatic;

namespace {

// The names that `modules` keeps, in order, of qwen2_like cut to two blocks.
std::string kept(const std::string& modules) {
  decoder_config config = test::qwen2_like();
  config.layers = 2;
  const decoder<cpu_backend<>, float> model(config);
  const auto& infos = model.parameters().infos();
  const auto wanted = wanted_parameters(infos, config.layers, modules);
  std::string out;
  for (std::size_t p = 0; p < infos.size(); ++p)
    if (wanted[p]) out += infos[p].name.substr(infos[p].name.find("layers.") == std::string::npos ? 6 : 13) + " ";
  return out;
}

const std::string attention_1 =
    "1.self_attn.q_proj.weight 1.self_attn.q_proj.bias 1.self_attn.k_proj.weight 1.self_attn.k_proj.bias "
    "1.self_attn.v_proj.weight 1.self_attn.v_proj.bias 1.self_attn.o_proj.weight ";
const std::string mlp_1 = "1.mlp.gate_proj.weight 1.mlp.up_proj.weight 1.mlp.down_proj.weight ";

}  // namespace

TEST_CASE("modules name parameters", "[transformer][modules]") {
  CHECK(kept("last:1") ==
        "1.input_layernorm.weight " + attention_1 + "1.post_attention_layernorm.weight " + mlp_1 + "norm.weight ");
  CHECK(kept("attention,last:1") == attention_1);
  CHECK(kept("last:1,mlp") == mlp_1);
  CHECK(kept("mlp").ends_with(mlp_1));
  CHECK(kept("mlp").starts_with("0.mlp.gate_proj.weight "));
  CHECK(kept("all").starts_with("embed_tokens.weight 0.input_layernorm.weight "));
  CHECK("embed_tokens.weight " + kept("no-embedding") == kept("all"));
  CHECK(kept("last:2") == kept("no-embedding"));
}

TEST_CASE("modules that are misspelled or keep nothing are refused", "[transformer][modules]") {
  for (const char* wrong : {"", "atention", "last", "last:", "last:0", "last:3", "last:1x", "last:-1", "all,", ",all", "ALL"})
    CHECK_THROWS_AS(kept(wrong), option_error);
  CHECK_THROWS_WITH(kept("mlp,attention"), "modules: found \"mlp,attention\", which leaves no parameter");
  CHECK_THROWS_WITH(kept("last:9"), Catch::Matchers::Contains("expected all, attention, mlp, no-embedding or last:N with N from 1 to 2"));
}

TEST_CASE("the sweep hears of no block below the last wanted one", "[transformer][modules]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  decoder_config config = test::llama_like();
  config.layers = 3;
  const auto model = test::random_decoder<B, double>(config);
  const auto& infos = model.parameters().infos();
  const auto batch = test::pack_all(test::random_sequences(config.vocabulary, {7, 5}));
  test::recording_sink<double> all(infos, 2), some(infos, 2);
  some.wanted = wanted_parameters(infos, config.layers, "last:1");
  test::sweep(cx, model, batch, all);
  test::sweep(cx, model, batch, some);
  for (index_t p = 0; p < model.parameters().size(); ++p) {
    const auto place = static_cast<std::size_t>(p);
    CHECK(some.calls[place] == (some.wanted[place] ? all.calls[place] : 0));
    if (some.wanted[place])
      for (index_t s = 0; s < 2; ++s)
        CHECK(std::equal(all.of(s, {p}).data(), all.of(s, {p}).data() + all.of(s, {p}).size(), some.of(s, {p}).data()));
  }
}
