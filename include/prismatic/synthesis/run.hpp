/// Prismatic Synthesis: rounds that ask for new problems and keep the ones that land where the pool is thin.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/host.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/progress.hpp>
#include <prismatic/diversity/vendi.hpp>
#include <prismatic/gradient/row_store.hpp>
#include <prismatic/gradient/sample_rows.hpp>
#include <prismatic/io/sample.hpp>
#include <prismatic/synthesis/arrival.hpp>
#include <prismatic/synthesis/decontaminate.hpp>
#include <prismatic/synthesis/few_shots.hpp>
#include <prismatic/synthesis/filter.hpp>
#include <prismatic/synthesis/generator.hpp>
#include <prismatic/synthesis/overlap.hpp>
#include <prismatic/synthesis/responses.hpp>
#include <prismatic/synthesis/round_candidate.hpp>
#include <prismatic/synthesis/run_options.hpp>
#include <prismatic/synthesis/run_state.hpp>
#include <prismatic/synthesis/task.hpp>
#include <prismatic/synthesis/vote.hpp>
#include <prismatic/transformer/proxy.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prismatic {

/// One run of the loop. Everything it does is a function of the configuration and of the responses stored
/// in `state`, so a run that was stopped anywhere continues to the same pool.
template <class B, real T, class Projection, generator Generator, solver Solver>
class synthesis_run {
 public:
  static constexpr index_t patience = 3, patience_responses = 100;

  /// All references must outlive the run. @param clean  evaluation sets to stay clear of
  synthesis_run(context<B>& cx, const proxy<B, T>& model, const Projection& projection, Generator& writer,
                Solver& solves, const decontaminator& clean, run_state& state, row_store& store,
                synthesis_options options)
      : cx_(cx),
        proxy_(model),
        projection_(projection),
        generator_(writer),
        solver_(solves),
        clean_(clean),
        state_(state),
        store_(store),
        options_(std::move(options)),
        seen_(options_.overlap) {}

  /// Runs rounds until `target` samples are kept, `rounds` are done, G-Vendi has a plateau (see is_plateau), a budget is
  /// spent, or `patience` rounds in a row, of `patience_responses` at least, brought nothing to keep. From wherever the
  /// state stands.
  /// @param after_round  given the result so far after each round, when that is committed
  /// @throws data_error  a seed cannot be used; what a generator, a solver or the state throws
  template <class F>
  [[nodiscard]] synthesis_result<T> run(std::span<const sample> seeds, F&& after_round) {
    begin(seeds);
    try {
      while (!reason_to_stop()) {
        play_round();
        after_round(std::as_const(result_));
      }
      result_.stopped = *reason_to_stop();
    } catch (const budget_spent& e) {
      result_.stopped = stop_reason::budget;
      result_.spent = e.what();
    }
    return std::move(result_);
  }

 private:
  using candidate = round_candidate;
  using clusters_type = pool_clusters<T, B::space>;

  [[nodiscard]] index_t kept() const { return static_cast<index_t>(result_.pool.size()) - result_.seeds; }

  [[nodiscard]] std::optional<stop_reason> reason_to_stop() const {
    const index_t barren = barren_rounds(result_.rounds);
    if (kept() >= options_.target) return stop_reason::target;
    if (static_cast<index_t>(result_.rounds.size()) >= options_.rounds) return stop_reason::rounds;
    if (barren >= patience && barren * options_.candidates >= patience_responses) return stop_reason::barren;
    if (options_.plateau && is_plateau(result_.rounds, options_.plateau_rounds, *options_.plateau)) return stop_reason::plateau;
    return std::nullopt;
  }

