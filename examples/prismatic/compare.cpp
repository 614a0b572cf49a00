#include "compare.hpp"

#include "devices.hpp"
#include "subcommands.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace command {

void add_compare(CLI::App& app) {
  auto flags = std::make_shared<compare_flags>();
  CLI::App* sub = app.add_subcommand("compare", "data sets side by side, at equal n, with confidence intervals");
  sub->add_option("data", flags->inputs, "two or more: samples, or rows made with one proxy")->required();
  sub->add_option("--repeats", flags->repeats, "subsamples for each interval")->capture_default_str()->check(CLI::Range(2, 100000));
  add_run_flags(*sub, *flags);
  add_data_flags(*sub, *flags);
  add_gradient_flags(*sub, *flags);
  sub->footer("With --proxy auto one proxy is trained on all sets together.\n\n"
              "Examples:\n"
              "  prismatic compare ours.jsonl theirs.jsonl\n"
              "  prismatic compare a/ b/ c/ --repeats 200 --json\n");
  sub->callback([flags] { on_device<compare_verb>(*flags); });
}

}  // namespace command
