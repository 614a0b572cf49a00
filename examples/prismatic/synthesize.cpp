/// prismatic synthesize: grow a pool with problems that land where it is thin.
#include "session.hpp"
#include "subcommands.hpp"

#include <prismatic/io/content_hash.hpp>
#include <prismatic/io/sample_writer.hpp>
#include <prismatic/synthesis/model_writer.hpp>
#include <prismatic/synthesis/one_of.hpp>
#include <prismatic/synthesis/procedural.hpp>
#include <prismatic/synthesis/procedural_solver.hpp>
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

using checkpoint_writer = model_writer<backend_type, scalar>;
using any_generator = one_of<procedural_generator, checkpoint_writer>;
using any_solver = one_of<procedural_solver, checkpoint_writer>;

const std::string built_in = "built-in";

struct synthesize_flags : shared_flags {
  std::string seeds;
  std::string run;
  std::string output;
  bool control = false;
  std::string filter = "sparse-clusters";
  std::string examples = "uniform";
  std::vector<std::string> evaluation;
  std::string generator = built_in;
  std::string solver;  // empty: as the generator
  std::optional<double> temperature;
  std::optional<double> top_p;
  std::optional<index_t> max_new_tokens;
  synthesis_options options;
  procedural_options writer;
  procedural_solver_options checker;

  [[nodiscard]] const std::string& solver_or_generator() const { return solver.empty() ? generator : solver; }
};

// The writer and the solver of a run, and what its configuration says of them.
struct authors {
  any_generator writer;
  any_solver solver;
  std::string writer_identity;
  std::string solver_identity;
};

// The seed file's name, and a hash of what it holds.
std::string identity_of(const std::string& path, const std::vector<sample>& seeds) {
  std::string contents;
  for (const sample& s : seeds) contents += s.id + '\n' + content_hash(s.messages) + '\n';
  return std::filesystem::path(path).filename().string() + " " + content_hash(contents);
}

// The checkpoint's name, and a hash of its weights, its tokenizer and its template.
std::string identity_of(const proxy<backend_type, scalar>& checkpoint) {
  return std::filesystem::canonical(checkpoint.name).filename().string() + " " +
         content_hash(weights_fingerprint(checkpoint.model.parameters()) + checkpoint.encoder->fingerprint());
}

const proxy<backend_type, scalar>& checkpoint_of(session& s, const std::string& flag, const std::string& directory) {
  if (!std::filesystem::is_directory(directory))
    throw model_error(flag + ": found " + in_quotes(directory) + ", expected built-in or a Hugging Face checkpoint's directory");
  return s.checkpoint(directory);
}

// Problems are to differ, solutions are to be right.
authors authors_of(session& s, const synthesize_flags& f) {
  const std::string& solver = f.solver_or_generator();
  const bool writes = f.generator != built_in, solves = solver != built_in;
  require_option(solves || !writes, "--solver built-in: found --generator " + f.generator + ", expected built-in: it knows the answers of that one only");
  require_option(writes || solves || (!f.temperature && !f.top_p && !f.max_new_tokens),
                 "--temperature, --top-p, --max-new-tokens: found the built-in generator and solver, expected a checkpoint to sample from");
  require_option(!solves || f.options.attempts == 1 || f.temperature != 0.0,
                 "--temperature: found 0, expected more: it makes all " + std::to_string(f.options.attempts) + " --attempts the same");
  const auto sampling = [&](double temperature, index_t tokens) {
    return sampling_options{.max_tokens = f.max_new_tokens.value_or(tokens), .temperature = f.temperature.value_or(temperature),
                            .top_p = f.top_p.value_or(0.95), .seed = f.seed, .on_progress = progress(s.bar())};
  };
  const auto* const writing = writes ? &checkpoint_of(s, "--generator", f.generator) : nullptr;
  const auto* const solving = solves ? &checkpoint_of(s, "--solver", solver) : nullptr;
  return {writing != nullptr ? any_generator(checkpoint_writer(s.cx(), *writing, sampling(1, 512))) : any_generator(procedural_generator(f.writer)),
          solving != nullptr ? any_solver(checkpoint_writer(s.cx(), *solving, sampling(0.6, 1024))) : any_solver(procedural_solver(f.checker)),
          writing != nullptr ? identity_of(*writing) : built_in, solving != nullptr ? identity_of(*solving) : built_in};
}

template <class T>
json given(const std::optional<T>& flag) {
  return flag ? json(*flag) : json("default");
}

