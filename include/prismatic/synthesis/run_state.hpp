/// What a synthesis run remembers: its configuration, its seeds, every response, every decision, every round.
#pragma once

#include <prismatic/core/checked.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/gradient/row_store.hpp>
#include <prismatic/io/json.hpp>
#include <prismatic/io/sample.hpp>
#include <prismatic/synthesis/arrival.hpp>
#include <prismatic/synthesis/database.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prismatic {

/// What one round did. G-Vendi scores are those of the whole pool, before and after.
struct round_record {
  index_t round = 0;  ///< from 1
  index_t generated = 0;
  index_t unparsed = 0;      ///< responses without a problem
  index_t disagreed = 0;     ///< no majority among the attempts
  index_t verified = 0;
  index_t duplicates = 0;    ///< exact and near
  index_t near_duplicates = 0;  ///< of those, the near ones
  index_t contaminated = 0;  ///< overlapping an evaluation set
  index_t off_length = 0;    ///< shorter or longer than asked for
  index_t off_script = 0;    ///< written in another script or language than asked for
  index_t miscalculated = 0; ///< attempts, not candidates: those with a wrong equation, which have no vote
  index_t unusable = 0;      ///< too long, or without a gradient
  index_t judged = 0;        ///< what reached the filter
  index_t in_sparse = 0;     ///< of those, the ones nearest to a sparse cluster
  index_t kept = 0;
  index_t pool = 0;          ///< samples after the round, seeds included
  index_t clusters = 0;
  double vendi_before = 0;
  double vendi_after = 0;

  [[nodiscard]] double sparse_share() const noexcept {
    return judged > 0 ? static_cast<double>(in_sparse) / static_cast<double>(judged) : 0;
  }
};

/// One generated problem and what became of it.
struct candidate_record {
  index_t number = 0;    ///< of the request
  std::string verdict;   ///< "kept", "unparsed", "no agreement", "duplicate", "near duplicate", "contaminated",
                         ///< "length", "script", "unusable", "filtered", "surplus"
  std::string detail;    ///< why, where there is more to say
  std::string topic;
  std::string question;
  std::string solution;
  std::string answer;
  index_t cluster = -1;
  double surprisal = 0;
};

/// Responses by request number and attempt.
using response_map = std::map<index_t, std::map<index_t, response>>;

/// What the servers of one role were asked so far, and what they counted.
struct spending {
  index_t requests = 0;
  index_t prompt_tokens = 0;
  index_t completion_tokens = 0;
  index_t unread = 0;       ///< answers whose body could not be read
  index_t cut_prompts = 0;  ///< prompts the server did not read in whole
};

/// The state of one run in `DIRECTORY/run.sqlite`. Everything is written when it happens: responses before
/// they are read, a round and its candidates in one transaction.
class run_state {
 public:
  /// Of the tables: a run whose tables have another shape is refused.
  static constexpr index_t schema = 2;

  /// Opens the run in `directory`, or begins it. @param configuration  everything that changes the result
  /// @throws data_error  a run of another configuration (the difference is named) or schema is there; io_error
  run_state(const std::string& directory, const json& configuration)
      : path_(prepared(directory)), database_(path_) {
    if (!begun()) begin(configuration);
    require_schema();
    if (const auto difference = first_difference(this->configuration(), configuration))
      throw data_error(path_, 0, "", "a run with another configuration: " + *difference, "");
  }

  /// The run in `directory` as it is now, to be looked at: also while another process plays it, and nothing is changed.
  /// @throws data_error  there is none, or one of another schema; io_error
  [[nodiscard]] static run_state reading(const std::string& directory) { return run_state(directory); }

  /// What the run was begun with.
  [[nodiscard]] json configuration() {
    auto found = database_.prepare("SELECT json FROM configuration");
    return found.step() ? parse_json(found.text(0), {path_}) : json(nullptr);
  }

