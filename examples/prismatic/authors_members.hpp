/// The members of authors, for the sources that instantiate it.
#pragma once

#include "authors.hpp"

#include <prismatic/io/content_hash.hpp>
#include <prismatic/transformer/checkpoint.hpp>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace command {

// The checkpoint's name, and a hash of its weights, its tokenizer and its template.
template <class B>
std::string identity_of(const proxy<B, scalar>& checkpoint) {
  return std::filesystem::canonical(checkpoint.name).filename().string() + " " +
         content_hash(weights_fingerprint(checkpoint.model.parameters()) + checkpoint.encoder->fingerprint());
}

template <class B>
const proxy<B, scalar>& checkpoint_of(session<B>& s, const std::string& flag, const std::string& directory) {
  if (!std::filesystem::is_directory(directory))
    throw model_error(flag + ": found " + in_quotes(directory) +
                      ", expected built-in, a Hugging Face checkpoint's directory, or the URL of a server");
  return s.checkpoint(directory);
}

// A key that was asked for by name goes wherever the user says; the usual variable only where nobody can read along.
inline secret key_of(const role_flags& role, const std::string& flag, const endpoint_url& url) {
  if (!role.key_file.empty()) return secret::from_file(role.key_file);
  if (!role.key_variable.empty()) {
    secret out = secret::from_environment(role.key_variable);
    require_option(!out.is_empty(), flag + "-key-env: found no value in " + role.key_variable + ", expected a key");
    return out;
  }
  return url.is_private() ? secret::from_environment(usual_key) : secret();
}

template <class B>
token_price authors<B>::price_of(const role_flags& role) {
  return role.price.empty() ? token_price{} : token_price{role.price.at(0), role.price.at(1)};
}

template <class B>
std::shared_ptr<endpoint_client<http_pool>> authors<B>::client_of(session<B>& s, const author_flags& flags, const role_flags& role, const std::string& flag) {
  endpoint_url url(role.who);
  const std::string name = url.text() + '\n' + role.key_variable + '\n' + role.key_file;
  for (const auto& known : servers_)
    if (known->name == name) return known->client;
  http_options http = flags.http;
  http.connections = flags.loop.concurrency;
  loop_options loop = flags.loop;
  loop.seed = s.flags().seed;
  servers_.push_back(std::unique_ptr<server>(new server{name, {http, key_of(role, flag, url)}, nullptr}));
  server& fresh = *servers_.back();
  fresh.client = std::make_shared<endpoint_client<http_pool>>(std::move(url), fresh.pool, loop, *budget_, progress(s.bar()));
  return fresh.client;
}

template <class B>
endpoint_writer authors<B>::endpoint_of(session<B>& s, const author_flags& flags, const role_flags& role, const std::string& flag,
                                     chat_sampling sampling, bool is_fresh, std::string& identity) {
  if (!prompts_) prompts_ = std::make_shared<const prompt_set>(prompt_set::named(flags.prompts));
  auto client = client_of(s, flags, role, flag);
  const std::string model = client->model_or_only(role.model, flag + "-model");
  if (is_fresh) {
    const std::vector<std::string>& all = client->models();
    if (!all.empty() && std::ranges::find(all, model) == all.end() && !s.flags().quiet)
      note("note: " + client->url().text() + " does not list the model " + in_quotes(model) + "; its first is " + in_quotes(all.front()));
  }
  s.bar().clear();
  identity = "endpoint " + model;
  return endpoint_writer(std::move(client), prompts_, {model, sampling, price_of(role), s.flags().seed}, *budget_);
}

