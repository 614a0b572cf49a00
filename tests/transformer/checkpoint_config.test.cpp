#include "support/catch.hpp"
#include "transformer/checkpoints.hpp"

#include <prismatic/core/error.hpp>
#include <prismatic/transformer/checkpoint_config.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace prismatic;
using Catch::Matchers::Contains;

namespace {

// What reading a changed config.json says; one line whatever it is.
template <class Error, class Change>
std::string refusal(const std::string& name, Change&& change) {
  const test::damaged_checkpoint checkpoint(name);
  checkpoint.edit("config.json", change);
  CHECK_THROWS_AS(read_decoder_config(checkpoint.path()), Error);
  const std::string message = test::message_of([&] { (void)read_decoder_config(checkpoint.path()); });
  CHECK(message.find('\n') == std::string::npos);
  CHECK_THAT(message, Contains("config.json: "));
  return message;
}

template <class Change>
checkpoint_config changed(const std::string& name, Change&& change) {
  const test::damaged_checkpoint checkpoint(name);
  checkpoint.edit("config.json", change);
  return read_decoder_config(checkpoint.path());
}

}  // namespace

TEST_CASE("configurations of the three families are read", "[transformer][checkpoint]") {
  const checkpoint_config qwen2 = read_decoder_config(test::checkpoint_path("qwen2"));
  CHECK(qwen2.family == "qwen2");
  CHECK(qwen2.dtype == "bfloat16");
  CHECK(qwen2.decoder.vocabulary == 400);
  CHECK(qwen2.decoder.width == 32);
  CHECK(qwen2.decoder.ffn == 48);
  CHECK(qwen2.decoder.heads == 4);
  CHECK(qwen2.decoder.kv_heads == 2);
  CHECK(qwen2.decoder.head_dim == 8);
  CHECK(qwen2.decoder.rope_theta == 1e6);
  CHECK(qwen2.decoder.norm_epsilon == 1e-6);
  CHECK((qwen2.decoder.qkv_bias && !qwen2.decoder.output_bias && !qwen2.decoder.qk_norm && qwen2.decoder.tied));
  CHECK(qwen2.eos == std::vector<token_id>{370});
  CHECK(!qwen2.bos);

  const checkpoint_config qwen3 = read_decoder_config(test::checkpoint_path("qwen3"));
  CHECK(qwen3.decoder.head_dim == 16);
  CHECK((!qwen3.decoder.qkv_bias && qwen3.decoder.qk_norm && !qwen3.decoder.tied));

  const checkpoint_config llama = read_decoder_config(test::checkpoint_path("llama"));
  REQUIRE(llama.decoder.rope_scaling);
  CHECK(llama.decoder.rope_scaling->factor == 8);
  CHECK(llama.decoder.rope_scaling->low_frequency_factor == 1);
  CHECK(llama.decoder.rope_scaling->high_frequency_factor == 4);
  CHECK(llama.decoder.rope_scaling->original_context == 32);
  CHECK(llama.bos == token_id{368});

  const checkpoint_config bias = read_decoder_config(test::checkpoint_path("llama-bias"));  // the older spelling
  CHECK((bias.decoder.qkv_bias && bias.decoder.output_bias && bias.decoder.tied));
  CHECK(bias.decoder.rope_theta == 500);
  CHECK(bias.dtype == "float32");
}

TEST_CASE("the context is the model's, cut to what is asked for", "[transformer][checkpoint]") {
  const std::string path = test::checkpoint_path("qwen2");
  CHECK(read_decoder_config(path).decoder.context == 512);
  CHECK(read_decoder_config(path, 100).decoder.context == 100);
  CHECK(read_decoder_config(path, 100).positions == 512);
  CHECK_THROWS_AS(read_decoder_config(path, 0), option_error);
}

TEST_CASE("both spellings of scaled rotary positions mean the same", "[transformer][checkpoint]") {
  const checkpoint_config older = changed("llama", [](json& c) {
    c["rope_theta"] = c["rope_parameters"]["rope_theta"];
    c["rope_scaling"] = c["rope_parameters"];
    c["rope_scaling"].erase("rope_theta");
    c.erase("rope_parameters");
  });
  CHECK(older.decoder.rope_theta == 10000);
  REQUIRE(older.decoder.rope_scaling);
  CHECK(older.decoder.rope_scaling->factor == 8);
  const checkpoint_config oldest = changed("llama", [](json& c) {
    c["rope_theta"] = 10000.0;
    c["rope_scaling"] = {{"type", "default"}};
    c.erase("rope_parameters");
  });
  CHECK(!oldest.decoder.rope_scaling);
}