  /// The pool so far: the seeds, then what each round kept, in order. Empty before the seeds are set.
  [[nodiscard]] std::vector<sample> pool() {
    std::vector<sample> out;
    auto rows = database_.prepare("SELECT id, messages, raw, context_messages FROM samples ORDER BY position");
    while (rows.step()) {
      sample s;
      s.id = rows.text(0);
      for (const json& m : parse_json(rows.text(1), {"run.sqlite"}))
        s.messages.push_back({m.at(0).get<std::string>(), m.at(1).get<std::string>()});
      s.raw = rows.text(2);
      s.context_messages = rows.integer(3);
      out.push_back(std::move(s));
    }
    return out;
  }

  /// How many samples of the pool are seeds.
  [[nodiscard]] index_t seeds() {
    auto count = database_.prepare("SELECT COUNT(*) FROM samples WHERE round = 0");
    count.step();
    return count.integer(0);
  }

  void set_seeds(std::span<const sample> seeds) {
    database_.transaction([&] { add_samples(0, seeds); });
  }

  [[nodiscard]] std::vector<round_record> rounds() {
    std::vector<round_record> out;
    auto rows = database_.prepare("SELECT * FROM rounds ORDER BY round");
    while (rows.step())
      out.push_back({rows.integer(0), rows.integer(1), rows.integer(2), rows.integer(3), rows.integer(4), rows.integer(5),
                     rows.integer(6), rows.integer(7), rows.integer(8), rows.integer(9), rows.integer(10),
                     rows.integer(11), rows.integer(12), rows.integer(13), rows.integer(14), rows.integer(15), rows.integer(16),
                     rows.number(17), rows.number(18)});
    return out;
  }

  /// How many candidates had each verdict, in all rounds that ended.
  [[nodiscard]] std::map<std::string, index_t> verdicts() {
    std::map<std::string, index_t> out;
    auto rows = database_.prepare("SELECT verdict, COUNT(*) FROM candidates GROUP BY verdict");
    while (rows.step()) out[rows.text(0)] = rows.integer(1);
    return out;
  }

  [[nodiscard]] std::vector<candidate_record> candidates(index_t round) {
    std::vector<candidate_record> out;
    auto rows = database_.prepare(
        "SELECT number, verdict, detail, topic, question, solution, answer, cluster, surprisal FROM candidates WHERE"
        " round = ? ORDER BY number");
    rows.bind(round);
    while (rows.step())
      out.push_back({rows.integer(0), rows.text(1), rows.text(2), rows.text(3), rows.text(4), rows.text(5),
                     rows.text(6), rows.integer(7), rows.number(8)});
    return out;
  }

  /// The responses of `role` that are stored for the given requests.
  [[nodiscard]] response_map responses(std::string_view role, std::span<const index_t> numbers) {
    response_map out;
    auto rows = database_.prepare("SELECT attempt, text, finish FROM responses WHERE role = ? AND number = ?");
    for (const index_t number : numbers) {
      rows.bind(role, number);
      while (rows.step()) out[number][rows.integer(0)] = {rows.text(1), rows.text(2)};
    }
    return out;
  }

  /// How many requests of `role` numbered `first` or more have a response.
  [[nodiscard]] index_t answered(std::string_view role, index_t first) {
    auto count = database_.prepare("SELECT COUNT(DISTINCT number) FROM responses WHERE role = ? AND number >= ?");
    count.bind(role, first).step();
    return count.integer(0);
  }

