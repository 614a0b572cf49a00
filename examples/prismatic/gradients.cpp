#include "gradients.hpp"

#include "devices.hpp"
#include "subcommands.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace command {

void add_gradients(CLI::App& app) {
  auto flags = std::make_shared<gradients_flags>();
  CLI::App* sub = app.add_subcommand("gradients", "projected gradients of every sample, written to disk");
  sub->add_option("data", flags->input, "samples: .jsonl, .jsonl.gz, .json, or - for standard input")->required();
  sub->add_option("-o,--output", flags->output, "a directory (shards, ids, manifest; resumable) or a .npy file")->required();
  add_run_flags(*sub, *flags);
  add_data_flags(*sub, *flags);
  add_gradient_flags(*sub, *flags);
  sub->footer("Examples:\n"
              "  prismatic gradients data.jsonl -o rows/ --save-proxy proxy.safetensors\n"
              "  prismatic gradients more.jsonl -o more/ --proxy proxy.safetensors\n"
              "  prismatic gradients data.jsonl -o rows.npy\n");
  sub->callback([flags] { on_device<gradients_verb>(*flags); });
}

}  // namespace command
