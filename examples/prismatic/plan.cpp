#include "plan.hpp"

#include "devices.hpp"
#include "subcommands.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace command {

namespace {

void add_plan_flags(CLI::App& sub, plan_flags& plan) {
  sub.add_option("--flops-per-second", plan.flops_per_second, "of the machine that will run it (default: measured here, in a trial of a second or two)")
      ->check(CLI::PositiveNumber);
  sub.add_option("--machine-price", plan.machine_price, "of an hour of it")->check(CLI::NonNegativeNumber);
}

}  // namespace

void add_plan(CLI::App& app) {
  CLI::App* plan = app.add_subcommand("plan", "what a score or a synthesis run would take, before anything is spent");
  plan->require_subcommand(1);
  plan->footer("Examples:\n"
               "  prismatic plan score data.jsonl --proxy Qwen2.5-0.5B-Instruct/\n"
               "  prismatic plan synthesize seeds.jsonl --target 10000 --generator https://api.openai.com/v1 --generator-price 0.15 0.6\n");

  auto score = std::make_shared<score_plan_flags>();
  CLI::App* sub = plan->add_subcommand("score", "of `prismatic score` and `prismatic gradients`");
  sub->add_option("data", score->input, "samples (.jsonl, .jsonl.gz, .json, -)")->required();
  add_plan_flags(*sub, score->plan);
  add_run_flags(*sub, *score);
  add_data_flags(*sub, *score);
  add_gradient_flags(*sub, *score);
  sub->callback([score] { on_device<plan_score_verb>(*score); });

  auto synthesize = std::make_shared<synthesize_plan_flags>();
  sub = plan->add_subcommand("synthesize", "of `prismatic synthesize` with the same flags; no server is asked");
  add_plan_flags(*sub, synthesize->plan);
  sub->add_option("--keep-share", synthesize->plan.keep_share, "share of the candidates that is kept")->capture_default_str()->check(CLI::Range(0.0001, 1.0));
  sub->add_option("--bytes-per-token", synthesize->plan.bytes_per_token, "of the servers' tokenizers")->capture_default_str()->check(CLI::Range(0.5, 16.0));
  sub->add_option("--solution-tokens", synthesize->plan.solution_tokens, "of a solver's answer, thoughts included (default: as a seed's)")->check(CLI::PositiveNumber);
  sub->add_option("--server-tokens-per-second", synthesize->plan.server_tokens_per_second, "completion tokens that the servers write in a second")->check(CLI::PositiveNumber);
  add_synthesize_flags(*sub, *synthesize);
  sub->callback([synthesize] { on_device<plan_synthesize_verb>(*synthesize); });
}

}  // namespace command
