#include "rounds.hpp"

#include "console.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>

namespace command {

using namespace prismatic;

namespace {

std::string columns(const std::vector<std::string>& cells) {
  constexpr std::size_t widths[] = {5, 9, 8, 10, 5, 6, 8, 12};
  std::string out;
  for (std::size_t i = 0; i < cells.size(); ++i)
    out += (i > 0 ? "  " : "") + std::string(widths[i] - std::min(widths[i], cells[i].size()), ' ') + cells[i];
  return out;
}

ordered_json spending_json(run_state& state, const char* role) {
  const spending spent = state.spent(role);
  return {{"server_answers", spent.requests},
          {"prompt_tokens", spent.prompt_tokens},
          {"completion_tokens", spent.completion_tokens},
          {"unread", spent.unread},
          {"cut_prompts", spent.cut_prompts}};
}

// What --status knows of one arm.
ordered_json status_of(run_state& state) {
  const json configuration = state.configuration();
  const std::vector<round_record> rounds = state.rounds();
  const index_t candidates = configuration.value("candidates", index_t{0}), seeds = state.seeds();
  const auto done = static_cast<index_t>(rounds.size());
  index_t kept = 0;
  for (const round_record& r : rounds) kept += r.kept;
  const index_t first = done * candidates, problems = state.answered("problem", first), solutions = state.answered("solution", first);
  ordered_json out{{"filter", configuration.value("filter", "")}, {"seeds", seeds}, {"kept", kept},
                   {"target", configuration.value("target", index_t{0})}, {"pool", seeds + kept},
                   {"rounds_done", done}, {"rounds", ordered_json::array()}};
  for (const round_record& r : rounds) out["rounds"].push_back(round_json(r));
  out["round_begun"] = {{"round", done + 1}, {"candidates", candidates}, {"problems", problems}, {"solved", solutions}};
  out["verdicts"] = state.verdicts();
  out["cost"] = cost_json(state);
  return out;
}

void print(const std::string& directory, run_state& state) {
  const ordered_json status = status_of(state);
  const auto number = [&](const char* key) { return std::to_string(status[key].get<index_t>()); };
  say(directory + ": " + number("kept") + " of " + number("target") + " samples kept in " + number("rounds_done") +
      " rounds, filter " + status["filter"].get<std::string>() + ", pool " + number("pool") + " with " + number("seeds") + " seeds");
  if (status["rounds_done"] > 0) say(round_heading());
  for (const round_record& r : state.rounds()) say(round_line(r));
  const ordered_json& begun = status["round_begun"];
  if (begun["problems"] > 0)
    say("round " + begun["round"].dump() + " has begun: " + begun["problems"].dump() + " of " + begun["candidates"].dump() +
        " problems written, " + begun["solved"].dump() + " with solutions");
  std::string verdicts;
  for (const auto& [verdict, count] : status["verdicts"].items())
    verdicts += (verdicts.empty() ? "candidates: " : ", ") + count.dump() + " " + verdict;
  if (!verdicts.empty()) say(verdicts);
  for (const char* role : {"generator", "solver"})
    if (const ordered_json& cost = status["cost"][role]; cost["server_answers"] > 0)
      say(std::string(role) + ": " + cost["server_answers"].dump() + " answers of a server, " + cost["prompt_tokens"].dump() +
          " prompt and " + cost["completion_tokens"].dump() + " completion tokens");
}

}  // namespace

ordered_json cost_json(run_state& state) {
  ordered_json out{{"problems_asked", state.answered("problem", 0)}, {"problems_solved", state.answered("solution", 0)}};
  out["generator"] = spending_json(state, "problem");
  out["solver"] = spending_json(state, "solution");
  return out;
}

std::string round_heading() {
  return columns({"round", "generated", "verified", "duplicates", "kept", "pool", "G-Vendi", "sparse share"});
}

std::string round_line(const round_record& r) {
  return columns({std::to_string(r.round), std::to_string(r.generated), std::to_string(r.verified),
                  std::to_string(r.duplicates), std::to_string(r.kept), std::to_string(r.pool), fixed(r.vendi_after, 2),
                  fixed(100 * r.sparse_share(), 1) + " %"});
}

ordered_json round_json(const round_record& r) {
  return {{"round", r.round},
          {"generated", r.generated},
          {"unparsed", r.unparsed},
          {"disagreed", r.disagreed},
          {"verified", r.verified},
          {"duplicates", r.duplicates},
          {"near_duplicates", r.near_duplicates},
          {"contaminated", r.contaminated},
          {"off_length", r.off_length},
          {"off_script", r.off_script},
          {"miscalculated_attempts", r.miscalculated},
          {"unusable", r.unusable},
          {"judged", r.judged},
          {"in_sparse", r.in_sparse},
          {"sparse_share", r.sparse_share()},
          {"kept", r.kept},
          {"pool", r.pool},
          {"clusters", r.clusters},
          {"g_vendi_before", r.vendi_before},
          {"g_vendi", r.vendi_after}};
}

void print_status(const std::string& directory, bool as_json) {
  run_state state = run_state::reading(directory);
  const std::string control = directory + "/control";
  const bool has_control = std::filesystem::exists(control + "/run.sqlite");
  if (!as_json) {
    print(directory, state);
    if (!has_control) return;
    run_state other = run_state::reading(control);
    return print(control, other);
  }
  ordered_json out{{"run", directory}};
  out.update(status_of(state));
  if (has_control) {
    run_state other = run_state::reading(control);
    out["control"] = status_of(other);
  }
  say(out.dump(2));
}

}  // namespace command
