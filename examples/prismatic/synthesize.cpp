/// prismatic synthesize: grow a pool with problems that land where it is thin.
#include "authors.hpp"
#include "session.hpp"
#include "subcommands.hpp"

#include <prismatic/io/content_hash.hpp>
#include <prismatic/io/sample_writer.hpp>
#include <prismatic/synthesis/run.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace command {

namespace {

struct synthesize_flags : shared_flags {
  std::string seeds;
  std::string run;
  std::string output;
  bool control = false;
  std::string filter = "sparse-clusters";
  std::string examples = "uniform";
  std::vector<std::string> evaluation;
  synthesis_options options;
  author_flags author;
};

// The seed file's name, and a hash of what it holds.
std::string identity_of(const std::string& path, const std::vector<sample>& seeds) {
  std::string contents;
  for (const sample& s : seeds) contents += s.id + '\n' + content_hash(s.messages) + '\n';
  return std::filesystem::path(path).filename().string() + " " + content_hash(contents);
}

template <class T>
json given(const std::optional<T>& flag) {
  return flag ? json(*flag) : json("default");
}

// Everything that changes the pool. Folders, threads and verbosity do not.
json configuration(const synthesize_flags& f, const authors& who, const std::string& filter, const std::vector<index_t>& quotas,
                   const std::vector<sample>& seeds) {
  const synthesis_options& o = f.options;
  json out{{"version", PRISMATIC_VERSION},
          {"seeds", identity_of(f.seeds, seeds)},
          {"seed", f.seed},
          {"proxy", f.proxy},
          {"proxy_steps", f.proxy_steps},
          {"template", f.template_name},
          {"max_context", f.max_context},
          {"temperature", given(f.author.temperature)},
          {"top_p", given(f.author.top_p)},
          {"max_new_tokens", given(f.author.max_new_tokens)},
          {"width", f.width},
          {"projection", f.projection},
          {"truncation", f.truncation},
          {"modules", f.modules},
          {"target", o.target},
          {"candidates", o.candidates},
          {"quotas", quotas},
          {"shots", o.shots},
          {"examples", f.examples},
          {"attempts", o.attempts},
          {"agreement", o.agreement},
          {"filter", filter},
          {"rows_per_cluster", o.filter.rows_per_cluster},
          {"sparse", o.filter.sparse.fraction},
          {"surprisal_share", o.filter.surprisal_share},
          {"near_duplicate", o.overlap.threshold},
          {"skew", f.author.writer.skew},
          {"copy", f.author.writer.copy_probability},
          {"wrong", f.author.checker.wrong_rate},
          {"evaluation", f.evaluation}};
  who.configure(out);
  return out;
}

const std::vector<std::string> round_heading{"round", "generated", "verified", "duplicates", "kept", "pool", "G-Vendi", "sparse share"};

std::vector<std::string> round_line(const round_record& r) {
  return {std::to_string(r.round),      std::to_string(r.generated),
          std::to_string(r.verified),   std::to_string(r.duplicates),
          std::to_string(r.kept),       std::to_string(r.pool),
          fixed(r.vendi_after, 2),      fixed(100 * r.sparse_share(), 1) + " %"};
}

// Fixed columns, so that each round can be printed when it ends.
std::string round_text(const std::vector<std::string>& cells) {
  constexpr std::size_t widths[] = {5, 9, 8, 10, 5, 6, 8, 12};
  std::string out;
  for (std::size_t i = 0; i < cells.size(); ++i)
    out += (i > 0 ? "  " : "") + std::string(widths[i] - std::min(widths[i], cells[i].size()), ' ') + cells[i];
  return out;
}

ordered_json round_json(const round_record& r) {
  return {{"round", r.round},           {"generated", r.generated},       {"unparsed", r.unparsed},
          {"disagreed", r.disagreed},   {"verified", r.verified},         {"duplicates", r.duplicates},
          {"contaminated", r.contaminated}, {"unusable", r.unusable},     {"judged", r.judged},
          {"in_sparse", r.in_sparse},   {"sparse_share", r.sparse_share()}, {"kept", r.kept},
          {"pool", r.pool},             {"clusters", r.clusters},
          {"g_vendi_before", r.vendi_before}, {"g_vendi", r.vendi_after}};
}

// One response of a round that brought nothing usable: what a solver wrote where there was no agreement, else what the
// generator did.
std::string example_of(run_state& state, index_t round) {
  const std::vector<candidate_record> candidates = state.candidates(round);
  const auto unparsed = std::ranges::find(candidates, "unparsed", &candidate_record::verdict);
  const candidate_record& shown = unparsed == candidates.end() ? candidates.front() : *unparsed;
  const bool solved = shown.verdict == "no agreement";
  const auto texts = state.responses(solved ? "solution" : "problem", std::span(&shown.number, 1));
  return std::string(solved ? "a solution" : "a problem") + " as it was written (request " + std::to_string(shown.number) + ", " +
         shown.verdict + "): " + in_quotes(texts.at(shown.number).at(0).text, 200);
}

// Why the rounds at the end of a run brought nothing.
std::string barren_text(run_state& state, const std::string& writer) {
  const std::vector<round_record> rounds = state.rounds();
  const auto barren = static_cast<std::size_t>(barren_rounds(rounds));
  index_t generated = 0, unparsed = 0, repeated = 0, disagreed = 0;
  for (const round_record& r : std::span(rounds).last(barren)) {
    generated += r.generated;
    unparsed += r.unparsed;
    repeated += r.duplicates + r.contaminated;
    disagreed += r.disagreed;
  }
  return "generator " + writer + ": " + std::to_string(barren) + (barren == 1 ? " round" : " rounds") + " brought nothing usable: of " +
         std::to_string(generated) + " responses " + std::to_string(unparsed) + " hold no problem, " + std::to_string(repeated) +
         " repeat one, " + std::to_string(disagreed) + " got no agreed answer; " + example_of(state, rounds.back().round);
}

// One arm: its own run directory, the same proxy.
synthesis_result<scalar> play(session& s, const synthesize_flags& flags, authors& who, const std::string& directory,
                              const std::string& filter, std::vector<index_t> quotas,
                              const std::vector<sample>& seeds, const decontaminator& clean, std::vector<role_account>& accounts) {
  run_state state(directory, configuration(flags, who, filter, quotas, seeds));
  who.restore(state);
  // The proxy is part of the run: it is trained once and kept, so that resumed rows fit the earlier ones.
  const auto& model = s.proxy_kept(flags.run + "/proxy.safetensors", seeds);
  row_store store(directory + "/rows", s.manifest());
  synthesis_options options = flags.options;
  options.task = who.task();
  options.filter.rule = static_cast<filter_rule>(std::ranges::find(filter_rule_names, filter) - std::begin(filter_rule_names));
  options.examples = flags.examples == "sparse" ? few_shot_rule::sparse : few_shot_rule::uniform;
  options.quotas = std::move(quotas);
  options.too_long = s.too_long();
  options.collecting = s.collecting();
  options.on_progress = progress(s.bar());
  synthesis_run<backend_type, scalar, any_projection, any_generator, any_solver> run(
      s.cx(), model, s.projection(), who.writer(), who.solver(), clean, state, store, options);
  if (!flags.json) {
    say("");
    say(filter == "none" ? "control: no gradient filter" : "filter: " + filter);
    say(round_text(round_heading));
    for (const round_record& r : state.rounds()) say(round_text(round_line(r)));
  }
  auto result = run.run(seeds, [&](const round_record& r) {
    s.bar().clear();
    if (!flags.json) say(round_text(round_line(r)));
    std::fflush(stdout);
    if (r.verified == 0 && !flags.quiet) note("note: round " + std::to_string(r.round) + " brought nothing usable; " + example_of(state, r.round));
  });
  s.bar().clear();
  if (!result.spent.empty() && !flags.quiet)
    note("note: the budget is spent, " + result.spent + "; the same command with a larger one goes on");
  for (role_account& a : who.account(state)) accounts.push_back(std::move(a));
  if (result.rounds.size() == static_cast<std::size_t>(barren_rounds(result.rounds)) && !accounts.empty() && !flags.quiet)
    for (const std::string& line : account_lines(accounts, who.counts())) note(line);
  if (const index_t barren = barren_rounds(result.rounds); barren > 0) {
    if (barren == static_cast<index_t>(result.rounds.size())) throw model_error(barren_text(state, who.writer_identity()));
    if (!flags.quiet) note("note: " + barren_text(state, who.writer_identity()));
  }
  write_samples(directory + "/pool.jsonl", result.pool);
  return result;
}

decontaminator evaluation_sets(const session& s, const std::vector<std::string>& paths) {
  decontaminator out;
  index_t item = 0;
  for (const std::string& path : paths)
    for (const sample& x : s.read(path).samples) out.add(x.prompt(), item++);
  return out;
}

void print_curves(const synthesis_result<scalar>& filtered, const synthesis_result<scalar>& control, const std::string& name) {
  say("");
  std::vector<std::vector<std::string>> lines{{"pool", "G-Vendi, " + name, "G-Vendi, control", "difference"}};
  for (std::size_t i = 0; i < std::min(filtered.rounds.size(), control.rounds.size()); ++i) {
    const round_record &a = filtered.rounds[i], &b = control.rounds[i];
    lines.push_back({a.pool == b.pool ? std::to_string(a.pool) : std::to_string(a.pool) + "/" + std::to_string(b.pool),
                     fixed(a.vendi_after, 2), fixed(b.vendi_after, 2),
                     (a.vendi_after >= b.vendi_after ? "+" : "") + fixed(a.vendi_after - b.vendi_after, 2)});
  }
  std::string text = table(lines);
  text.pop_back();
  say(text);
}

void run(synthesize_flags flags) {
  flags.author.writer.seed = flags.author.checker.seed = flags.seed;
  session s(flags);
  const dataset seeds = s.read(flags.seeds);
  const decontaminator clean = evaluation_sets(s, flags.evaluation);
  authors who(s, flags.author, flags.options.attempts, !std::filesystem::exists(flags.run + "/run.sqlite"));
  std::vector<role_account> accounts;
  const auto filtered = play(s, flags, who, flags.run, flags.filter, flags.options.quotas, seeds.samples, clean, accounts);
  if (!flags.output.empty()) write_samples(flags.output, filtered.pool);
  ordered_json out{{"run", flags.run}, {"filter", flags.filter}, {"seeds", filtered.seeds}, {"pool", filtered.pool.size()}};
  for (const round_record& r : filtered.rounds) out["rounds"].push_back(round_json(r));
  if (!filtered.spent.empty()) out["budget_spent"] = filtered.spent;
  if (!accounts.empty()) out["servers"] = account_json(accounts, who.counts());
  if (flags.control && filtered.spent.empty()) {
    // As many kept, round by round, as the filter kept: the two pools compare at equal size.
    std::vector<index_t> quotas;
    for (const round_record& r : filtered.rounds) quotas.push_back(r.kept);
    const auto control = play(s, flags, who, flags.run + "/control", "none", quotas, seeds.samples, clean, accounts);
    for (const round_record& r : control.rounds) out["control"].push_back(round_json(r));
    if (!flags.json) print_curves(filtered, control, flags.filter);
  }
  s.bar().clear();
  if (flags.json) return say(out.dump(2));
  say("");
  say(flags.run + "/pool.jsonl: " + std::to_string(filtered.seeds) + " seeds and " +
      std::to_string(static_cast<index_t>(filtered.pool.size()) - filtered.seeds) + " new samples");
  if (!accounts.empty())
    for (const std::string& line : account_lines(accounts, who.counts())) say(line);
}

}  // namespace