TEST_CASE("left out, a field means what transformers takes it for, or is asked for", "[transformer][checkpoint]") {
  const auto without = [](const char* field) { return [field](json& c) { c.erase(field); }; };
  CHECK(!changed("qwen2", without("tie_word_embeddings")).decoder.tied);
  CHECK(!changed("llama-bias", without("attention_bias")).decoder.qkv_bias);
  CHECK(changed("llama", without("num_key_value_heads")).decoder.kv_heads == 2);
  CHECK(changed("llama", without("head_dim")).decoder.head_dim == 16);
  CHECK(changed("llama", without("hidden_act")).decoder.width == 32);
  CHECK(changed("qwen2", without("architectures")).decoder.width == 32);
  for (const char* field : {"model_type", "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
                            "num_key_value_heads", "head_dim", "rms_norm_eps", "max_position_embeddings"}) {
    const auto expected = std::string(field) + ": found nothing";
    CHECK_THAT(refusal<data_error>("qwen3", without(field)), Contains(expected));
  }
  CHECK_THAT(refusal<data_error>("qwen2", without("rope_parameters")), Contains("rope_theta: found nothing"));
  CHECK_THAT(refusal<data_error>("llama", [](json& c) { c["rope_parameters"].erase("low_freq_factor"); }),
             Contains("rope_parameters.low_freq_factor: found nothing"));
  CHECK_THAT(refusal<data_error>("llama", [](json& c) { c["rope_parameters"].erase("original_max_position_embeddings"); }),
             Contains("original_max_position_embeddings: found nothing"));
}

TEST_CASE("what is not supported is refused by name", "[transformer][checkpoint]") {
  const auto with = [](const char* field, json value) { return [field, value](json& c) { c[field] = value; }; };
  CHECK_THAT(refusal<model_error>("qwen2", with("model_type", "mamba")), Contains("model_type: found \"mamba\", expected qwen2"));
  CHECK_THAT(refusal<model_error>("qwen2", with("architectures", {"Qwen2ForSequenceClassification"})), Contains("Qwen2ForSequenceClassification"));
  CHECK_THAT(refusal<model_error>("qwen2", with("quantization_config", {{"quant_method", "gptq"}})), Contains("quantization_config: found \"gptq\""));
  CHECK_THAT(refusal<model_error>("llama", with("mlp_bias", true)), Contains("mlp_bias"));
  CHECK_THAT(refusal<model_error>("qwen2", with("hidden_act", "gelu")), Contains("hidden_act: found \"gelu\""));
  for (const char* type : {"linear", "dynamic", "yarn", "longrope"}) {
    CHECK_THAT(refusal<model_error>("llama", [=](json& c) { c["rope_parameters"]["rope_type"] = type; }),
               Contains(std::string("rope_parameters.rope_type: found \"") + type));
    CHECK_THAT(refusal<model_error>("llama-bias", with("rope_scaling", {{"type", type}, {"factor", 2.0}})), Contains(type));
  }
  CHECK_THAT(refusal<model_error>("llama", [](json& c) { c["rope_parameters"]["partial_rotary_factor"] = 0.5; }), Contains("partial_rotary_factor"));
  CHECK_THAT(refusal<model_error>("qwen2", with("layer_types", {"full_attention", "sliding_attention"})), Contains("sliding_attention"));
  const auto sliding = [](index_t first) {
    return [=](json& c) {
      c.erase("layer_types");
      c["use_sliding_window"] = true;
      c["sliding_window"] = 64;
      c["max_window_layers"] = first;
    };
  };
  CHECK_THAT(refusal<model_error>("qwen2", sliding(1)), Contains("use_sliding_window"));
  CHECK(changed("qwen2", sliding(2)).decoder.layers == 2);  // no layer is left to slide
}

TEST_CASE("values that cannot be are refused", "[transformer][checkpoint]") {
  const auto with = [](const char* field, json value) { return [field, value](json& c) { c[field] = value; }; };
  CHECK_THAT(refusal<data_error>("qwen2", with("hidden_size", 0)), Contains("hidden_size: found 0"));
  CHECK_THAT(refusal<data_error>("qwen2", with("hidden_size", std::int64_t{1} << 40)), Contains("hidden_size"));
  CHECK_THAT(refusal<data_error>("qwen2", with("hidden_size", "32")), Contains("hidden_size: found string"));
  CHECK_THAT(refusal<data_error>("qwen2", with("hidden_size", 33)), Contains("multiple of 4 heads"));
  CHECK_THAT(refusal<data_error>("qwen2", with("rms_norm_eps", -1.0)), Contains("rms_norm_eps"));
  CHECK_THAT(refusal<data_error>("qwen2", with("eos_token_id", 400)), Contains("eos_token_id: found 400"));
  CHECK_THAT(refusal<data_error>("qwen2", with("rope_theta", 5.0)), Contains("also rope_theta"));
  CHECK_THAT(refusal<data_error>("llama", [](json& c) { c["rope_parameters"]["high_freq_factor"] = 1.0; }), Contains("high_freq_factor"));
  CHECK_THAT(refusal<model_error>("qwen2", with("num_key_value_heads", 3)), Contains("kv_heads"));
  CHECK_THAT(refusal<model_error>("qwen3", with("head_dim", 15)), Contains("head_dim"));
  CHECK(changed("qwen2", with("eos_token_id", {370, 368})).eos == std::vector<token_id>{370, 368});
  const test::damaged_checkpoint checkpoint("qwen2");
  checkpoint.write("config.json", "{\"model_type\": ");
  CHECK_THROWS_AS(read_decoder_config(checkpoint.path()), data_error);
  checkpoint.remove("config.json");
  CHECK_THROWS_AS(read_decoder_config(checkpoint.path()), io_error);
}
