#include "support/catch.hpp"
#include "support/numeric.hpp"
#include "support/strided.hpp"
#include "transformer/checkpoints.hpp"
#include "transformer/models.hpp"

#include <prismatic/diversity/vendi.hpp>
#include <prismatic/gradient/collect.hpp>
#include <prismatic/gradient/materialise.hpp>
#include <prismatic/io/safetensors.hpp>
#include <prismatic/io/safetensors_writer.hpp>
#include <prismatic/projection/rademacher.hpp>
#include <prismatic/transformer/checkpoint.hpp>
#include <prismatic/transformer/sampler.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

using namespace prismatic;
using Catch::Matchers::Contains;

namespace {

struct golden_checkpoint {
  explicit golden_checkpoint(const std::string& name)
      : values(test::checkpoint_golden()["checkpoints"][name]), tensors(test::golden_path("checkpoints/" + name + ".golden.safetensors")) {}

  [[nodiscard]] token_sequence sequence(std::size_t i) const {
    return {values["samples"][i]["tokens"].get<std::vector<token_id>>(), values["samples"][i]["carries_loss"].get<std::vector<bool>>()};
  }
  [[nodiscard]] double nll(std::size_t i) const { return values["samples"][i]["nll"].get<double>(); }
  [[nodiscard]] std::vector<float> tensor(const std::string& name) const {
    const tensor_entry& entry = tensors.at(name);
    std::vector<float> out(static_cast<std::size_t>(entry.elements));
    tensors.copy_as(entry, vector_view<float>(out));
    return out;
  }

