#include "support/inputs.hpp"
#include "support/report.hpp"

#include <prismatic/synthesis/decontaminate.hpp>
#include <prismatic/synthesis/filter.hpp>
#include <prismatic/synthesis/overlap.hpp>
#include <prismatic/synthesis/procedural.hpp>
#include <prismatic/synthesis/text_filter.hpp>

#include <string>
#include <vector>

namespace {

using namespace bench;

// Problems of the built-in generator: of few templates, so that many meet as possible near duplicates.
std::vector<std::string> problems(index_t count, std::uint64_t seed) {
  const procedural_generator writer({.seed = seed, .malformed_rate = 0});
  std::vector<std::string> out;
  for (index_t i = 0; i < count; ++i) {
    const generation_request request{.number = static_cast<std::uint64_t>(i), .examples = {}};
    out.push_back(writer.generate(std::span(&request, 1)).front().posed->question);
  }
  return out;
}

// What a candidate passes beside its gradient: length and script, duplicates among a pool and the other candidates,
// evaluation sets; then its cluster, its surprisal and the sparse-cluster rule. The clusters of the pool are there.
void clean_and_filter(benchmark::State& state) {
  const index_t count = state.range(0), pool_size = state.range(1), d = 1024;
  const std::vector<std::string> pool = problems(pool_size, 1), candidates = problems(count, 2), items = problems(5000, 3);
  const matrix<float> rows = gaussian(pool_size, d, "pool"), fresh = gaussian(count, d, "candidates");
  context<B> cx;
  const filter_options options{.iterations = 1};
  const auto clusters = cluster_pool(cx, rows, options);
  const text_filter_options texts{.scripts = {script::latin}};
  index_t clean = 0;
  for (auto _ : state) {
    overlap_index seen, round;
    decontaminator evaluation;
    state.PauseTiming();
    for (const std::string& text : pool) seen.add(text, 0);
    for (const std::string& text : items) evaluation.add(text, 0);
    clean = 0;
    state.ResumeTiming();
    for (const std::string& text : candidates)
      clean += !length_fault(text, {20, 4000}) && !script_fault(text, texts) && !seen.find(text) && !round.add_if_new(text, 1) && !evaluation.find(text);
    // All candidates, as though none had been dropped.
    benchmark::DoNotOptimize(filter_candidates(cx, rows, clusters, fresh, options));
  }
  report_items(state, "candidates/s", static_cast<double>(count));
  state.counters["clean"] = static_cast<double>(clean);
}

BENCHMARK(clean_and_filter)->ArgNames({"candidates", "pool"})->Args({100000, 10000})->Iterations(1)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
