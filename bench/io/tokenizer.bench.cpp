#include "support/inputs.hpp"
#include "support/report.hpp"

#include <prismatic/io/byte_source.hpp>
#include <prismatic/io/tokenizer.hpp>

#include <array>
#include <string>

namespace {

using namespace bench;

// Text with words from a few thousand, numbers, punctuation and some letters beyond ASCII, on one thread.
void encode_text(benchmark::State& state) {
  byte_source source(PRISMATIC_SOURCE_DIR "/tests/golden/qwen2.tokenizer.json.gz");
  std::string file;
  std::array<char, 1 << 16> chunk;
  while (const index_t got = source.read(chunk)) file.append(chunk.data(), static_cast<std::size_t>(got));
  const tokenizer t = tokenizer::parse(file);
  const random_stream random(1, "text");
  std::uint64_t at = 0;
  std::string text;
  while (text.size() < (std::size_t{1} << 20)) {
    const index_t word = random.below(at++, 4000);
    for (index_t left = 2 + word % 7, letter = word; left > 0; --left, letter = letter * 31 + 7)
      text += static_cast<char>('a' + letter % 26);
    text += word % 50 == 0 ? ", caf\xC3\xA9 " : word % 20 == 0 ? " = 12.5\n" : " ";
  }
  for (auto _ : state) benchmark::DoNotOptimize(t.encode(text));
  report(state, {0, static_cast<double>(text.size())});
}

BENCHMARK(encode_text)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
