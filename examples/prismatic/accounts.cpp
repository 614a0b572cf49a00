#include "accounts.hpp"

#include "console.hpp"

namespace command {

std::vector<std::string> account_lines(const std::vector<role_account>& accounts, const loop_counts& counts) {
  std::vector<std::string> out;
  for (const role_account& a : accounts) {
    std::string line = a.role + ", " + a.identity + ": " + std::to_string(a.spent.requests) + " answers, " + std::to_string(a.spent.prompt_tokens) +
                       " prompt and " + std::to_string(a.spent.completion_tokens) + " completion tokens";
    if (a.cost > 0) line += ", cost " + fixed(a.cost, 4);
    if (a.spent.unread > 0) line += ", " + std::to_string(a.spent.unread) + " could not be read";
    out.push_back(line + "; of " + std::to_string(a.texts) + " texts " + std::to_string(a.unparsed) + " hold no " +
                  (a.role == "solver" ? "answer, " : "problem, ") + std::to_string(a.cut) + " were cut at the token limit");
    if (a.spent.cut_prompts > 0)
      out.push_back("note: the server of the " + a.role + " seems to have cut " + std::to_string(a.spent.cut_prompts) +
                    " prompts: it counted fewer tokens than they hold; a larger context or fewer --shots help");
  }
  if (counts.retried > 0 || counts.given_up > 0)
    out.push_back(std::to_string(counts.retried) + " tries failed, " + std::to_string(counts.given_up) + " requests for good" +
                  (counts.reason.empty() ? "" : "; the last: " + counts.reason));
  return out;
}

ordered_json account_json(const std::vector<role_account>& accounts, const loop_counts& counts) {
  ordered_json out;
  for (const role_account& a : accounts)
    out[a.role] = {{"identity", a.identity},        {"answers", a.spent.requests},
                   {"prompt_tokens", a.spent.prompt_tokens}, {"completion_tokens", a.spent.completion_tokens},
                   {"cost", a.cost},                {"unread", a.spent.unread},
                   {"cut_prompts", a.spent.cut_prompts}, {"texts", a.texts},
                   {"unparsed", a.unparsed},        {"cut", a.cut}};
  out["failed_tries"] = counts.retried;
  out["failed_requests"] = counts.given_up;
  if (!counts.reason.empty()) out["last_failure"] = counts.reason;
  return out;
}

}  // namespace command
