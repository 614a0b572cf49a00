/// Who writes the problems of a run and who solves them: built in, a checkpoint in this process, or a model behind a server.
#pragma once

#include "session.hpp"

#include <prismatic/endpoint/endpoint_writer.hpp>
#include <prismatic/synthesis/model_writer.hpp>
#include <prismatic/synthesis/one_of.hpp>
#include <prismatic/synthesis/procedural.hpp>
#include <prismatic/synthesis/procedural_solver.hpp>
#include <prismatic/synthesis/run_state.hpp>

#include <CLI/CLI.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace command {

using checkpoint_writer = model_writer<backend_type, scalar>;
using any_generator = one_of<procedural_generator, checkpoint_writer, endpoint_writer>;
using any_solver = one_of<procedural_solver, checkpoint_writer, endpoint_writer>;

/// The flags of one role. For the solver, what is empty is as the generator's.
struct role_flags {
  std::string who;  ///< built-in, a directory, or a URL
  std::string model = {};
  std::string key_variable = {};
  std::string key_file = {};
  std::vector<double> price = {};  ///< per million tokens: prompt, completion

  [[nodiscard]] bool is_built_in() const { return who == "built-in"; }
  [[nodiscard]] bool is_endpoint() const { return endpoint_url::is_endpoint(who); }
};

struct author_flags {
  role_flags generator{.who = "built-in"};
  role_flags solver = {};
  std::optional<double> temperature;
  std::optional<double> top_p;
  std::optional<index_t> max_new_tokens;
  std::string prompts = "mathematics";
  loop_options loop;
  http_options http;
  budget_options budget;
  procedural_options writer;
  procedural_solver_options checker;

  /// The solver's flags, with the generator's where it has none of its own.
  [[nodiscard]] role_flags solver_or_generator() const;
};

void add_author_flags(CLI::App& app, author_flags& flags);

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

/// The writer and the solver of a run, and what its configuration says of them.
class authors {
 public:
  /// @param is_fresh  the run has no state yet: servers are asked at once whether they are there
  /// @throws option_error, model_error
  authors(session& s, const author_flags& flags, index_t attempts, bool is_fresh);

  [[nodiscard]] any_generator& writer() { return *writer_; }
  [[nodiscard]] any_solver& solver() { return *solver_; }
  [[nodiscard]] synthesis_task task() const { return prompts_ ? prompts_->task() : synthesis_task::mathematics; }

  /// Adds what the pool depends on: who, and with which prompts. Addresses, keys, pace and budget are not part of it.
  void configure(json& configuration) const;

  /// Counts what an earlier part of the run spent.
  void restore(run_state& state);

  /// What the servers were asked in a run; empty without servers.
  [[nodiscard]] std::vector<role_account> account(run_state& state) const;

  /// Tries that failed and requests given up, of this process.
  [[nodiscard]] loop_counts counts() const;

  [[nodiscard]] const std::string& writer_identity() const { return writer_identity_; }

 private:
  // A server, shared by the roles that use it with the same key.
  struct server {
    std::string name;
    http_pool pool;
    std::shared_ptr<endpoint_client<http_pool>> client;
  };
  [[nodiscard]] std::shared_ptr<endpoint_client<http_pool>> client_of(session& s, const author_flags& flags, const role_flags& role, const std::string& flag);
  [[nodiscard]] endpoint_writer endpoint_of(session& s, const author_flags& flags, const role_flags& role, const std::string& flag,
                                            chat_sampling sampling, bool is_fresh, std::string& identity);
  [[nodiscard]] static token_price price_of(const role_flags& role);

  std::unique_ptr<budget> budget_;
  std::vector<std::unique_ptr<server>> servers_;
  std::shared_ptr<const prompt_set> prompts_;  // null without a server
  token_price writer_price_, solver_price_;
  bool writer_is_endpoint_ = false, solver_is_endpoint_ = false;
  std::string writer_identity_, solver_identity_;
  std::optional<any_generator> writer_;
  std::optional<any_solver> solver_;
};

/// What the servers did, for people and for programs. @param unanswered  attempts whose answer could not be read
[[nodiscard]] std::vector<std::string> account_lines(const std::vector<role_account>& accounts, const loop_counts& counts);
[[nodiscard]] ordered_json account_json(const std::vector<role_account>& accounts, const loop_counts& counts);

}  // namespace command
