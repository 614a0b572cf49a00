#include "support/inputs.hpp"
#include "support/report.hpp"

#include <prismatic/io/atomic_file.hpp>
#include <prismatic/io/safetensors_writer.hpp>
#include <prismatic/transformer/checkpoint.hpp>

#include <algorithm>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace bench;

// A checkpoint of Qwen2.5-0.5B's shape in bf16, 0.92 GiB, with the tokenizer of the tests; gone with the
// program.
class big_checkpoint {
 public:
  big_checkpoint() : folder_((std::filesystem::temp_directory_path() / "prismatic-bench-checkpoint").string()) {
    std::filesystem::create_directories(folder_);
    for (const char* file : {"tokenizer.json", "tokenizer_config.json", "chat_template.jinja"})
      std::filesystem::copy_file(std::string(PRISMATIC_SOURCE_DIR "/tests/golden/checkpoints/qwen2/") + file,
                                 folder_ + '/' + file, std::filesystem::copy_options::overwrite_existing);
    write_file(
        folder_ + "/config.json",
        R"({"model_type": "qwen2", "hidden_act": "silu", "vocab_size": 151936, "hidden_size": 896, "intermediate_size": 4864,
                   "num_hidden_layers": 24, "num_attention_heads": 14, "num_key_value_heads": 2, "max_position_embeddings": 4096,
                   "rms_norm_eps": 1e-6, "tie_word_embeddings": true, "rope_theta": 1e6})");
    std::vector<tensor_source> tensors;
    const auto tensor = [&](const std::string& name, std::vector<index_t> shape) {
      index_t elements = 1;
      for (const index_t size : shape) elements *= size;
      bytes_ += 2 * elements;
      const auto values = std::span(noise_).first(static_cast<std::size_t>(elements));
      tensors.push_back(tensor_of(name, dtype::bf16, std::move(shape), std::as_bytes(values)));
    };
    for (std::size_t i = 0; i < noise_.size(); ++i)
      noise_[i] = to_bfloat16(static_cast<float>(i * 7919 % 1021) / 20000);
    tensor("model.embed_tokens.weight", {151936, 896});
    tensor("model.norm.weight", {896});
    for (index_t i = 0; i < 24; ++i) {
      const std::string layer = "model.layers." + std::to_string(i) + '.', attention = layer + "self_attn.",
                        ffn = layer + "mlp.";
      for (const auto& [name, rows] :
           {std::pair("q", index_t{896}), std::pair("k", index_t{128}), std::pair("v", index_t{128})}) {
        tensor(attention + name + "_proj.weight", {rows, 896});
        tensor(attention + name + "_proj.bias", {rows});
      }
      tensor(attention + "o_proj.weight", {896, 896});
      tensor(ffn + "gate_proj.weight", {4864, 896});
      tensor(ffn + "up_proj.weight", {4864, 896});
      tensor(ffn + "down_proj.weight", {896, 4864});
      tensor(layer + "input_layernorm.weight", {896});
      tensor(layer + "post_attention_layernorm.weight", {896});
    }
    write_safetensors(folder_ + "/model.safetensors", tensors);
  }
  big_checkpoint(const big_checkpoint&) = delete;
  big_checkpoint& operator=(const big_checkpoint&) = delete;
  ~big_checkpoint() { std::filesystem::remove_all(folder_); }

  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] index_t bytes() const { return bytes_; }

  static const big_checkpoint& get() {
    static const big_checkpoint found;
    return found;
  }

 private:
  std::string folder_;
  std::vector<std::uint16_t> noise_ = std::vector<std::uint16_t>(std::size_t{151936} * 896);
  index_t bytes_ = 0;
};

// Bytes: the file once, and as many kept. of_peak counts writes as reads.
void load_big_checkpoint(benchmark::State& state) {
  const big_checkpoint& checkpoint = big_checkpoint::get();
  context<B> cx;
  for (auto _ : state) benchmark::DoNotOptimize(load_checkpoint<float>(cx, checkpoint.folder()));
  report(state, {0, 2 * static_cast<double>(checkpoint.bytes())});
  report_items(state, "file bytes/s", static_cast<double>(checkpoint.bytes()));
}

// What the machine needs at least: the same file copied into memory that is there already.
void copy_into_warm_memory(benchmark::State& state) {
  const big_checkpoint& checkpoint = big_checkpoint::get();
  thread_team team;
  const mapped_file file(checkpoint.folder() + "/model.safetensors");
  matrix<bf16> out(1, checkpoint.bytes() / 2);
  std::fill_n(out.data(), out.size(), bf16{1});
  for (auto _ : state)
    team.for_range(out.cols(), 1, [&](index_t begin, index_t end, int) {
      copy_elements(dtype::bf16, file.bytes().data() + 2 * begin,
                    vector_view<bf16>(out.data() + begin, end - begin));
    });
  report(state, {0, 2 * static_cast<double>(checkpoint.bytes())});
  report_items(state, "file bytes/s", static_cast<double>(checkpoint.bytes()));
}

BENCHMARK(load_big_checkpoint)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(copy_into_warm_memory)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
