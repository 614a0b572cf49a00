/// prismatic plan: what a score or a synthesis run would take, before anything is spent.
#pragma once

#include "session.hpp"
#include "synthesize_flags.hpp"

#include <prismatic/gradient/flops.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace command {

// What no file says: assumptions, stated beside the numbers that rest on them.
struct plan_flags {
  std::optional<double> flops_per_second;  // none: measured
  double machine_price = 0;
  double keep_share = 0.1;
  double bytes_per_token = 4;
  double solution_tokens = 0;
  double server_tokens_per_second = 0;
};

struct score_plan_flags : shared_flags {
  std::string input;
  plan_flags plan;
};

struct synthesize_plan_flags : synthesize_flags {
  plan_flags plan;
};

namespace planning {

// Samples as the proxy reads them, and their gradients' cost.
struct workload {
  encoded_samples encoded;
  index_t samples = 0, longest = 0, projected = 0;
  gradient_flops flops;

  [[nodiscard]] index_t usable() const { return samples - static_cast<index_t>(encoded.refused.size()); }
  [[nodiscard]] double flops_each() const { return flops.total() / static_cast<double>(std::max<index_t>(1, usable())); }
};

template <class B>
workload workload_of(session<B>& s, const std::vector<sample>& samples) {
  const auto& proxy = s.proxy_untrained();
  workload out;
  out.samples = static_cast<index_t>(samples.size());
  out.encoded = encode(proxy, samples, {.too_long = s.too_long()});
  const std::vector<bool> wanted = s.collecting().wanted;
  const auto& infos = proxy.model.parameters().infos();
  for (std::size_t i = 0; i < infos.size(); ++i)
    if (wanted.empty() || wanted[i]) out.projected += infos[i].size();
  for (const token_sequence& t : out.encoded.sequences) {
    if (t.size() == 0) continue;
    out.longest = std::max(out.longest, t.size());
    out.flops += flops_of_gradient(proxy.model.config(), t, out.projected, s.projection().additions());
  }
  if (out.usable() == 0) throw data_error("plan", 0, "", "no usable sample", "at least one");
  return out;
}

// Operations a second of this machine: gradients of some of the samples are taken, of more until it took half a second.
template <class B>
double measured_rate(session<B>& s, const workload& work) {
  const auto& proxy = s.proxy_untrained();
  std::vector<token_sequence> sequences;
  for (const token_sequence& t : work.encoded.sequences)
    if (t.size() > 0) sequences.push_back(t);
  shuffle(sequences, s.cx().random("plan/trial"));
  collect_options options = s.collecting();
  options.on_progress = {};
  for (std::size_t count = 1;; count *= 2) {
    const auto part = std::span<const token_sequence>(sequences).first(std::min(count, sequences.size()));
    const auto begun = std::chrono::steady_clock::now();
    (void)collect_rows(s.cx(), proxy.model, part, s.projection(), options);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    if (seconds < 0.5 && part.size() < sequences.size()) continue;
    gradient_flops done;
    for (const token_sequence& t : part)
      done += flops_of_gradient(proxy.model.config(), t, work.projected, s.projection().additions());
    return done.total() / std::max(seconds, 1e-9);
  }
}

// --proxy auto is trained first: sweeps without a projection over as many tokens as a step sees.
inline double training_flops(const shared_flags& flags, const workload& work) {
  constexpr double tokens_a_step = 4096;
  return flags.proxy == "auto" ? static_cast<double>(flags.proxy_steps) * tokens_a_step * work.flops.sweeps / static_cast<double>(work.encoded.tokens) : 0;
}

// G-Vendi of n rows: the covariance, then its eigenvalues.
inline double score_flops(double n, double d) { return n * d * d + 10 * d * d * d; }

inline ordered_json machine_json(double flops, double rate, bool is_measured, const plan_flags& plan) {
  const double hours = flops / rate / 3600;
  ordered_json out{{"flop", flops}, {"flop_per_second", rate}, {"rate_is", is_measured ? "measured in a trial on this machine" : "stated by --flops-per-second"}, {"hours", hours}};
  if (plan.machine_price > 0) out["cost"] = hours * plan.machine_price;
  return out;
}

template <class B>
ordered_json gradients_json(session<B>& s, const workload& work) {
  return {{"samples", work.samples},
          {"unusable", work.encoded.refused.size()},
          {"truncated", work.encoded.truncated},
          {"tokens", work.encoded.tokens},
          {"longest", work.longest},
          {"parameters", s.proxy_untrained().model.parameters().scalars()},
          {"projected_parameters", work.projected},
          {"flop_of_sweeps", work.flops.sweeps},
          {"additions_of_the_projection", work.flops.projection}};
}

inline std::string short_number(double value) {
  constexpr const char* units[] = {"", " k", " M", " G", " T", " P", " E"};
  std::size_t unit = 0;
  for (; value >= 9999.5 && unit + 1 < std::size(units); ++unit) value /= 1000;
  return fixed(value, value == std::floor(value) && unit == 0 ? 0 : value < 10 ? 2 : 1) + units[unit];
}

inline std::string bytes(double value) { return short_number(value) + (value < 9999.5 ? " B" : "B"); }

inline std::string duration(double hours) {
  if (hours >= 1) return fixed(hours, 1) + " h";
  return hours >= 1.0 / 60 ? fixed(hours * 60, 1) + " min" : fixed(hours * 3600, 1) + " s";
}

using lines = std::vector<std::vector<std::string>>;

inline void add_gradient_lines(lines& out, const ordered_json& g) {
  out.push_back({"samples", g["samples"].dump() + (g["unusable"] > 0 ? " (" + g["unusable"].dump() + " unusable)" : "")});
  out.push_back({"tokens", g["tokens"].dump()});
  out.push_back({"longest sample, tokens", g["longest"].dump()});
  out.push_back({"proxy's parameters, projected", g["parameters"].dump() + ", " + g["projected_parameters"].dump()});
}

inline void add_machine_lines(lines& out, const ordered_json& m) {
  out.push_back({"operations", short_number(m["flop"].get<double>()) + "FLOP"});
  out.push_back({"rate, " + m["rate_is"].get<std::string>(), short_number(m["flop_per_second"].get<double>()) + "FLOP/s"});
  out.push_back({"time on this machine", duration(m["hours"].get<double>())});
  if (m.contains("cost")) out.push_back({"cost of the machine", fixed(m["cost"].get<double>(), 2)});
}

inline void print(const lines& out) {
  std::string text = table(out);
  text.pop_back();
  say(text);
}

template <class B>
double rate_of(session<B>& s, const workload& work, const plan_flags& plan) {
  return plan.flops_per_second ? *plan.flops_per_second : measured_rate(s, work);
}

// What the servers of one role would be asked.
inline ordered_json role_json(index_t requests, double prompt, double completion, const role_flags& role) {
  const double all = static_cast<double>(requests);
  ordered_json out{{"requests", requests}, {"prompt_tokens", std::llround(all * prompt)}, {"completion_tokens", std::llround(all * completion)}};
  const token_price price = role.price.size() == 2 ? token_price{role.price[0], role.price[1]} : token_price{};
  if (!role.price.empty()) out["cost"] = price.of(out["prompt_tokens"].get<index_t>(), out["completion_tokens"].get<index_t>());
  return out;
}

}  // namespace planning

