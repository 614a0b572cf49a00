#include "support/catch.hpp"

#include <prismatic/backend/cpu.hpp>
#include <prismatic/synthesis/model_writer.hpp>
#include <prismatic/transformer/checkpoint.hpp>

#include <string>
#include <vector>

using namespace prismatic;
using B = cpu_backend<eigen_kernels>;

TEST_CASE("a checkpoint writes and solves, each answer a function of its own request", "[synthesis][model_writer]") {
  static_assert(generator<model_writer<B, float>> && solver<model_writer<B, float>>);
  const std::string directory = std::string(PRISMATIC_SOURCE_DIR) + "/tests/golden/checkpoints/qwen2";
  context<B> cx({.threads = 2});
  const proxy<B, float> p = load_checkpoint<float>(cx, directory);
  const auto& encoder = dynamic_cast<const chat_encoder&>(*p.encoder);
  const auto stops = read_decoder_config(directory, 512).eos;
  model_writer<B, float> writer(cx, p.model, encoder, {.max_tokens = 12, .temperature = 1, .stop_tokens = stops, .seed = 3});

  const std::vector<few_shot> shots{{"1 + 1", "The answer is 2."}};
  const std::vector<generation_request> requests{{5, shots}, {6, {}}, {9, shots}};
  const auto all = writer.generate(requests);
  REQUIRE(all.size() == 3);
  for (std::size_t i = 0; i < all.size(); ++i)
    CHECK(writer.generate(std::span(&requests[i], 1))[0].text == all[i].text);
  CHECK(all[0].text != all[2].text);  // the same prompt, another number

  const problem posed{"", "What is 2 + 3?", "", ""};
  const std::vector<solve_request> asked{{2, &posed, 3}, {7, &posed, 2}};
  const auto solved = writer.solve(asked);
  REQUIRE(solved.size() == 2);
  REQUIRE(solved[0].attempts.size() == 3);
  CHECK(solved[1].attempts.size() == 2);
  CHECK(solved[0].attempts[0].text != solved[0].attempts[1].text);
  CHECK(writer.solve(std::span(&asked[1], 1))[0].attempts[1].text == solved[1].attempts[1].text);
}
