/// Prismatic Synthesis: rounds that ask for new problems and keep the ones that land where the pool is thin.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/philox.hpp>
#include <prismatic/core/progress.hpp>
#include <prismatic/diversity/vendi.hpp>
#include <prismatic/gradient/row_store.hpp>
#include <prismatic/gradient/sample_rows.hpp>
#include <prismatic/io/sample.hpp>
#include <prismatic/synthesis/arrival.hpp>
#include <prismatic/synthesis/decontaminate.hpp>
#include <prismatic/synthesis/filter.hpp>
#include <prismatic/synthesis/generator.hpp>
#include <prismatic/synthesis/overlap.hpp>
#include <prismatic/synthesis/responses.hpp>
#include <prismatic/synthesis/run_state.hpp>
#include <prismatic/synthesis/task.hpp>
#include <prismatic/synthesis/vote.hpp>
#include <prismatic/transformer/proxy.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace prismatic {

/// Which samples of the pool are shown to the writer of a new problem.
enum class few_shot_rule : std::uint8_t {
  uniform,  ///< any [Jung et al. 2025]
  sparse,   ///< those in sparse clusters
};

struct synthesis_options {
  synthesis_task task = synthesis_task::mathematics;  ///< how texts are read
  index_t target = 1000;                ///< samples to keep, seeds not counted
  index_t rounds = 50;                  ///< at most
  index_t candidates = 500;             ///< problems asked for in a round
  std::vector<index_t> quotas = {};     ///< most kept in round 1, 2, ...; the last holds for all further rounds
  index_t shots = 4;                    ///< examples shown to the generator
  few_shot_rule examples = few_shot_rule::uniform;
  index_t attempts = 3;                 ///< m, solutions of each problem
  double agreement = 0.5;               ///< the winner needs more than this share of them
  filter_options filter = {};
  overlap_options overlap = {};
  truncation too_long = truncation::prompt;
  collect_options collecting = {};      ///< its progress is not used
  index_t requests_at_once = prismatic::requests_at_once;  ///< asking_options::at_once
  progress on_progress = {};
};

/// A pool and how it came to be.
template <class T>
struct synthesis_result {
  std::vector<sample> pool;  ///< the seeds, then the kept samples in order
  index_t seeds = 0;
  matrix<T> rows;            ///< of the pool
  std::vector<round_record> rounds;
  std::string spent;         ///< the budget that ended the run, in words, or empty
};

