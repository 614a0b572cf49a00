#include "doctor.hpp"

#include "devices.hpp"
#include "subcommands.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace command {

void add_doctor(CLI::App& app) {
  auto flags = std::make_shared<shared_flags>();
  CLI::App* sub = app.add_subcommand("doctor", "what this build is, and whether its arithmetic is sound here");
  add_run_flags(*sub, *flags);
  add_gradient_flags(*sub, *flags);
  sub->footer("Exits non-zero when a check fails.\n\nExamples:\n"
              "  prismatic doctor\n"
              "  prismatic doctor --proxy Qwen2.5-0.5B-Instruct/\n"
              "  prismatic doctor --proxy proxy.safetensors --json\n");
  sub->callback([flags] { on_device<doctor_verb>(*flags); });
}

}  // namespace command