void add_synthesize(CLI::App& app) {
  auto flags = std::make_shared<synthesize_flags>();
  synthesis_options& o = flags->options;
  CLI::App* sub = app.add_subcommand("synthesize", "grow a pool with new problems that land in its sparse clusters");
  sub->add_option("seeds", flags->seeds, "samples to start from")->required();
  sub->add_option("--run", flags->run, "run directory; the same command continues a stopped run")->required();
  sub->add_option("-o,--output", flags->output, "also write the pool here");
  sub->add_option("--target", o.target, "samples to keep, seeds not counted")->capture_default_str()->check(CLI::PositiveNumber);
  sub->add_option("--rounds", o.rounds, "at most")->capture_default_str()->check(CLI::PositiveNumber);
  sub->add_option("--candidates", o.candidates, "problems asked for in a round")->capture_default_str()->check(CLI::PositiveNumber);
  sub->add_option("--quota", o.quotas, "most kept in a round; several: round by round")->check(CLI::NonNegativeNumber);
  sub->add_option("--shots", o.shots, "examples shown to the writer")->capture_default_str()->check(CLI::Range(0, 64));
  sub->add_option("--examples", flags->examples, "where they come from: uniform or sparse (clusters)")
      ->capture_default_str()
      ->check(CLI::IsMember({"uniform", "sparse"}));
  sub->add_option("--attempts", o.attempts, "solutions of each problem")->capture_default_str()->check(CLI::PositiveNumber);
  sub->add_option("--agreement", o.agreement, "share of them the winner must exceed")->capture_default_str()->check(CLI::Range(0.0, 0.999));
  sub->add_option("--filter", flags->filter, "who is kept: sparse-clusters (the paper's), surprisal, none")
      ->capture_default_str()
      ->check(CLI::IsMember(std::vector<std::string>(std::begin(filter_rule_names), std::end(filter_rule_names))));
  sub->add_option("--sparse", o.filter.sparse.fraction, "fraction of the clusters that is sparse")->capture_default_str()->check(CLI::Range(0.0, 1.0));
  sub->add_option("--surprisal-share", o.filter.surprisal_share, "share the surprisal filter keeps")->capture_default_str()->check(CLI::Range(0.0, 1.0));
  sub->add_option("--near-duplicate", o.overlap.threshold, "Jaccard similarity that is a near duplicate")->capture_default_str()->check(CLI::Range(0.01, 1.0));
  sub->add_option("--evaluation", flags->evaluation, "evaluation files to stay clear of")->check(CLI::ExistingFile);
  sub->add_flag("--control", flags->control, "then play the control arm: same generator, same sizes, no filter");
  add_author_flags(*sub, flags->author);
  add_run_flags(*sub, *flags);
  add_data_flags(*sub, *flags);
  add_gradient_flags(*sub, *flags);
  sub->footer("Examples:\n"
              "  prismatic synthesize seeds.jsonl --run runs/first --target 1000\n"
              "  prismatic synthesize seeds.jsonl --run runs/second --control --filter surprisal\n"
              "  prismatic synthesize seeds.jsonl --run runs/third --proxy Qwen2.5-0.5B-Instruct/ --generator Qwen2.5-0.5B-Instruct/\n"
              "  prismatic synthesize seeds.jsonl --run runs/fourth --generator http://localhost:8000/v1\n"
              "  prismatic synthesize seeds.jsonl --run runs/fifth --generator https://api.openai.com/v1 --generator-model gpt-4o-mini \\\n"
              "      --solver http://localhost:8000/v1 --solver-model Qwen3-32B --generator-price 0.15 0.6 --max-cost 5\n");
  sub->callback([flags] { run(*flags); });
}

}  // namespace command
