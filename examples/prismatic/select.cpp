#include "select.hpp"

#include "devices.hpp"
#include "subcommands.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace command {

void add_select(CLI::App& app) {
  auto flags = std::make_shared<select_flags>();
  CLI::App* sub = app.add_subcommand("select", "a subset of given size that covers more directions");
  sub->add_option("data", flags->input, "samples, or rows (.npy, a gradients directory)")->required();
  sub->add_option("-m,--count", flags->count, "samples to choose")->required()->check(CLI::PositiveNumber);
  sub->add_option("-o,--output", flags->output, "write the chosen samples here, in the order chosen");
  sub->add_option("--method", flags->method, "spectral (greedy in entropy), balanced (over clusters) or random")
      ->capture_default_str()
      ->check(CLI::IsMember({"spectral", "balanced", "random"}));
  add_run_flags(*sub, *flags);
  add_data_flags(*sub, *flags);
  add_gradient_flags(*sub, *flags);
  sub->footer("Examples:\n"
              "  prismatic select data.jsonl -m 1000 -o subset.jsonl\n"
              "  prismatic select rows.npy -m 500 --method balanced --json\n");
  sub->callback([flags] { on_device<select_verb>(*flags); });
}

}  // namespace command