  // The pool as the state knows it, and its rows, computed where the store lacks them.
  void begin(std::span<const sample> seeds) {
    result_.rounds = state_.rounds();
    result_.pool = state_.pool();
    const bool fresh = result_.pool.empty();
    if (fresh) result_.pool.assign(seeds.begin(), seeds.end());
    for (std::size_t i = 0; i < result_.pool.size(); ++i) seen_.add(result_.pool[i].prompt(), static_cast<index_t>(i));

    std::vector<sample> missing;
    for (const sample& s : result_.pool)
      if (!store_.contains(s.id)) missing.push_back(s);
    const sample_rows<T> found = rows_of(missing);
    if (!found.refused.empty())
      throw data_error("seeds", 0, "", "one that cannot be used: " + found.refused.front().reason, "usable samples");
    append_rows(missing, found.gradients, found.used);
    if (fresh) state_.set_seeds(seeds);  // not before they are known to be usable
    result_.seeds = state_.seeds();
    load_rows();
    centroids_ = converted<T>(state_.centroids());
    vendi_ = score_of_pool();
  }

  void play_round() {
    round_record record;
    record.round = static_cast<index_t>(result_.rounds.size()) + 1;
    record.vendi_before = vendi_;
    const index_t first = (record.round - 1) * options_.candidates, last = first + options_.candidates;
    const auto before = on_backend(cx_, options_.warm_clusters ? std::as_const(centroids_).view() : matrix_view<const T>{});
    const clusters_type clusters = cluster_pool(cx_, on_backend(cx_, result_.rows.view()), options_.filter, before);
    record.clusters = clusters.means.centroids.rows();

    std::vector<candidate> candidates = written(record.round, first, last, clusters);
    record.generated = last - first;
    record.unparsed = with_verdict(candidates, "unparsed");
    drop_unfit(candidates, &candidate_record::question, options_.texts.problem, options_.texts);
    drop_repeats(candidates, record);
    solve(candidates, record);
    drop_unfit(candidates, &candidate_record::solution, options_.texts.solution, options_.texts);
    record.disagreed = with_verdict(candidates, "no agreement");
    record.off_length = with_verdict(candidates, "length");
    record.off_script = with_verdict(candidates, "script") + with_verdict(candidates, "language");
    record.verified = alive(candidates);

    const index_t quota = std::min(options_.target - kept(), of_round(options_.quotas, record.round, options_.target));
    // Without a filter, rows past the quota would be computed to be thrown away.
    if (options_.filter.rule == filter_rule::none) drop_surplus(candidates, quota);
    judge(candidates, clusters, record);
    drop_surplus(candidates, quota);
    centroids_ = copy_to_host(clusters.means.centroids.view());
    commit(candidates, record);
  }

  // Asks for problems [first, last), or reads what was answered before; parses them all alike.
  std::vector<candidate> written(index_t round, index_t first, index_t last, const clusters_type& clusters) {
    std::vector<std::string> questions, solutions;
    for (const sample& s : result_.pool) {
      questions.push_back(s.prompt());
      solutions.emplace_back(without_thoughts(s.completion()));
    }
    const few_shot_choice shown = examples(clusters);
    const auto shots = [&](index_t number) {
      std::vector<few_shot> out;
      for (const index_t place : shown.of_request(cx_.seed(), number, options_.shots))
        out.push_back({questions[static_cast<std::size_t>(place)], solutions[static_cast<std::size_t>(place)]});
      return out;
    };
    asking_options how = asking();
    how.temperature = of_round(options_.temperatures, round, std::optional<double>());
    std::vector<index_t> numbers(static_cast<std::size_t>(last - first));
    std::iota(numbers.begin(), numbers.end(), first);
    std::vector<candidate> out;
    for (const auto& [number, written] : ask_generator(generator_, state_, numbers, shots, how)) {
      candidate c;
      c.record.number = number;
      if (const std::optional<problem> posed = read_problem(options_.task, written.at(0))) {
        c.record.topic = posed->topic;
        c.record.question = posed->question;
        c.record.solution = posed->solution;
        c.record.answer = posed->answer;
      } else {
        c.drop("unparsed");
      }
      out.push_back(std::move(c));
    }
    return out;
  }

