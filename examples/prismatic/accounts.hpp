/// What the servers of a run were asked, for people and for programs.
#pragma once

#include <prismatic/endpoint/endpoint_writer.hpp>
#include <prismatic/io/json.hpp>
#include <prismatic/synthesis/run_state.hpp>

#include <string>
#include <vector>

namespace command {

using namespace prismatic;

/// What a role's servers were asked, in one run.
struct role_account {
  std::string role;  ///< generator or solver
  std::string identity;
  spending spent;
  double cost = 0;
  index_t texts = 0;     ///< of the rounds that are complete
  index_t unparsed = 0;  ///< those without a problem or an answer, of which
  index_t cut = 0;       ///< ended at the token limit
};

/// What the servers did, for people and for programs. @param unanswered  attempts whose answer could not be read
[[nodiscard]] std::vector<std::string> account_lines(const std::vector<role_account>& accounts, const loop_counts& counts);
[[nodiscard]] ordered_json account_json(const std::vector<role_account>& accounts, const loop_counts& counts);

}  // namespace command
