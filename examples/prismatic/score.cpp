#include "score.hpp"

#include "devices.hpp"
#include "subcommands.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace command {

void add_score(CLI::App& app) {
  auto flags = std::make_shared<score_flags>();
  CLI::App* sub = app.add_subcommand("score", "G-Vendi of a data set");
  sub->add_option("data", flags->input, "samples (.jsonl, .jsonl.gz, .json, -), or rows (.npy, a gradients directory)")
      ->required();
  sub->add_option("--confidence", flags->confidence, "subsamples for a 95 % interval, e.g. 100")
      ->check(CLI::NonNegativeNumber);
  sub->add_option("--exact", flags->exact, "also score this many samples by exact inner products, e.g. 200")
      ->check(CLI::NonNegativeNumber);
  sub->add_option("--per-sample", flags->per_sample, "write the samples here, each with surprisal, nll, gradient_norm");
  add_run_flags(*sub, *flags);
  add_data_flags(*sub, *flags);
  add_gradient_flags(*sub, *flags);
  sub->footer("Examples:\n"
              "  prismatic score data.jsonl\n"
              "  prismatic score data.jsonl.gz --confidence 100 --json\n"
              "  prismatic score data.jsonl --per-sample scored.jsonl\n"
              "  prismatic score rows.npy\n");
  sub->callback([flags] { on_device<score_verb>(*flags); });
}

}  // namespace command