  [[nodiscard]] few_shot_choice examples(const clusters_type& clusters) const {
    if (options_.examples == few_shot_rule::level) return few_shot_choice(level_weights(result_.pool));
    if (options_.examples == few_shot_rule::loss) return few_shot_choice(losses_);
    std::vector<index_t> all(result_.pool.size()), sparse;
    std::iota(all.begin(), all.end(), index_t{0});
    std::ranges::copy_if(all, std::back_inserter(sparse), [&](index_t i) {
      return clusters.sparse[static_cast<std::size_t>(clusters.means.labels[static_cast<std::size_t>(i)])];
    });
    return few_shot_choice(options_.examples == few_shot_rule::sparse && !sparse.empty() ? sparse : all);
  }

  // Drops what repeats the pool, an earlier candidate of the round, or an evaluation item: before any
  // solver is paid for it.
  void drop_repeats(std::vector<candidate>& candidates, round_record& record) {
    overlap_index round(options_.overlap);
    for (candidate& c : candidates) {
      if (!c.alive) continue;
      std::optional<overlap_match> match = seen_.find(c.record.question);
      if (!match) match = round.add_if_new(c.record.question, c.record.number);
      if (match) {
        c.drop(match->exact ? "duplicate" : "near duplicate");
        ++record.duplicates;
        record.near_duplicates += match->exact ? 0 : 1;
      } else if (const auto overlap = clean_.find(c.record.question)) {
        c.drop("contaminated", overlap->ngram);
        ++record.contaminated;
      }
    }
  }

  void solve(std::vector<candidate>& candidates, round_record& record) {
    std::map<index_t, problem> problems;
    for (const candidate& c : candidates)
      if (c.alive) problems[c.record.number] = {c.record.topic, c.record.question, c.record.solution, c.record.answer};
    response_map responses = ask_solver(solver_, state_, problems, options_.attempts, asking());
    for (candidate& c : candidates) {
      if (!c.alive) continue;
      const std::map<index_t, response>& texts = responses[c.record.number];
      std::vector<attempt> attempts;
      attempts.reserve(texts.size());
      for (const auto& [k, solved] : texts) attempts.push_back({solved.text, read_answer(options_.task, solved)});
      const wrong_votes slips = options_.check_arithmetic ? withdraw_wrong(attempts) : wrong_votes{};
      record.miscalculated += slips.withdrawn;
      const vote_result votes = majority_vote(attempts, {.agreement = options_.agreement});
      if (const ballot* winner = votes.winner()) {
        c.record.answer = winner->answer;
        c.record.solution = texts.at(winner->first_attempt).text;
      } else {
        c.drop("no agreement", slips.first);
      }
    }
  }

  // Gives the candidates rows, finds their clusters and surprisals, and applies the filter.
  void judge(std::vector<candidate>& candidates, const clusters_type& clusters, round_record& record) {
    std::vector<sample> samples;
    std::vector<candidate*> owners;
    for (candidate& c : candidates)
      if (c.alive) {
        c.made = make_sample("r" + std::to_string(record.round) + "-" + std::to_string(c.record.number),
                             c.record.question, c.record.solution);
        samples.push_back(c.made);
        owners.push_back(&c);
      }
    judged_ = rows_of(samples);
    for (const refused_sample& r : judged_.refused) owners[static_cast<std::size_t>(r.index)]->drop("unusable", r.reason);
    record.unusable = static_cast<index_t>(judged_.refused.size());
    record.judged = static_cast<index_t>(judged_.used.size());

    const filter_result verdict =
        filter_candidates(cx_, on_backend(cx_, result_.rows.view()), clusters,
                          on_backend(cx_, judged_.gradients.rows.view()), options_.filter);
    for (std::size_t i = 0; i < judged_.used.size(); ++i) {
      candidate& c = *owners[static_cast<std::size_t>(judged_.used[i])];
      c.row = static_cast<index_t>(i);
      c.record.cluster = verdict.clusters[i];
      c.record.surprisal = verdict.surprisals[i];
      record.in_sparse += verdict.in_sparse[i] ? 1 : 0;
      if (!verdict.keep[i]) c.drop("filtered");
    }
  }

