/// prismatic synthesize: grow a pool with problems that land where it is thin.
#pragma once

#include "authors.hpp"
#include "rounds.hpp"
#include "run_report.hpp"
#include "session.hpp"
#include "synthesize_flags.hpp"

#include <prismatic/io/content_hash.hpp>
#include <prismatic/io/sample_writer.hpp>
#include <prismatic/synthesis/run.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace command {

struct synthesize_verb {
  using flags_type = synthesize_flags;

  // The seed file's name, and a hash of what it holds.
  static std::string identity_of(const std::string& path, const std::vector<sample>& seeds) {
    std::string contents;
    for (const sample& s : seeds) contents += s.id + '\n' + content_hash(s.messages) + '\n';
    return std::filesystem::path(path).filename().string() + " " + content_hash(contents);
  }

  template <class T>
  static json given(const std::optional<T>& flag) {
    return flag ? json(*flag) : json("default");
  }

  // Everything that changes the pool. Folders, threads and verbosity do not.
  template <class B>
  static json configuration(const synthesize_flags& f, const authors<B>& who, const std::string& filter, const std::vector<index_t>& quotas,
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
            {"temperature_by_round", o.temperatures},
            {"attempts", o.attempts},
            {"agreement", o.agreement},
            {"check_arithmetic", o.check_arithmetic},
            {"problem_characters", f.problem_characters},
            {"solution_characters", f.solution_characters},
            {"scripts", f.scripts},
            {"script_share", o.texts.script_share},
            {"filter", filter},
            {"rows_per_cluster", o.filter.rows_per_cluster},
            {"warm_clusters", o.warm_clusters},
            {"sparse", o.filter.sparse.fraction},
            {"surprisal_share", o.filter.surprisal_share},
            {"near_duplicate", o.overlap.threshold},
            {"skew", f.author.writer.skew},
            {"copy", f.author.writer.copy_probability},
            {"wrong", f.author.checker.wrong_rate},
            {"evaluation", f.evaluation}};
    if (f.precision != "full") out["precision"] = f.precision;
    if (!o.texts.languages.empty()) out["languages"] = o.texts.languages;
    who.configure(out);
    return out;
  }

  // One response of a round that brought nothing usable: what a solver wrote where there was no agreement, else what the
  // generator did.
  static std::string example_of(run_state& state, index_t round) {
    const std::vector<candidate_record> candidates = state.candidates(round);
    const auto unparsed = std::ranges::find(candidates, "unparsed", &candidate_record::verdict);
    const candidate_record& shown = unparsed == candidates.end() ? candidates.front() : *unparsed;
    const bool solved = shown.verdict == "no agreement";
    const auto texts = state.responses(solved ? "solution" : "problem", std::span(&shown.number, 1));
    return std::string(solved ? "a solution" : "a problem") + " as it was written (request " + std::to_string(shown.number) + ", " +
           shown.verdict + "): " + in_quotes(texts.at(shown.number).at(0).text, 200);
  }

  // Why nothing was kept of the rounds at the end of a run.
  static std::string barren_text(run_state& state, const std::string& writer) {
    const std::vector<round_record> rounds = state.rounds();
    const auto barren = static_cast<std::size_t>(barren_rounds(rounds));
    index_t generated = 0, unparsed = 0, unfit = 0, repeated = 0, disagreed = 0, verified = 0;
    for (const round_record& r : std::span(rounds).last(barren)) {
      generated += r.generated;
      unparsed += r.unparsed;
      unfit += r.off_length + r.off_script;
      repeated += r.duplicates + r.contaminated;
      disagreed += r.disagreed;
      verified += r.verified;
    }
    return "generator " + writer + ": " + std::to_string(barren) + (barren == 1 ? " round" : " rounds") + " brought nothing to keep: of " +
           std::to_string(generated) + " responses " + std::to_string(unparsed) + " hold no problem, " + std::to_string(repeated) +
           " repeat one, " + (unfit > 0 ? std::to_string(unfit) + " are of another length, script or language, " : "") + std::to_string(disagreed) + " got no agreed answer" +
           (verified > 0 ? ", " + std::to_string(verified) + " were not kept by filter or quota" : "; " + example_of(state, rounds.back().round));
  }

  // One arm: its own run directory, the same proxy.
  template <class B>
  static synthesis_result<scalar> play(session<B>& s, const synthesize_flags& flags, authors<B>& who, const std::string& directory,
                                const std::string& filter, const std::vector<index_t>& quotas,
                                const std::vector<sample>& seeds, const decontaminator& clean, std::vector<role_account>& accounts) {
    synthesis_options options = options_of(flags, filter, quotas);
    options.task = who.task();
    run_state state(directory, configuration(flags, who, filter, quotas, seeds));
    who.restore(state);
    // The proxy is part of the run: it is trained once and kept, so that resumed rows fit the earlier ones.
    const auto& model = s.proxy_kept(flags.run + "/proxy.safetensors", seeds);
    row_store store(directory + "/rows", s.manifest());
    options.too_long = s.too_long();
    options.collecting = s.collecting();
    options.on_progress = progress(s.bar());
    synthesis_run<B, scalar, any_projection, typename authors<B>::any_generator, typename authors<B>::any_solver> run(
        s.cx(), model, s.projection(), who.writer(), who.solver(), clean, state, store, options);
    if (!flags.json) {
      say("");
      say(filter == "none" ? "control: no gradient filter" : "filter: " + filter);
      say(round_heading());
      for (const round_record& r : state.rounds()) say(round_line(r));
    }
    const std::string pool = directory + "/pool.jsonl";
    auto result = run.run(seeds, [&](const synthesis_result<scalar>& so_far) {
      const round_record& r = so_far.rounds.back();
      if (r.kept > 0) write_samples(pool, so_far.pool);  // whatever stops the run, it holds every complete round
      s.bar().clear();
      if (!flags.json) say(round_line(r));
      std::fflush(stdout);
      if (r.verified == 0 && !flags.quiet) note("note: round " + std::to_string(r.round) + " brought nothing usable; " + example_of(state, r.round));
    });
    s.bar().clear();
    if (!result.spent.empty() && !flags.quiet)
      note("note: the budget is spent, " + result.spent + "; the same command with a larger one goes on");
    for (role_account& a : who.account(state)) accounts.push_back(std::move(a));
    if (const index_t barren = barren_rounds(result.rounds); barren > 0) {
      const bool is_all = std::ranges::all_of(result.rounds, [](const round_record& r) { return r.verified == 0; });
      if (is_all && !accounts.empty() && !flags.quiet)
        for (const std::string& line : account_lines(accounts, who.counts())) note(line);
      if (is_all) throw model_error(barren_text(state, who.writer_identity()));
      if (!flags.quiet) note("note: " + barren_text(state, who.writer_identity()));
    }
    write_samples(pool, result.pool);
    return result;
  }

  template <class B>
  static decontaminator evaluation_sets(const session<B>& s, const std::vector<std::string>& paths) {
    decontaminator out;
    index_t item = 0;
    for (const std::string& path : paths)
      for (const sample& x : s.read(path).samples) out.add(x.prompt(), item++);
    return out;
  }

  static void print_curves(const synthesis_result<scalar>& filtered, const synthesis_result<scalar>& control, const std::string& name) {
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

  template <class B>
  static void run(session<B>& s, const synthesize_flags& flags) {
    require_option(!flags.seeds.empty() && !flags.run.empty(), "synthesize: found no " + std::string(flags.seeds.empty() ? "seeds" : "--run") +
                                                                   ", expected seeds and --run DIRECTORY, or --status DIRECTORY");
    require_option(flags.options.temperatures.empty() || !flags.author.generator.is_built_in(),
                   "--temperature-by-round: found the built-in generator, expected a checkpoint or a server to sample from");
    const dataset seeds = s.read(flags.seeds);
    const decontaminator clean = evaluation_sets(s, flags.evaluation);
    authors<B> who(s, flags.author, flags.options.attempts, !std::filesystem::exists(flags.run + "/run.sqlite"));
    std::vector<role_account> accounts;
    const auto filtered = play(s, flags, who, flags.run, flags.filter, flags.options.quotas, seeds.samples, clean, accounts);
    if (!flags.output.empty()) write_samples(flags.output, filtered.pool);
    ordered_json out{{"run", flags.run}, {"filter", flags.filter}, {"seeds", filtered.seeds}, {"pool", filtered.pool.size()},
                     {"stopped", stop_reason_texts[static_cast<std::size_t>(filtered.stopped)]}};
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
    if (!filtered.rounds.empty()) write_report(flags.run, {.threads = flags.threads, .seed = flags.seed});
    s.bar().clear();
    if (flags.json) return say(out.dump(2));
    say("");
    say(flags.run + "/pool.jsonl: " + std::to_string(filtered.seeds) + " seeds and " +
        std::to_string(static_cast<index_t>(filtered.pool.size()) - filtered.seeds) + " new samples; " +
        std::string(stop_reason_texts[static_cast<std::size_t>(filtered.stopped)]));
    if (!accounts.empty())
      for (const std::string& line : account_lines(accounts, who.counts())) say(line);
  }
};

}  // namespace command