struct plan_score_verb {
  using flags_type = score_plan_flags;

  template <class B>
  static void run(session<B>& s, const score_plan_flags& flags) {
    using namespace planning;
    const workload work = workload_of(s, s.read(flags.input).samples);
    const auto n = static_cast<double>(work.usable()), d = static_cast<double>(flags.width);
    const double flops = work.flops.total() + training_flops(flags, work) + score_flops(n, d);
    ordered_json out{{"plan", "score"}, {"gradients", gradients_json(s, work)}};
    out["machine"] = machine_json(flops, rate_of(s, work, flags.plan), !flags.plan.flops_per_second, flags.plan);
    out["bytes_of_rows"] = n * d * sizeof(scalar);
    s.bar().clear();
    if (flags.json) return say(out.dump(2));
    lines text;
    add_gradient_lines(text, out["gradients"]);
    add_machine_lines(text, out["machine"]);
    text.push_back({"rows", bytes(out["bytes_of_rows"].get<double>())});
    print(text);
  }
};

struct plan_synthesize_verb {
  using flags_type = synthesize_plan_flags;

  template <class B>
  static void run(session<B>& s, const synthesize_plan_flags& flags) {
    using namespace planning;
    require_option(!flags.seeds.empty(), "plan synthesize: found no seeds, expected a file of samples");
    const synthesis_options options = options_of(flags, flags.filter, flags.options.quotas);
    const std::vector<sample> seeds = s.read(flags.seeds).samples;
    const workload work = workload_of(s, seeds);

    // Rounds, as the share of the candidates that is kept and the quotas let them go.
    index_t rounds = 0, kept = 0;
    while (kept < options.target && rounds < options.rounds) {
      ++rounds;
      const index_t share = std::llround(static_cast<double>(options.candidates) * flags.plan.keep_share);
      kept += std::min({share, of_round(options.quotas, rounds, options.target), options.target - kept});
    }
    const index_t arms = flags.control ? 2 : 1, candidates = arms * rounds * options.candidates;
    const auto mean = [&](auto&& bytes) {
      double sum = 0;
      for (const sample& x : seeds) sum += static_cast<double>(bytes(x));
      return sum / static_cast<double>(seeds.size()) / flags.plan.bytes_per_token;
    };
    const double question = mean([](const sample& x) { return x.prompt().size(); });
    const double written_solution = mean([](const sample& x) { return x.completion().size(); });
    const double solution = flags.plan.solution_tokens > 0 ? flags.plan.solution_tokens : written_solution;
    constexpr double instructions = 150;  // tokens of a prompt beside examples and problem
    const role_flags solver = flags.author.solver_or_generator();

    ordered_json out{{"plan", "synthesize"}, {"seeds", seeds.size()}, {"kept", kept}, {"rounds", rounds}, {"candidates", candidates}};
    out["gradients"] = gradients_json(s, work);
    const auto d = static_cast<double>(flags.width), pool = static_cast<double>(kept) + static_cast<double>(seeds.size());
    const double clustering = 2 * pool * pool / static_cast<double>(options.filter.rows_per_cluster) * d * options.filter.iterations;
    const double each_round = clustering + 2 * score_flops(pool, d);
    const double flops = work.flops_each() * static_cast<double>(candidates) + work.flops.total() + training_flops(flags, work) +
                         static_cast<double>(arms * rounds) * each_round;
    out["machine"] = machine_json(flops, rate_of(s, work, flags.plan), !flags.plan.flops_per_second, flags.plan);
    out["generator"] = role_json(candidates, static_cast<double>(options.shots) * (question + written_solution) + instructions,
                                 question + written_solution, flags.author.generator);
    out["solver"] = role_json(candidates * options.attempts, question + instructions, solution, solver);
    double server_cost = 0, server_tokens = 0;
    for (const char* role : {"generator", "solver"}) {
      server_cost += out[role].value("cost", 0.0);
      server_tokens += out[role]["completion_tokens"].get<double>();
    }
    if (flags.plan.server_tokens_per_second > 0) out["server_hours"] = server_tokens / flags.plan.server_tokens_per_second / 3600;
    out["cost"] = server_cost + out["machine"].value("cost", 0.0);
    if (flags.author.budget.cost > 0) out["within_max_cost"] = server_cost <= flags.author.budget.cost;
    out["bytes_of_rows"] = static_cast<double>(arms) * pool * d * sizeof(scalar);
    out["bytes_of_responses"] = server_tokens * flags.plan.bytes_per_token;
    std::vector<std::string> assumed{
        fixed(100 * flags.plan.keep_share, 1) + " % of the candidates are kept (--keep-share)",
        "every candidate is solved and gets a gradient, and is as long as a seed: an upper bound, as drops come first",
        fixed(flags.plan.bytes_per_token, 1) + " bytes a token of a server (--bytes-per-token); a solution of " + fixed(solution, 0) +
            " tokens (--solution-tokens)"};
    for (const auto& [role, who] : {std::pair("generator", &flags.author.generator), std::pair("solver", &solver)}) {
      out[role]["who"] = who->is_built_in() ? "built-in" : who->is_endpoint() ? "server" : "checkpoint";
      if (out[role]["who"] == "checkpoint") assumed.push_back(std::string(role) + ": what a checkpoint samples in this process takes time that is not counted");
    }
    out["assumptions"] = assumed;
    s.bar().clear();
    if (flags.json) return say(out.dump(2));

    lines text;
    add_gradient_lines(text, out["gradients"]);
    text.push_back({"rounds, at most", std::to_string(rounds)});
    text.push_back({"kept", std::to_string(kept) + (kept < options.target ? " of " + std::to_string(options.target) + ": --rounds ends it" : "")});
    text.push_back({"candidates", std::to_string(candidates)});
    for (const char* role : {"generator", "solver"}) {
      if (out[role]["who"] == "built-in") continue;
      text.push_back({std::string(role) + ": requests", out[role]["requests"].dump()});
      text.push_back({std::string(role) + ": prompt and completion tokens",
                      short_number(out[role]["prompt_tokens"].get<double>()) + ", " + short_number(out[role]["completion_tokens"].get<double>())});
      if (out[role].contains("cost")) text.push_back({std::string(role) + ": cost", fixed(out[role]["cost"].get<double>(), 2)});
    }
    add_machine_lines(text, out["machine"]);
    if (out.contains("server_hours")) text.push_back({"time of the servers", duration(out["server_hours"].get<double>())});
    text.push_back({"rows, responses", short_number(out["bytes_of_rows"].get<double>()) + "B, " + bytes(out["bytes_of_responses"].get<double>())});
    text.push_back({"cost in all", fixed(out["cost"].get<double>(), 2)});
    if (out.contains("within_max_cost") && !out["within_max_cost"].get<bool>())
      text.push_back({"--max-cost " + fixed(flags.author.budget.cost, 2), "would end it earlier"});
    print(text);
    for (const std::string& line : assumed) say("assumed: " + line);
  }
};

}  // namespace command
