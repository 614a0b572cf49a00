#include "synthesize_flags.hpp"

#include "languages.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace command {

void add_synthesize_flags(CLI::App& sub, synthesize_flags& flags) {
  synthesis_options& o = flags.options;
  sub.add_option("seeds", flags.seeds, "samples to start from");
  sub.add_option("--run", flags.run, "run directory; the same command continues a stopped run");
  sub.add_option("-o,--output", flags.output, "also write the pool here");
  sub.add_option("--target", o.target, "samples to keep, seeds not counted")->capture_default_str()->check(CLI::PositiveNumber);
  sub.add_option("--rounds", o.rounds, "at most")->capture_default_str()->check(CLI::PositiveNumber);
  sub.add_flag("--warm-clusters", o.warm_clusters, "cluster each round from the last one's centroids: faster, and so far less diverse (docs/results.md)");
  sub.add_option("--plateau", o.plateau, "stop when the last rounds raised G-Vendi by less than this share of it, e.g. 0.01")->check(CLI::NonNegativeNumber);
  sub.add_option("--plateau-rounds", o.plateau_rounds, "how many rounds that are")->capture_default_str()->check(CLI::PositiveNumber);
  sub.add_option("--candidates", o.candidates, "problems asked for in a round")->capture_default_str()->check(CLI::PositiveNumber);
  sub.add_option("--quota", o.quotas, "most kept in a round; several: round by round")->check(CLI::NonNegativeNumber);
  sub.add_option("--shots", o.shots, "examples shown to the writer")->capture_default_str()->check(CLI::Range(0, 64));
  sub.add_option("--examples", flags.examples, "which: uniform, sparse (from sparse clusters), level (a seed's field of that name is its weight), loss (what the proxy finds hard)")
      ->capture_default_str()
      ->check(CLI::IsMember(std::vector<std::string>(std::begin(few_shot_rule_names), std::end(few_shot_rule_names))));
  sub.add_option("--temperature-by-round", o.temperatures, "of the writer's sampling in round 1, 2, ...; the last holds on")->check(CLI::NonNegativeNumber);
  sub.add_option("--attempts", o.attempts, "solutions of each problem")->capture_default_str()->check(CLI::PositiveNumber);
  sub.add_option("--agreement", o.agreement, "share of them the winner must exceed")->capture_default_str()->check(CLI::Range(0.0, 0.999));
  sub.add_flag("--check-arithmetic", o.check_arithmetic, "a solution that states a wrong equation between numbers has no vote");
  sub.add_option("--problem-characters", flags.problem_characters, "least and most characters of a problem")->expected(2)->check(CLI::NonNegativeNumber);
  sub.add_option("--solution-characters", flags.solution_characters, "least and most characters of its solution")->expected(2)->check(CLI::NonNegativeNumber);
  sub.add_option("--script", flags.scripts, "scripts that texts are to be written in (latin, cyrillic, han, ...)");
  sub.add_option("--script-share", o.texts.script_share, "least share of a text's letters in them")->capture_default_str()->check(CLI::Range(0.0, 1.0));
  sub.add_option("--language", o.texts.languages, "languages that texts are to be written in (en, fr, zh, ...), as CLD2 finds them; a text too short to tell passes");
  sub.add_option("--filter", flags.filter, "who is kept: sparse-clusters (the paper's), surprisal, none")
      ->capture_default_str()
      ->check(CLI::IsMember(std::vector<std::string>(std::begin(filter_rule_names), std::end(filter_rule_names))));
  sub.add_option("--sparse", o.filter.sparse.fraction, "fraction of the clusters that is sparse")->capture_default_str()->check(CLI::Range(0.0, 1.0));
  sub.add_option("--surprisal-share", o.filter.surprisal_share, "share the surprisal filter keeps")->capture_default_str()->check(CLI::Range(0.0, 1.0));
  sub.add_option("--near-duplicate", o.overlap.threshold, "Jaccard similarity that is a near duplicate")->capture_default_str()->check(CLI::Range(0.01, 1.0));
  sub.add_option("--evaluation", flags.evaluation, "evaluation files to stay clear of")->check(CLI::ExistingFile);
  sub.add_flag("--control", flags.control, "then play the control arm: same generator, same sizes, no filter");
  add_author_flags(sub, flags.author);
  add_run_flags(sub, flags);
  add_data_flags(sub, flags);
  add_gradient_flags(sub, flags);
}

synthesis_options options_of(const synthesize_flags& f, const std::string& filter, std::vector<index_t> quotas) {
  const auto place = [](const auto& names, const std::string& name) { return std::ranges::find(names, name) - std::begin(names); };
  const auto range = [](const std::vector<index_t>& given, const char* flag) {
    require_option(given.empty() || given[0] <= given[1], std::string(flag) + ": found a least that is more than the most");
    return given.empty() ? length_range{} : length_range{given[0], given[1]};
  };
  synthesis_options out = f.options;
  out.filter.rule = static_cast<filter_rule>(place(filter_rule_names, filter));
  out.examples = static_cast<few_shot_rule>(place(few_shot_rule_names, f.examples));
  out.quotas = std::move(quotas);
  out.texts.problem = range(f.problem_characters, "--problem-characters");
  out.texts.solution = range(f.solution_characters, "--solution-characters");
  for (const std::string& name : f.scripts) out.texts.scripts.push_back(script_named(name));
  if (!out.texts.languages.empty()) out.texts.language_of = language_detector_for(out.texts.languages);
  return out;
}

}  // namespace command