  void commit(std::vector<candidate>& candidates, round_record& record) {
    std::vector<sample> kept;
    std::vector<candidate_record> records;
    std::vector<index_t> rows;
    for (candidate& c : candidates) {
      if (c.alive) {
        c.record.verdict = "kept";
        c.made.raw = json{{"id", c.made.id},
                          {"topic", c.record.topic},
                          {"problem", c.record.question},
                          {"solution", c.record.solution},
                          {"answer", c.record.answer},
                          {"round", record.round}}
                         .dump();
        kept.push_back(std::move(c.made));
        rows.push_back(c.row);
      }
      records.push_back(std::move(c.record));
    }
    append_rows(kept, judged_.gradients, rows);

    for (const sample& s : kept) {
      seen_.add(s.prompt(), static_cast<index_t>(result_.pool.size()));
      result_.pool.push_back(s);
    }
    load_rows();
    record.kept = static_cast<index_t>(kept.size());
    record.pool = static_cast<index_t>(result_.pool.size());
    record.vendi_after = vendi_ = kept.empty() ? vendi_ : score_of_pool();
    const matrix<float> centroids = converted<float>(centroids_);
    state_.commit_round(record, records, kept, centroids);
    result_.rounds.push_back(record);
  }

  [[nodiscard]] double score_of_pool() { return vendi(cx_, on_backend(cx_, result_.rows.view())).score; }

  sample_rows<T> rows_of(std::span<const sample> samples) {
    collect_options collecting = options_.collecting;
    collecting.on_progress = options_.on_progress;
    return collect_samples(cx_, proxy_, samples, projection_, {.too_long = options_.too_long}, std::move(collecting));
  }

  // Stores row rows[i] of sample i. A kill between this and the round's commit leaves rows of candidates the
  // state does not know: they are found again, not appended twice.
  void append_rows(std::span<const sample> samples, const gradient_rows<T>& from, std::span<const index_t> rows) {
    std::vector<std::string> ids;
    std::vector<index_t> places;
    gradient_rows<T> fresh;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      if (store_.contains(samples[i].id)) continue;
      const auto row = static_cast<std::size_t>(rows[i]);
      ids.push_back(samples[i].id);
      places.push_back(rows[i]);
      fresh.losses.push_back(from.losses[row]);
      fresh.loss_tokens.push_back(from.loss_tokens[row]);
    }
    fresh.rows = matrix<T>(static_cast<index_t>(places.size()), from.rows.cols());
    for (std::size_t i = 0; i < places.size(); ++i)
      std::copy_n(from.rows.view().row(places[i]), from.rows.cols(), fresh.rows.view().row(static_cast<index_t>(i)));
    store_.append(ids, fresh);
  }

  // From the store, so that a run that was stopped goes on with the same numbers to the bit.
  void load_rows() {
    std::vector<std::string> ids;
    for (const sample& s : result_.pool) ids.push_back(s.id);
    gradient_rows<T> stored = store_.template load<T>(ids);
    result_.rows = std::move(stored.rows);
    losses_ = std::move(stored.losses);
  }

  template <class To, class From>
  static matrix<To> converted(const matrix<From>& from) {
    matrix<To> out(from.rows(), from.cols());
    std::transform(from.data(), from.data() + from.size(), out.data(), [](From x) { return static_cast<To>(x); });
    return out;
  }

  [[nodiscard]] asking_options asking() const { return {options_.requests_at_once, options_.on_progress}; }

  context<B>& cx_;
  const proxy<B, T>& proxy_;
  const Projection& projection_;
  Generator& generator_;
  Solver& solver_;
  const decontaminator& clean_;
  run_state& state_;
  row_store& store_;
  synthesis_options options_;
  overlap_index seen_;
  synthesis_result<T> result_;
  std::vector<double> losses_;  // the proxy's, of each sample of the pool
  matrix<T> centroids_;         // of the last round's clusters
  sample_rows<T> judged_;  // of the round's candidates that reached the filter
  double vendi_ = 0;
};

}  // namespace prismatic