  /// Stores what arrived, before anybody reads it: all of it or nothing. What was stored before stays as it was.
  void store(std::string_view role, std::span<const arrival> arrivals, std::span<const exchange> exchanges = {}) {
    if (arrivals.empty() && exchanges.empty()) return;
    database_.transaction([&] {
      auto insert = database_.prepare(
          "INSERT OR IGNORE INTO responses (role, number, attempt, text, finish) VALUES (?, ?, ?, ?, ?)");
      for (const arrival& a : arrivals) insert.bind(role, a.number, a.attempt, a.answer.text, a.answer.finish).step();
      auto log = database_.prepare("INSERT INTO exchanges VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
      for (const exchange& e : exchanges)
        log.bind(role, e.number, e.attempt, e.asked, e.texts, e.model, e.prompt_tokens, e.completion_tokens,
                 index_t{e.tokens_are_estimated}, index_t{e.prompt_was_cut}, e.milliseconds, e.body)
            .step();
    });
  }

  /// What the answers of `role` cost so far.
  [[nodiscard]] spending spent(std::string_view role) {
    auto sums = database_.prepare(
        "SELECT COUNT(*), TOTAL(prompt_tokens), TOTAL(completion_tokens), TOTAL(texts = 0), TOTAL(prompt_was_cut) FROM"
        " exchanges WHERE role = ?");
    sums.bind(role).step();
    return {sums.integer(0), sums.integer(1), sums.integer(2), sums.integer(3), sums.integer(4)};
  }

  /// Ends a round: its record, its candidates, the samples it kept and the centroids (k, d) of its clusters, from which
  /// those of the next round start; all or nothing.
  void commit_round(const round_record& r, std::span<const candidate_record> candidates, std::span<const sample> kept,
                    matrix_view<const float> centroids = {}) {
    database_.transaction([&] {
      database_.prepare("INSERT INTO rounds VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
          .bind(r.round, r.generated, r.unparsed, r.disagreed, r.verified, r.duplicates, r.near_duplicates, r.contaminated,
                r.off_length, r.off_script, r.miscalculated, r.unusable, r.judged, r.in_sparse, r.kept, r.pool, r.clusters,
                r.vendi_before, r.vendi_after)
          .step();
      auto insert = database_.prepare("INSERT INTO candidates VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
      for (const candidate_record& c : candidates)
        insert
            .bind(r.round, c.number, c.verdict, c.detail, c.topic, c.question, c.solution, c.answer, c.cluster,
                  c.surprisal)
            .step();
      add_samples(r.round, kept);
      const std::span<const float> values(centroids.data(), static_cast<std::size_t>(centroids.size()));
      database_.prepare("INSERT OR REPLACE INTO centroids VALUES (1, ?, ?, ?)")
          .bind(centroids.rows(), centroids.cols(), std::as_bytes(values))
          .step();
    });
  }

  /// The centroids (k, d) of the last round that ended, empty before there is one.
  /// @throws data_error  they are not as many numbers as they should be
  [[nodiscard]] matrix<float> centroids() {
    auto found = database_.prepare("SELECT rows, cols, numbers FROM centroids");
    if (!found.step()) return {};
    const std::span<const std::byte> bytes = found.bytes(2);
    const index_t rows = found.integer(0), cols = found.integer(1);
    const auto stored = static_cast<index_t>(bytes.size() / sizeof(float));
    if (rows < 0 || cols < 0 || checked_mul(rows, cols, "run.sqlite: centroids") != stored || bytes.size() % sizeof(float) != 0)
      throw data_error(path_, 0, "centroids", std::to_string(bytes.size()) + " bytes",
                       std::to_string(rows) + " x " + std::to_string(cols) + " floats");
    matrix<float> out(rows, cols);
    if (!bytes.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
    return out;
  }

 private:
  explicit run_state(const std::string& directory)
      : path_(existing(directory)), database_(path_, database_access::read) {
    database_.run("BEGIN");  // all that is read is of one moment
    if (!begun()) throw data_error(path_, 0, "", "no configuration", "a run that was begun");
    require_schema();
  }

  [[nodiscard]] bool begun() {
    return database_.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'configuration'").step();
  }

  void require_schema() {
    auto found = database_.prepare("PRAGMA user_version");
    found.step();
    if (found.integer(0) != schema)
      throw data_error(path_, 0, "", "a run of another version of prismatic (schema " + std::to_string(found.integer(0)) + ")",
                       "schema " + std::to_string(schema) + ": finish it with that version, or begin another run");
  }

  void begin(const json& configuration) {
    database_.transaction([&] {
      database_.run(
          "CREATE TABLE configuration (only INTEGER PRIMARY KEY CHECK (only = 1), json TEXT NOT NULL);"
          "CREATE TABLE samples (position INTEGER PRIMARY KEY, round INTEGER NOT NULL, id TEXT NOT NULL"
          " UNIQUE, messages TEXT NOT NULL, context_messages INTEGER NOT NULL, raw TEXT NOT NULL);"
          "CREATE TABLE responses (role TEXT NOT NULL, number INTEGER NOT NULL, attempt INTEGER NOT NULL,"
          " text TEXT NOT NULL, finish TEXT NOT NULL, PRIMARY KEY (role, number, attempt)) WITHOUT ROWID;"
          "CREATE TABLE exchanges (position INTEGER PRIMARY KEY, role TEXT NOT NULL, number INTEGER NOT NULL,"
          " attempt INTEGER NOT NULL, asked INTEGER NOT NULL, texts INTEGER NOT NULL, model TEXT NOT NULL, prompt_tokens"
          " INTEGER NOT NULL, completion_tokens INTEGER NOT NULL, tokens_are_estimated INTEGER NOT NULL, prompt_was_cut"
          " INTEGER NOT NULL, milliseconds INTEGER NOT NULL, body TEXT NOT NULL);"
          "CREATE TABLE candidates (round INTEGER NOT NULL, number INTEGER PRIMARY KEY, verdict TEXT NOT"
          " NULL, detail TEXT NOT NULL, topic TEXT NOT NULL, question TEXT NOT NULL, solution TEXT NOT NULL, answer TEXT"
          " NOT NULL, cluster INTEGER NOT NULL, surprisal REAL NOT NULL);"
          "CREATE TABLE rounds (round INTEGER PRIMARY KEY, generated INTEGER, unparsed INTEGER, disagreed"
          " INTEGER, verified INTEGER, duplicates INTEGER, near_duplicates INTEGER, contaminated INTEGER, off_length INTEGER,"
          " off_script INTEGER, miscalculated INTEGER, unusable INTEGER, judged INTEGER,"
          " in_sparse INTEGER, kept INTEGER, pool INTEGER, clusters INTEGER, vendi_before REAL, vendi_after REAL);"
          "CREATE TABLE centroids (only INTEGER PRIMARY KEY CHECK (only = 1), rows INTEGER NOT NULL, cols INTEGER NOT NULL,"
          " numbers BLOB NOT NULL)");
      database_.run(("PRAGMA user_version=" + std::to_string(schema)).c_str());
      database_.prepare("INSERT INTO configuration VALUES (1, ?)").bind(configuration.dump()).step();
    });
  }

  static std::string existing(const std::string& directory) {
    std::string path = directory + "/run.sqlite";
    if (!std::filesystem::exists(path)) throw data_error(directory, 0, "", "no run.sqlite", "a run that synthesize began");
    return path;
  }

  static std::string prepared(const std::string& directory) {
    std::error_code failure;
    std::filesystem::create_directories(directory, failure);
    if (failure) throw io_error(directory + ": cannot create: " + failure.message());
    return directory + "/run.sqlite";
  }

  void add_samples(index_t round, std::span<const sample> samples) {
    auto insert = database_.prepare("INSERT INTO samples (round, id, messages, context_messages, raw) VALUES (?, ?, ?, ?, ?)");
    for (const sample& s : samples) {
      json messages = json::array();
      for (const message& m : s.messages) messages.push_back({m.role, m.content});
      insert.bind(round, s.id, messages.dump(), s.context_messages, s.raw).step();
    }
  }

  std::string path_;
  database database_;
};

}  // namespace prismatic
