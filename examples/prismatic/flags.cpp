#include "flags.hpp"

#include <prismatic/core/error.hpp>
#include <prismatic/io/chat_template.hpp>

#include <CLI/CLI.hpp>

#include <charconv>
#include <string_view>
#include <system_error>

namespace command {

device_choice device_choice::named(const std::string& text) {
  if (text == "cpu") return {};
  if (text == "cuda") return {.is_cuda = true};
  constexpr std::string_view prefix = "cuda:";
  if (text.starts_with(prefix)) {
    device_choice out{.is_cuda = true};
    const char* const end = text.data() + text.size();
    const auto [stop, failure] = std::from_chars(text.data() + prefix.size(), end, out.index);
    if (failure == std::errc{} && stop == end && out.index >= 0) return out;
  }
  throw option_error("--device: found " + text + ", expected cpu, cuda or cuda:NUMBER");
}

void add_run_flags(CLI::App& app, shared_flags& flags) {
  app.add_option("--threads", flags.threads, "CPU threads; 0 takes all")->check(CLI::NonNegativeNumber);
  app.add_option("--seed", flags.seed, "seed of everything random")->capture_default_str();
  app.add_flag("--json", flags.json, "print one JSON object instead of text");
  app.add_flag("--quiet", flags.quiet, "no progress on standard error");
}

void add_data_flags(CLI::App& app, shared_flags& flags) {
  app.add_option("--format", flags.format,
                 "schema of every record: messages, sharegpt, nli, alpaca, ... (default: recognise each)");
  app.add_option("--map", flags.map, "where to find what: prompt=FIELD,completion=FIELD[,system=..][,id=..]");
  app.add_option_function<std::string>(
         "--on-bad-sample", [&flags](const std::string& rule) { flags.skip_bad = rule == "skip"; },
         "a record or sample that cannot be used: error (default) or skip")
      ->check(CLI::IsMember({"error", "skip"}));
}

void add_gradient_flags(CLI::App& app, shared_flags& flags) {
  app.add_option("--proxy", flags.proxy,
                 "proxy model: auto (a small byte-level decoder trained on the data), a Hugging Face checkpoint's "
                 "directory (qwen2, qwen3, llama), or a file made by --save-proxy")
      ->capture_default_str();
  app.add_option("--template", flags.template_name,
                 "chat template of a checkpoint: " + chat_format_list() + " (default: its own)");
  app.add_option("--max-context", flags.max_context, "positions of a checkpoint's context to use, if it has as many")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--proxy-steps", flags.proxy_steps, "training steps of --proxy auto")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--save-proxy", flags.save_proxy, "keep the trained proxy in this file");
  app.add_option("--width", flags.width, "d, numbers a gradient is projected to")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--projection", flags.projection,
                 "rademacher (dense, the paper's), sparse-sign or sparse-sign:S (S signs a parameter, default 4: faster), kronecker "
                 "(no gradient is formed: fastest, and noisier)")
      ->capture_default_str();
  app.add_option("--truncation", flags.truncation, "a sample longer than the context: prompt (cut its left) or refuse")
      ->capture_default_str()
      ->check(CLI::IsMember({"prompt", "refuse"}));
  app.add_option("--modules", flags.modules,
                 "parameters whose gradient counts: all, or a list of attention, mlp, no-embedding and last:N (blocks) that "
                 "all must hold; fewer are faster")
      ->capture_default_str();
  app.add_option("--precision", flags.precision,
                 "of the products that gradients are taken with: full (float), bf16-backward (in the backward sweep operands are rounded "
                 "to 8 bits and summed in float: faster), bf16 (in both sweeps: faster still, and rows change more), or tf32 (11 bits, "
                 "in both: --device cuda only)")
      ->capture_default_str()
      ->check(CLI::IsMember({"full", "bf16-backward", "bf16", "tf32"}));
  app.add_option("--batch-tokens", flags.batch_tokens, "tokens packed into one sweep, at most; 0: 640 a thread that works on it, 1024 for rademacher")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  app.add_option("--max-memory,--activations", flags.max_memory,
                 "memory, such as 800MB or 4GB. On the CPU: for the activations of sweeps (default 2 GiB). On a device: for all that "
                 "lies there, half of it for activations (default: what is free). With less, sweeps take fewer tokens, and a sample "
                 "that does not fit is computed block by block, twice")
      ->transform(CLI::AsSizeValue(false));
  app.add_option_function<std::string>(
         "--device", [&flags](const std::string& text) { flags.device = device_choice::named(text); },
         "where to compute: cpu, cuda or cuda:NUMBER")
      ->default_str("cpu");
}

}  // namespace command
