#include "run_report.hpp"

#include "rounds.hpp"
#include "row_set.hpp"

#include <prismatic/backend/default.hpp>
#include <prismatic/diversity/vendi.hpp>
#include <prismatic/gradient/row_store.hpp>
#include <prismatic/io/atomic_file.hpp>
#include <prismatic/io/unicode.hpp>
#include <prismatic/synthesis/filter.hpp>
#include <prismatic/synthesis/run_state.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <map>

namespace command {

namespace {

constexpr std::size_t shown_examples = 3, shown_novel = 5, shown_directions = 200;

// A run as it lies on disk.
struct stored_run {
  explicit stored_run(const std::string& directory) : state(run_state::reading(directory)), configuration(state.configuration()) {
    pool = state.pool();
    seeds = state.seeds();
    rounds = state.rounds();
    if (rounds.empty()) throw data_error(directory, 0, "", "no finished round", "at least one");
    for (const round_record& r : rounds) std::ranges::move(state.candidates(r.round), std::back_inserter(candidates));
    std::vector<std::string> ids;
    for (const sample& s : pool) ids.push_back(s.id);
    rows = row_store(directory + "/rows").load<scalar>(ids).rows;
  }

  run_state state;
  json configuration;
  std::vector<sample> pool;
  index_t seeds = 0;
  std::vector<round_record> rounds;
  std::vector<candidate_record> candidates;
  matrix<scalar> rows;
};

ordered_json rounds_json(const std::vector<round_record>& rounds) {
  ordered_json out = ordered_json::array();
  for (const round_record& r : rounds) out.push_back(round_json(r));
  return out;
}

// Only text that is UTF-8 can be written as JSON.
ordered_json candidate_json(const candidate_record& c) {
  ordered_json out{{"number", c.number}, {"problem", replace_invalid_utf8(c.question)}};
  const auto add = [&](const char* key, const std::string& text) {
    if (!text.empty()) out[key] = replace_invalid_utf8(text);
  };
  add("detail", c.detail);
  add("topic", c.topic);
  add("answer", c.answer);
  if (c.cluster >= 0) {
    out["cluster"] = c.cluster;
    out["surprisal"] = c.surprisal;
  }
  return out;
}

// What became of the candidates, verdict by verdict: how many, and the first of them.
ordered_json verdicts_json(const std::vector<candidate_record>& candidates) {
  std::map<std::string, ordered_json> found;
  for (const candidate_record& c : candidates) {
    ordered_json& verdict = found[c.verdict];
    if (verdict.is_null()) verdict = {{"verdict", c.verdict}, {"candidates", 0}, {"examples", ordered_json::array()}};
    verdict["candidates"] = verdict["candidates"].get<index_t>() + 1;
    if (verdict["examples"].size() < shown_examples && !(c.question.empty() && c.detail.empty()))
      verdict["examples"].push_back(candidate_json(c));
  }
  ordered_json out = ordered_json::array();
  for (auto& [name, verdict] : found) out.push_back(std::move(verdict));
  return out;
}

// The kept, by how much they surprised the pool they came to.
ordered_json novelty_json(const std::vector<candidate_record>& candidates, bool most) {
  std::vector<const candidate_record*> kept;
  for (const candidate_record& c : candidates)
    if (c.verdict == "kept") kept.push_back(&c);
  std::ranges::stable_sort(kept, [&](const auto* a, const auto* b) {
    return most ? a->surprisal > b->surprisal : a->surprisal < b->surprisal;
  });
  kept.resize(std::min(kept.size(), shown_novel));
  ordered_json out = ordered_json::array();
  for (const candidate_record* c : kept) out.push_back(candidate_json(*c));
  return out;
}

// Running sums of the largest eigenvalues, in percent.
ordered_json spectrum_json(context<default_backend>& cx, matrix_view<const scalar> rows) {
  ordered_json out = ordered_json::array();
  double sum = 0;
  for (const double lambda : vendi(cx, rows).spectrum) {
    if (out.size() == shown_directions) break;
    out.push_back(100 * (sum += lambda));
  }
  return out;
}

}  // namespace

ordered_json report_of(const std::string& directory, const context_options& options) {
  context<default_backend> cx(options);
  stored_run found(directory);
  const json& configuration = found.configuration;
  ordered_json out{{"run", std::filesystem::path(directory).lexically_normal().string()},
                   {"filter", configuration.value("filter", "")},
                   {"seeds", found.seeds},
                   {"pool", found.pool.size()},
                   {"g_vendi_of_seeds", found.rounds.front().vendi_before},
                   {"g_vendi", found.rounds.back().vendi_after},
                   {"rounds", rounds_json(found.rounds)}};
  const std::string control = directory + "/control";
  if (std::filesystem::exists(control + "/run.sqlite"))
    out["control"] = {{"rounds", rounds_json(run_state::reading(control).rounds())}};
  out["spectrum"] = {{"seeds", spectrum_json(cx, matrix_view<const scalar>(found.rows).middle_rows(0, found.seeds))},
                     {"pool", spectrum_json(cx, found.rows)}};
  filter_options clustering;
  clustering.rows_per_cluster = configuration.value("rows_per_cluster", clustering.rows_per_cluster);
  out["cluster_sizes"] = cluster_pool(cx, found.rows, clustering, found.state.centroids()).means.sizes;
  out["candidates"] = found.candidates.size();
  out["verdicts"] = verdicts_json(found.candidates);
  out["most_novel"] = novelty_json(found.candidates, true);
  out["least_novel"] = novelty_json(found.candidates, false);
  out["cost"] = cost_json(found.state);
  out["configuration"] = configuration;
  return out;
}

ordered_json write_report(const std::string& directory, const context_options& options) {
  ordered_json out = report_of(directory, options);
  write_file(directory + "/report.html", report_page(out));
  write_file(directory + "/report.json", out.dump(2) + "\n");
  return out;
}

}  // namespace command