  const json& values;
  safetensors_file tensors;
};

// The samples whose logits and gradients are kept in full.
constexpr std::size_t kept[] = {2, 6};

// Sends the single weight file of a checkpoint through `change(tensors, data)`; `data` may hold new bytes.
template <class Change>
void rewrite(const test::damaged_checkpoint& checkpoint, Change&& change) {
  const safetensors_file file(checkpoint.path() + "/model.safetensors");
  std::vector<tensor_source> tensors;
  std::vector<std::vector<std::byte>> extra;
  for (const tensor_entry& t : file.tensors()) tensors.push_back(tensor_of(t.name, t.type, t.shape, t.bytes));
  change(tensors, extra);
  write_safetensors(checkpoint.path() + "/changed", tensors);
  checkpoint.write("model.safetensors", checkpoint.read("changed"));
  checkpoint.remove("changed");
}

std::string refusal(const test::damaged_checkpoint& checkpoint) {
  context<cpu_backend<>> cx({.threads = 2});
  CHECK_THROWS_AS(load_checkpoint<float>(cx, checkpoint.path()), model_error);
  const std::string message = test::message_of([&] { (void)load_checkpoint<float>(cx, checkpoint.path()); });
  CHECK(message.find('\n') == std::string::npos);
  return message;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("logits agree with torch to 1e-4", "[transformer][checkpoint]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 2});
  for (const std::string& name : test::checkpoint_names) {
    const auto p = load_checkpoint<T>(cx, test::checkpoint_path(name));
    const golden_checkpoint golden(name);
    for (const std::size_t i : kept) {
      const matrix<double> found = test::all_logits(cx, p.model, golden.sequence(i).tokens);
      const std::vector<float> expected = golden.tensor(std::to_string(i) + ".logits");
      REQUIRE(found.size() == static_cast<index_t>(expected.size()));
      double worst = 0;
      for (std::size_t k = 0; k < expected.size(); ++k) worst = std::max(worst, std::abs(found.data()[k] - static_cast<double>(expected[k])));
      CAPTURE(B::name, name, i, worst);
      CHECK(worst <= 1e-4);
    }
  }
}

TEMPLATE_LIST_TEST_CASE("losses agree with torch to 1e-6", "[transformer][checkpoint]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 2});
  for (const std::string& name : test::checkpoint_names) {
    const auto p = load_checkpoint<T>(cx, test::checkpoint_path(name));
    const golden_checkpoint golden(name);
    const auto samples = test::golden_samples();
    const encoded_samples encoded = encode(p, samples);
    REQUIRE(encoded.refused.empty());
    no_sink none;
    const std::vector<double> losses = test::sweep(cx, p.model, test::pack_all(encoded.sequences), none);
    for (std::size_t i = 0; i < samples.size(); ++i) {
      CAPTURE(B::name, name, i, losses[i] / golden.nll(i) - 1);
      CHECK(std::abs(losses[i] - golden.nll(i)) <= 1e-6 * golden.nll(i));
    }
  }
}

TEMPLATE_LIST_TEST_CASE("the gradient of every tensor agrees with torch to 1e-4", "[transformer][checkpoint]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 2});
  for (const std::string& name : test::checkpoint_names) {
    const auto p = load_checkpoint<T>(cx, test::checkpoint_path(name));
    const golden_checkpoint golden(name);
    const auto& parameters = p.model.parameters();
    materialise_sink<B, T> sink(cx, parameters.infos());
    sink.begin(2);
    (void)test::sweep(cx, p.model, test::pack_all({golden.sequence(kept[0]), golden.sequence(kept[1])}), sink);
    for (index_t s = 0; s < 2; ++s)
      for (index_t i = 0; i < parameters.size(); ++i) {
        const std::string& tensor = parameters.info({i}).name;
        const std::vector<float> expected = golden.tensor(std::to_string(kept[s]) + ".gradient." + tensor);
        const matrix_view<T> found = sink.gradient(s, {i});
        REQUIRE(found.size() == static_cast<index_t>(expected.size()));
        double difference = 0, squares = 0;
        for (std::size_t k = 0; k < expected.size(); ++k) {
          const auto e = static_cast<double>(expected[k]);
          difference += std::pow(static_cast<double>(found.data()[k]) - e, 2);
          squares += e * e;
        }
        CAPTURE(B::name, name, s, tensor, std::sqrt(difference / squares));
        CHECK(std::sqrt(difference) <= 1e-4 * std::sqrt(squares));
      }
  }
}

TEMPLATE_LIST_TEST_CASE("projected rows and G-Vendi agree with numpy", "[transformer][checkpoint]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 2});
  const json& all = test::checkpoint_golden();
  const rademacher projection(all["width"].get<index_t>(), all["seed"].get<std::uint64_t>());
  for (const std::string& name : test::checkpoint_names) {
    const auto p = load_checkpoint<T>(cx, test::checkpoint_path(name));
    const golden_checkpoint golden(name);
    const auto samples = test::golden_samples();
    const auto rows = collect_rows(cx, p.model, encode(p, samples).sequences, projection);
    double worst = 0;
    for (index_t i = 0; i < rows.rows.rows(); ++i) {
      const auto expected = golden.values["rows"][static_cast<std::size_t>(i)].template get<std::vector<double>>();
      double difference = 0, squares = 0;
      for (index_t j = 0; j < projection.width(); ++j) {
        const double e = expected[static_cast<std::size_t>(j)];
        difference += std::pow(static_cast<double>(rows.rows(i, j)) - e, 2);
        squares += e * e;
      }
      worst = std::max(worst, std::sqrt(difference / squares));
    }
    const double found = vendi(cx, rows.rows).score, expected = golden.values["g_vendi"].template get<double>();
    CAPTURE(B::name, name, worst, found - expected);
    CHECK(worst <= 1e-4);
    CHECK(std::abs(found - expected) <= 1e-5);
  }
}

TEMPLATE_LIST_TEST_CASE("greedy continuations are those of transformers", "[transformer][checkpoint]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 2});
  for (const std::string& name : test::checkpoint_names) {
    const auto p = load_checkpoint<T>(cx, test::checkpoint_path(name));
    const golden_checkpoint golden(name);
    std::vector<std::vector<token_id>> prompts, expected;
    for (const json& g : golden.values["greedy"]) {
      prompts.push_back(g["prompt"].get<std::vector<token_id>>());
      expected.push_back(g["tokens"].get<std::vector<token_id>>());
    }
    CAPTURE(B::name, name);
    REQUIRE(expected[0].size() == 64);
    CHECK(generate(cx, p.model, std::span<const std::vector<token_id>>(prompts), {.max_tokens = 64, .temperature = 0}) == expected);
  }
}

TEST_CASE("weights are kept as they are stored or widened exactly, whatever the thread count", "[transformer][checkpoint]") {
  using B = cpu_backend<>;
  context<B> one({.threads = 1}), three({.threads = 3});
  for (const std::string& name : test::checkpoint_names) {
    const std::string path = test::checkpoint_path(name);
    auto a = load_checkpoint<float>(one, path);
    const auto b = load_checkpoint<float>(three, path);
    CHECK(weights_fingerprint(a.model.parameters()) == weights_fingerprint(b.model.parameters()));
    CHECK(a.name == path);
    const checkpoint_weights weights(path);
    const auto& source = *weights.find("model.embed_tokens.weight");
    matrix<double> stored(source.entry->shape[0], source.entry->shape[1]);
    source.file->copy_as(*source.entry, stored.flat());
    const parameter_id table = a.model.parameters().find("model.embed_tokens.weight"), norm = a.model.parameters().find("model.norm.weight");
    CHECK(b.model.parameters().rounded(table).empty() == (source.entry->type != dtype::bf16));
    CHECK(b.model.parameters().rounded(norm).empty());
    CHECK(test::largest_difference<float>(a.model.parameters().value(table), stored.view()) == 0.0);
  }
}

TEST_CASE("a model whose weights are kept as bfloat16 computes what it computes with them as floats, to the bit", "[transformer][checkpoint]") {
  context<cpu_backend<>> cx({.threads = 2});
  const std::string path = test::checkpoint_path("qwen2");
  const auto kept = load_checkpoint<float>(cx, path);
  auto widened = load_checkpoint<float>(cx, path);
  index_t held = 0;
  for (index_t i = 0; i < widened.model.parameters().size(); ++i) {
    held += !kept.model.parameters().rounded({i}).empty();
    (void)widened.model.parameters().value({i});
    REQUIRE(widened.model.parameters().rounded({i}).empty());
  }
  CHECK(held > 10);
  const auto samples = test::golden_samples();
  const auto sequences = encode(kept, samples).sequences;
  for (const product_precision products : {product_precision::full, product_precision::bf16}) {
    const auto rows = [&](const auto& p) { return collect_rows(cx, p.model, sequences, rademacher(64, 1), {.products = products}).rows; };
    CHECK(test::identical(rows(kept), rows(widened)));
  }
  const std::vector<std::vector<token_id>> prompts{sequences[0].tokens, sequences[1].tokens};
  CHECK(generate(cx, kept.model, prompts, {.max_tokens = 12, .temperature = 0}) ==
        generate(cx, widened.model, prompts, {.max_tokens = 12, .temperature = 0}));
}

TEST_CASE("tensors may lie at any offset", "[transformer][checkpoint]") {
  context<cpu_backend<>> cx({.threads = 1});
  const test::damaged_checkpoint checkpoint("llama");
  std::string file = checkpoint.read("model.safetensors");
  // One more byte of header moves all data by one.
  file.insert(8 + static_cast<unsigned char>(file[0]) + 256u * static_cast<unsigned char>(file[1]), 1, ' ');
  file[0] = static_cast<char>(file[0] + 1);
  checkpoint.write("model.safetensors", file);
  CHECK(weights_fingerprint(load_checkpoint<float>(cx, checkpoint.path()).model.parameters()) ==
        weights_fingerprint(load_checkpoint<float>(cx, test::checkpoint_path("llama")).model.parameters()));
}

TEST_CASE("missing, mis-shaped and unknown tensors are named", "[transformer][checkpoint]") {
  const test::damaged_checkpoint checkpoint("qwen2");
  SECTION("missing") {
    rewrite(checkpoint, [](auto& t, auto&) { std::erase_if(t, [](const auto& s) { return s.name == "model.layers.1.mlp.up_proj.weight"; }); });
    CHECK_THAT(refusal(checkpoint), Contains("found no tensor \"model.layers.1.mlp.up_proj.weight\""));
  }
  SECTION("mis-shaped") {
    rewrite(checkpoint, [](auto& t, auto&) { std::ranges::find(t, "model.layers.1.mlp.up_proj.weight", &tensor_source::name)->shape = {32, 48}; });
    CHECK_THAT(refusal(checkpoint), Contains("\"model.layers.1.mlp.up_proj.weight\": found shape (32, 48), expected (48, 32)"));
  }
  SECTION("a gain of two dimensions") {
    rewrite(checkpoint, [](auto& t, auto&) { std::ranges::find(t, "model.norm.weight", &tensor_source::name)->shape = {1, 32}; });
    CHECK_THAT(refusal(checkpoint), Contains("\"model.norm.weight\": found shape (1, 32), expected (32)"));
  }
  SECTION("unknown") {
    rewrite(checkpoint, [](auto& t, auto&) { t.push_back(tensor_of("model.extra.weight", dtype::bf16, {0}, {})); });
    CHECK_THAT(refusal(checkpoint), Contains("found tensor \"model.extra.weight\", expected none of that name"));
  }
  SECTION("not a float") {
    rewrite(checkpoint, [](auto& t, auto&) { std::ranges::find(t, "model.norm.weight", &tensor_source::name)->type = dtype::i16; });
    CHECK_THAT(refusal(checkpoint), Contains("\"model.norm.weight\": found I16, expected BF16, F16 or F32"));
  }
}

TEST_CASE("what is stored beside the parameters is left alone where it changes nothing", "[transformer][checkpoint]") {
  context<cpu_backend<>> cx({.threads = 1});
  const test::damaged_checkpoint checkpoint("qwen2");
  const auto add_head = [](auto& t, auto& extra) {
    const tensor_source table = *std::ranges::find(t, "model.embed_tokens.weight", &tensor_source::name);
    extra.emplace_back(table.data, table.data + table.row_bytes);
    t.push_back(tensor_of("lm_head.weight", table.type, table.shape, extra.back()));
  };
  SECTION("rotary frequencies") {
    rewrite(checkpoint, [](auto& t, auto&) { t.push_back(tensor_of("model.layers.0.self_attn.rotary_emb.inv_freq", dtype::f32, {0}, {})); });
    CHECK_NOTHROW(load_checkpoint<float>(cx, checkpoint.path()));
  }
  SECTION("a tied head once more") {
    rewrite(checkpoint, add_head);
    CHECK_NOTHROW(load_checkpoint<float>(cx, checkpoint.path()));
  }
  SECTION("a tied head of its own values") {
    rewrite(checkpoint, [&](auto& t, auto& extra) {
      add_head(t, extra);
      extra.back()[5] ^= std::byte{1};
    });
    CHECK_THAT(refusal(checkpoint), Contains("lm_head.weight") && Contains("tie_word_embeddings is true"));
  }
}

TEST_CASE("a configuration that contradicts the weights is refused", "[transformer][checkpoint]") {
  const auto changed = [](const std::string& name, const char* field, json value) {
    const test::damaged_checkpoint checkpoint(name);
    checkpoint.edit("config.json", [&](json& c) { c[field] = value; });
    return refusal(checkpoint);
  };
  CHECK_THAT(changed("qwen2", "num_hidden_layers", 3), Contains("found no tensor \"model.layers.2."));
  CHECK_THAT(changed("qwen2", "num_hidden_layers", 1), Contains("found tensor \"model.layers.1."));
  CHECK_THAT(changed("qwen2", "tie_word_embeddings", false), Contains("found no tensor \"lm_head.weight\""));
  CHECK_THAT(changed("llama", "tie_word_embeddings", true), Contains("lm_head.weight"));
  CHECK_THAT(changed("qwen2", "vocab_size", 401), Contains("found shape (400, 32), expected (401, 32)"));
  CHECK_THAT(changed("qwen2", "num_key_value_heads", 4), Contains("k_proj") && Contains("found shape (16, 32), expected (32, 32)"));
  CHECK_THAT(changed("llama-bias", "attention_bias", false), Contains("found tensor \"model.layers.0.self_attn.k_proj.bias\""));
  CHECK_THAT(changed("llama", "attention_bias", true), Contains("found no tensor \"model.layers.0.self_attn.q_proj.bias\""));
  // Sizes are not believed before the weights vouch for them.
  CHECK_THAT(changed("qwen2", "intermediate_size", 2147483647), Contains("weights, expected at least"));
  CHECK_THAT(changed("qwen2", "num_hidden_layers", 2147483647), Contains("weights, expected at least"));
}
