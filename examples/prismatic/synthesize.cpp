#include "synthesize.hpp"

#include "devices.hpp"
#include "subcommands.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace command {

void add_synthesize(CLI::App& app) {
  auto flags = std::make_shared<synthesize_flags>();
  CLI::App* sub = app.add_subcommand("synthesize", "grow a pool with new problems that land in its sparse clusters");
  add_synthesize_flags(*sub, *flags);
  sub->add_option("--status", flags->status, "show what the run in this directory has done so far, and do nothing");
  sub->footer("Examples:\n"
              "  prismatic synthesize seeds.jsonl --run runs/first --target 1000\n"
              "  prismatic synthesize seeds.jsonl --run runs/second --control --filter surprisal\n"
              "  prismatic synthesize --status runs/second\n"
              "  prismatic synthesize seeds.jsonl --run runs/third --proxy Qwen2.5-0.5B-Instruct/ --generator Qwen2.5-0.5B-Instruct/\n"
              "  prismatic synthesize seeds.jsonl --run runs/fourth --generator http://localhost:8000/v1\n"
              "  prismatic synthesize seeds.jsonl --run runs/fifth --generator https://api.openai.com/v1 --generator-model gpt-4o-mini \\\n"
              "      --solver http://localhost:8000/v1 --solver-model Qwen3-32B --generator-price 0.15 0.6 --max-cost 5\n");
  sub->callback([flags] {
    if (!flags->status.empty()) return print_status(flags->status, flags->json);
    flags->author.writer.seed = flags->author.checker.seed = flags->seed;
    on_device<synthesize_verb>(*flags);
  });
}

}  // namespace command
