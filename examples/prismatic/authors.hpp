/// Who writes the problems of a run and who solves them: built in, a checkpoint in this process, or a model behind a server.
#pragma once

#include "accounts.hpp"
#include "author_flags.hpp"
#include "session.hpp"

#include <prismatic/endpoint/endpoint_writer.hpp>
#include <prismatic/synthesis/model_writer.hpp>
#include <prismatic/synthesis/one_of.hpp>
#include <prismatic/synthesis/procedural.hpp>
#include <prismatic/synthesis/procedural_solver.hpp>
#include <prismatic/synthesis/run_state.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace command {

/// The writer and the solver of a run, and what its configuration says of them.
/// The members are defined in authors_members.hpp, which authors.cpp and cuda.cu instantiate.
template <class B>
class authors {
 public:
  using checkpoint_writer = model_writer<B, scalar>;
  using any_generator = one_of<procedural_generator, checkpoint_writer, endpoint_writer>;
  using any_solver = one_of<procedural_solver, checkpoint_writer, endpoint_writer>;

  /// @param is_fresh  the run has no state yet: servers are asked at once whether they are there
  /// @throws option_error, model_error
  authors(session<B>& s, const author_flags& flags, index_t attempts, bool is_fresh);

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
  [[nodiscard]] std::shared_ptr<endpoint_client<http_pool>> client_of(session<B>& s, const author_flags& flags, const role_flags& role, const std::string& flag);
  [[nodiscard]] endpoint_writer endpoint_of(session<B>& s, const author_flags& flags, const role_flags& role, const std::string& flag,
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

}  // namespace command
