#include "support/report.hpp"

#include <prismatic/io/atomic_file.hpp>
#include <prismatic/io/dataset.hpp>

#include <filesystem>
#include <string>

namespace {

using namespace bench;

void read_samples_of_jsonl(benchmark::State& state) {
  const std::string path = (std::filesystem::temp_directory_path() / "prismatic-bench.jsonl").string();
  std::string text;
  for (index_t i = 0; i < state.range(0); ++i)
    text += R"({"id": ")" + std::to_string(i) + R"(", "problem": ")" + std::string(200, 'p') + R"(", "solution": ")" +
            std::string(250, 's') + "\"}\n";
  write_file(path, text);
  for (auto _ : state) benchmark::DoNotOptimize(read_samples(path));
  std::filesystem::remove(path);
  report(state, {0, static_cast<double>(text.size())});
  report_items(state, "samples/s", static_cast<double>(state.range(0)));
}

BENCHMARK(read_samples_of_jsonl)->ArgName("n")->Arg(20000)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
