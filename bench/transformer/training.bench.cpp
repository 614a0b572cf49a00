#include "support/inputs.hpp"
#include "support/report.hpp"

#include <prismatic/transformer/auto_proxy.hpp>
#include <prismatic/transformer/training.hpp>

namespace {

using namespace bench;

void training_steps(benchmark::State& state) {
  context<B> cx;
  decoder<B, float> model(auto_proxy_config());
  model.initialise(1);
  const auto data = sequences(20, 400, byte_encoder::vocabulary);
  constexpr index_t steps = 4, batch_tokens = 4096;
  for (auto _ : state) train(cx, model, std::span<const token_sequence>(data), {.steps = steps, .batch_tokens = batch_tokens});
  report(state, {6.0 * static_cast<double>(model.parameters().scalars() * steps * batch_tokens), 0});
  report_items(state, "tokens/s", static_cast<double>(steps * batch_tokens));
}

BENCHMARK(training_steps)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