/// The rounds at the end of a run that brought no usable problem: nothing new with an agreed answer.
inline index_t barren_rounds(std::span<const round_record> rounds) {
  const auto fertile = std::find_if(rounds.rbegin(), rounds.rend(), [](const round_record& r) { return r.verified > 0; });
  return fertile - rounds.rbegin();
}

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

  /// Runs rounds until `target` samples are kept, `rounds` are done, a budget is spent, or the writer is at its end:
  /// `patience` rounds in a row, of `patience_responses` at least, brought nothing usable. From wherever the state stands.
  /// @param after_round  told of each round as it is committed
  /// @throws data_error  a seed cannot be used; what a generator, a solver or the state throws
  template <class F>
  [[nodiscard]] synthesis_result<T> run(std::span<const sample> seeds, F&& after_round) {
    begin(seeds);
    const auto played = [&] { return static_cast<index_t>(result_.rounds.size()); };
    while (result_.spent.empty() && kept() < options_.target && played() < options_.rounds && !at_its_end()) {
      try {
        play_round();
        after_round(std::as_const(result_.rounds).back());
      } catch (const budget_spent& e) {
        result_.spent = e.what();
      }
    }
    return std::move(result_);
  }

 private:
  struct candidate {
    candidate_record record;
    sample made;
    index_t row = -1;  // of judged_
    bool alive = true;

    void drop(std::string verdict, std::string detail = {}) {
      alive = false;
      record.verdict = std::move(verdict);
      record.detail = std::move(detail);
    }
  };

  [[nodiscard]] index_t kept() const { return static_cast<index_t>(result_.pool.size()) - result_.seeds; }

  [[nodiscard]] bool at_its_end() const {
    const index_t barren = barren_rounds(result_.rounds);
    return barren >= patience && barren * options_.candidates >= patience_responses;
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
    vendi_ = vendi(cx_, result_.rows).score;
  }

  void play_round() {
    round_record record;
    record.round = static_cast<index_t>(result_.rounds.size()) + 1;
    record.vendi_before = vendi_;
    const index_t first = (record.round - 1) * options_.candidates, last = first + options_.candidates;
    const pool_clusters<T> clusters = cluster_pool(cx_, result_.rows, options_.filter);
    record.clusters = clusters.means.centroids.rows();

    std::vector<candidate> candidates = written(first, last, clusters);
    record.generated = last - first;
    record.unparsed = dropped(candidates);
    drop_repeats(candidates, record);
    solve(candidates);
    record.disagreed = verdicts(candidates, "no agreement");
    record.verified = alive(candidates);

    const index_t quota = std::min(options_.target - kept(), quota_of(record.round));
    // Without a filter, rows past the quota would be computed to be thrown away.
    if (options_.filter.rule == filter_rule::none) drop_surplus(candidates, quota);
    judge(candidates, clusters, record);
    drop_surplus(candidates, quota);
    commit(candidates, record);
  }

  // Asks for problems [first, last), or reads what was answered before; parses them all alike.
  std::vector<candidate> written(index_t first, index_t last, const pool_clusters<T>& clusters) {
    std::vector<std::string> questions, solutions;
    for (const sample& s : result_.pool) {
      questions.push_back(s.prompt());
      solutions.emplace_back(without_thoughts(s.completion()));
    }
    const std::vector<index_t> shown = examples(clusters);
    const auto shots = [&](index_t number) {
      const random_stream random(cx_.seed(), "synthesis/few-shot/" + std::to_string(number));
      std::vector<few_shot> out;
      for (index_t k = 0; k < options_.shots; ++k) {
        const index_t pick = random.below(static_cast<std::uint64_t>(k), static_cast<index_t>(shown.size()));
        const auto place = static_cast<std::size_t>(shown[static_cast<std::size_t>(pick)]);
        out.push_back({questions[place], solutions[place]});
      }
      return out;
    };
    std::vector<index_t> numbers(static_cast<std::size_t>(last - first));
    std::iota(numbers.begin(), numbers.end(), first);
    std::vector<candidate> out;
    for (const auto& [number, written] : ask_generator(generator_, state_, numbers, shots, asking())) {
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

  // The samples that may be shown: all of them, or those in sparse clusters when there are any.
  [[nodiscard]] std::vector<index_t> examples(const pool_clusters<T>& clusters) const {
    std::vector<index_t> all, sparse;
    for (std::size_t i = 0; i < result_.pool.size(); ++i) {
      all.push_back(static_cast<index_t>(i));
      if (clusters.sparse[static_cast<std::size_t>(clusters.means.labels[i])]) sparse.push_back(static_cast<index_t>(i));
    }
    return options_.examples == few_shot_rule::sparse && !sparse.empty() ? sparse : all;
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
      } else if (const auto overlap = clean_.find(c.record.question)) {
        c.drop("contaminated", overlap->ngram);
        ++record.contaminated;
      }
    }
  }

  void solve(std::vector<candidate>& candidates) {
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
      const vote_result votes = majority_vote(attempts, {.agreement = options_.agreement});
      if (const ballot* winner = votes.winner()) {
        c.record.answer = winner->answer;
        c.record.solution = texts.at(winner->first_attempt).text;
      } else {
        c.drop("no agreement");
      }
    }
  }

  // Gives the candidates rows, finds their clusters and surprisals, and applies the filter.
  void judge(std::vector<candidate>& candidates, const pool_clusters<T>& clusters, round_record& record) {
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
        filter_candidates(cx_, result_.rows, clusters, judged_.gradients.rows, options_.filter);
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
    record.vendi_after = vendi_ = kept.empty() ? vendi_ : vendi(cx_, result_.rows).score;
    state_.commit_round(record, records, kept);
    result_.rounds.push_back(record);
  }

  sample_rows<T> rows_of(std::span<const sample> samples) {
    collect_options collecting = options_.collecting;
    collecting.on_progress = options_.on_progress;
    return collect_samples(cx_, proxy_, samples, projection_, {.too_long = options_.too_long}, std::move(collecting));
  }

  // Stores row rows[i] of sample i. A kill between this and the round's commit leaves rows of candidates the
  // state does not know: they are found again, not appended twice.
  void append_rows(std::span<const sample> samples, const gradient_rows<T>& from, std::span<const index_t> rows) {
    std::vector<std::string> ids;
    std::vector<token_id> places;
    gradient_rows<T> fresh;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      if (store_.contains(samples[i].id)) continue;
      const auto row = static_cast<std::size_t>(rows[i]);
      ids.push_back(samples[i].id);
      places.push_back(static_cast<token_id>(rows[i]));
      fresh.losses.push_back(from.losses[row]);
      fresh.loss_tokens.push_back(from.loss_tokens[row]);
    }
    fresh.rows = matrix<T>(static_cast<index_t>(places.size()), from.rows.cols());
    B::gather_rows(cx_, from.rows, places, fresh.rows.view());
    store_.append(ids, fresh);
  }

  // From the store, so that a run that was stopped goes on with the same numbers to the bit.
  void load_rows() {
    std::vector<std::string> ids;
    for (const sample& s : result_.pool) ids.push_back(s.id);
    result_.rows = store_.template load<T>(ids).rows;
  }

  [[nodiscard]] asking_options asking() const { return {options_.requests_at_once, options_.on_progress}; }

  [[nodiscard]] index_t quota_of(index_t round) const {
    if (options_.quotas.empty()) return options_.target;
    return options_.quotas[std::min(static_cast<std::size_t>(round), options_.quotas.size()) - 1];
  }

  static void drop_surplus(std::vector<candidate>& candidates, index_t quota) {
    for (candidate& c : candidates)
      if (c.alive && --quota < 0) c.drop("surplus");
  }

  static index_t alive(const std::vector<candidate>& candidates) {
    return std::ranges::count_if(candidates, &candidate::alive);
  }
  static index_t dropped(const std::vector<candidate>& candidates) {
    return static_cast<index_t>(candidates.size()) - alive(candidates);
  }
  static index_t verdicts(const std::vector<candidate>& candidates, std::string_view verdict) {
    return std::ranges::count_if(candidates, [&](const candidate& c) { return c.record.verdict == verdict; });
  }

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
  sample_rows<T> judged_;  // of the round's candidates that reached the filter
  double vendi_ = 0;
};

}  // namespace prismatic