// Problems are to differ, solutions are to be right.
template <class B>
authors<B>::authors(session<B>& s, const author_flags& f, index_t attempts, bool is_fresh) : budget_(std::make_unique<budget>(f.budget)) {
  const role_flags solving = f.solver_or_generator();
  const bool writes = !f.generator.is_built_in(), solves = !solving.is_built_in();
  writer_is_endpoint_ = f.generator.is_endpoint();
  solver_is_endpoint_ = solving.is_endpoint();
  require_option(solves || !writes, "--solver built-in: found --generator " + f.generator.who + ", expected built-in: it knows the answers of that one only");
  require_option(writes || solves || (!f.temperature && !f.top_p && !f.max_new_tokens),
                 "--temperature, --top-p, --max-new-tokens: found the built-in generator and solver, expected a checkpoint to sample from");
  require_option(!solves || attempts == 1 || f.temperature != 0.0,
                 "--temperature: found 0, expected more: it makes all " + std::to_string(attempts) + " --attempts the same");
  require_option(f.prompts == "mathematics" || (writer_is_endpoint_ && solver_is_endpoint_),
                 "--prompts: found " + f.prompts + ", expected mathematics: only servers are asked in other words");
  require_option(f.budget.cost == 0 || !f.generator.price.empty() || !f.solver.price.empty(), "--max-cost: found no price, expected --generator-price or --solver-price");
  const auto temperature = [&](double usual) { return f.temperature.value_or(usual); };
  const auto chat = [&](double usual, index_t tokens) {
    return chat_sampling{temperature(usual), f.top_p.value_or(0.95), f.max_new_tokens.value_or(tokens)};
  };
  const auto sampling = [&](double usual, index_t tokens) {
    return sampling_options{.max_tokens = f.max_new_tokens.value_or(tokens), .temperature = temperature(usual),
                            .top_p = f.top_p.value_or(0.95), .seed = s.flags().seed, .on_progress = progress(s.bar())};
  };
  writer_price_ = price_of(f.generator);
  solver_price_ = price_of(solving);
  if (writer_is_endpoint_) {
    writer_.emplace(endpoint_of(s, f, f.generator, "--generator", chat(1, 1024), is_fresh, writer_identity_));
  } else if (writes) {
    const auto& checkpoint = checkpoint_of(s, "--generator", f.generator.who);
    writer_.emplace(checkpoint_writer(s.cx(), checkpoint, sampling(1, 512)));
    writer_identity_ = identity_of(checkpoint);
  } else {
    writer_.emplace(procedural_generator(f.writer));
    writer_identity_ = f.generator.who;
  }
  if (solver_is_endpoint_) {
    solver_.emplace(endpoint_of(s, f, solving, "--solver", chat(0.6, 4096), is_fresh, solver_identity_));
  } else if (solves) {
    const auto& checkpoint = checkpoint_of(s, "--solver", solving.who);
    solver_.emplace(checkpoint_writer(s.cx(), checkpoint, sampling(0.6, 1024)));
    solver_identity_ = identity_of(checkpoint);
  } else {
    solver_.emplace(procedural_solver(f.checker));
    solver_identity_ = solving.who;
  }
}

template <class B>
void authors<B>::configure(json& configuration) const {
  configuration["generator"] = writer_identity_;
  configuration["solver"] = solver_identity_;
  if (prompts_) configuration["prompts"] = prompts_->identity();
}

template <class B>
void authors<B>::restore(run_state& state) {
  const auto add = [&](const spending& spent, const token_price& price) {
    budget_->restore({spent.requests, spent.prompt_tokens + spent.completion_tokens,
                      price.of(spent.prompt_tokens, spent.completion_tokens)});
  };
  add(state.spent("problem"), writer_price_);
  add(state.spent("solution"), solver_price_);
}

template <class B>
std::vector<role_account> authors<B>::account(run_state& state) const {
  std::vector<role_account> out;
  std::vector<index_t> numbers;
  for (const round_record& r : state.rounds())
    for (const candidate_record& c : state.candidates(r.round)) numbers.push_back(c.number);
  const auto add = [&](const char* role, const std::string& identity, const char* stored, const token_price& price, auto&& is_read) {
    const spending spent = state.spent(stored);
    role_account a{role, identity, spent, price.of(spent.prompt_tokens, spent.completion_tokens)};
    for (const auto& [number, texts] : state.responses(stored, numbers))
      for (const auto& [attempt, text] : texts) {
        ++a.texts;
        a.unparsed += is_read(text) ? 0 : 1;
        a.cut += text.finish == "length" ? 1 : 0;
      }
    out.push_back(std::move(a));
  };
  if (writer_is_endpoint_)
    add("generator", writer_identity_, "problem", writer_price_, [&](const response& r) { return read_problem(task(), r).has_value(); });
  if (solver_is_endpoint_)
    add("solver", solver_identity_, "solution", solver_price_, [&](const response& r) { return read_answer(task(), r).has_value(); });
  return out;
}

template <class B>
loop_counts authors<B>::counts() const {
  loop_counts out;
  for (const auto& each : servers_) {
    out.retried += each->client->loop().counts().retried;
    out.given_up += each->client->loop().counts().given_up;
    if (const std::string& reason = each->client->loop().counts().reason; !reason.empty()) out.reason = reason;
  }
  return out;
}

}  // namespace command