// Everything that changes the pool. Folders, threads and verbosity do not.
json configuration(const synthesize_flags& f, const authors& who, const std::string& filter, const std::vector<index_t>& quotas,
                   const std::vector<sample>& seeds) {
  const synthesis_options& o = f.options;
  return {{"version", PRISMATIC_VERSION},
          {"seeds", identity_of(f.seeds, seeds)},
          {"seed", f.seed},
          {"proxy", f.proxy},
          {"proxy_steps", f.proxy_steps},
          {"template", f.template_name},
          {"max_context", f.max_context},
          {"generator", who.writer_identity},
          {"solver", who.solver_identity},
          {"temperature", given(f.temperature)},
          {"top_p", given(f.top_p)},
          {"max_new_tokens", given(f.max_new_tokens)},
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
          {"skew", f.writer.skew},
          {"copy", f.writer.copy_probability},
          {"wrong", f.checker.wrong_rate},
          {"evaluation", f.evaluation}};
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
                              const std::vector<sample>& seeds, const decontaminator& clean) {
  run_state state(directory, configuration(flags, who, filter, quotas, seeds));
  // The proxy is part of the run: it is trained once and kept, so that resumed rows fit the earlier ones.
  const auto& model = s.proxy_kept(flags.run + "/proxy.safetensors", seeds);
  row_store store(directory + "/rows", s.manifest());
  synthesis_options options = flags.options;
  options.filter.rule = static_cast<filter_rule>(std::ranges::find(filter_rule_names, filter) - std::begin(filter_rule_names));
  options.examples = flags.examples == "sparse" ? few_shot_rule::sparse : few_shot_rule::uniform;
  options.quotas = std::move(quotas);
  options.too_long = s.too_long();
  options.collecting = s.collecting();
  options.on_progress = progress(s.bar());
  synthesis_run<backend_type, scalar, any_projection, any_generator, any_solver> run(
      s.cx(), model, s.projection(), who.writer, who.solver, clean, state, store, options);
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
  if (const index_t barren = barren_rounds(result.rounds); barren > 0) {
    if (barren == static_cast<index_t>(result.rounds.size())) throw model_error(barren_text(state, who.writer_identity));
    if (!flags.quiet) note("note: " + barren_text(state, who.writer_identity));
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
  flags.writer.seed = flags.checker.seed = flags.seed;
  session s(flags);
  const dataset seeds = s.read(flags.seeds);
  const decontaminator clean = evaluation_sets(s, flags.evaluation);
  authors who = authors_of(s, flags);
  const auto filtered = play(s, flags, who, flags.run, flags.filter, flags.options.quotas, seeds.samples, clean);
  if (!flags.output.empty()) write_samples(flags.output, filtered.pool);
  ordered_json out{{"run", flags.run}, {"filter", flags.filter}, {"seeds", filtered.seeds}, {"pool", filtered.pool.size()}};
  for (const round_record& r : filtered.rounds) out["rounds"].push_back(round_json(r));
  if (flags.control) {
    // As many kept, round by round, as the filter kept: the two pools compare at equal size.
    std::vector<index_t> quotas;
    for (const round_record& r : filtered.rounds) quotas.push_back(r.kept);
    const auto control = play(s, flags, who, flags.run + "/control", "none", quotas, seeds.samples, clean);
    for (const round_record& r : control.rounds) out["control"].push_back(round_json(r));
    if (!flags.json) print_curves(filtered, control, flags.filter);
  }
  s.bar().clear();
  if (flags.json) return say(out.dump(2));
  say("");
  say(flags.run + "/pool.jsonl: " + std::to_string(filtered.seeds) + " seeds and " +
      std::to_string(static_cast<index_t>(filtered.pool.size()) - filtered.seeds) + " new samples");
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
  sub->add_option("--generator", flags->generator, "who writes problems: built-in, or a Hugging Face checkpoint's directory")->capture_default_str();
  sub->add_option("--solver", flags->solver, "who solves them: built-in (its own problems only), or a checkpoint's directory (default: as --generator)");
  sub->add_option("--temperature", flags->temperature, "of a checkpoint's sampling (default: 1 for problems, 0.6 for solutions)")->check(CLI::NonNegativeNumber);
  sub->add_option("--top-p", flags->top_p, "share of the probability a checkpoint samples from (default: 0.95)")->check(CLI::Range(0.0, 1.0));
  sub->add_option("--max-new-tokens", flags->max_new_tokens, "longest text of a checkpoint (default: 512 for problems, 1024 for solutions)")->check(CLI::PositiveNumber);
  sub->add_option("--skew", flags->writer.skew, "built-in generator: how far a few topics dominate")->capture_default_str();
  sub->add_option("--copy", flags->writer.copy_probability, "built-in generator: how often it follows an example's topic")->capture_default_str();
  sub->add_option("--wrong", flags->checker.wrong_rate, "built-in solver: share of wrong answers")->capture_default_str();
  add_run_flags(*sub, *flags);
  add_data_flags(*sub, *flags);
  add_gradient_flags(*sub, *flags);
  sub->footer("Examples:\n"
              "  prismatic synthesize seeds.jsonl --run runs/first --target 1000\n"
              "  prismatic synthesize seeds.jsonl --run runs/second --control --filter surprisal\n"
              "  prismatic synthesize seeds.jsonl --run runs/third --proxy Qwen2.5-0.5B-Instruct/ --generator Qwen2.5-0.5B-Instruct/\n");
  sub->callback([flags] { run(*flags); });
}

}  // namespace command
