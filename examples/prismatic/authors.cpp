#include "authors.hpp"

#include <prismatic/io/content_hash.hpp>
#include <prismatic/transformer/checkpoint.hpp>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace command {

namespace {

const std::string usual_key = "OPENAI_API_KEY";

// The checkpoint's name, and a hash of its weights, its tokenizer and its template.
std::string identity_of(const proxy<backend_type, scalar>& checkpoint) {
  return std::filesystem::canonical(checkpoint.name).filename().string() + " " +
         content_hash(weights_fingerprint(checkpoint.model.parameters()) + checkpoint.encoder->fingerprint());
}

const proxy<backend_type, scalar>& checkpoint_of(session& s, const std::string& flag, const std::string& directory) {
  if (!std::filesystem::is_directory(directory))
    throw model_error(flag + ": found " + in_quotes(directory) +
                      ", expected built-in, a Hugging Face checkpoint's directory, or the URL of a server");
  return s.checkpoint(directory);
}

// A key that was asked for by name goes wherever the user says; the usual variable only where nobody can read along.
secret key_of(const role_flags& role, const std::string& flag, const endpoint_url& url) {
  if (!role.key_file.empty()) return secret::from_file(role.key_file);
  if (!role.key_variable.empty()) {
    secret out = secret::from_environment(role.key_variable);
    require_option(!out.is_empty(), flag + "-key-env: found no value in " + role.key_variable + ", expected a key");
    return out;
  }
  return url.is_private() ? secret::from_environment(usual_key) : secret();
}

}  // namespace

role_flags author_flags::solver_or_generator() const {
  if (solver.who.empty() || solver.who == generator.who) {
    role_flags out = generator;
    if (!solver.model.empty()) out.model = solver.model;
    if (!solver.key_variable.empty()) out.key_variable = solver.key_variable;
    if (!solver.key_file.empty()) out.key_file = solver.key_file;
    if (!solver.price.empty()) out.price = solver.price;
    return out;
  }
  return solver;
}

void add_author_flags(CLI::App& app, author_flags& f) {
  const std::string built_in = "built-in, a Hugging Face checkpoint's directory, or the URL of a server (http://HOST:PORT/v1)";
  app.add_option("--generator", f.generator.who, "who writes problems: " + built_in)->capture_default_str();
  app.add_option("--solver", f.solver.who, "who solves them: the same kinds; built-in solves its own problems only (default: as --generator)");
  for (auto& [flag, role] : {std::pair<std::string, role_flags&>{"--generator", f.generator}, {"--solver", f.solver}}) {
    const std::string of = flag == "--solver" ? " (default: as the generator's, on the same server)" : "";
    app.add_option(flag + "-model", role.model, "which model of the server" + (of.empty() ? " (default: the only one it has)" : of));
    auto* variable = app.add_option(flag + "-key-env", role.key_variable, "environment variable that holds the server's API key (default: " + usual_key + ", sent over https or to this machine only)");
    app.add_option(flag + "-key-file", role.key_file, "file that holds it")->excludes(variable)->check(CLI::ExistingFile);
    app.add_option(flag + "-price", role.price, "cost of a million tokens: PROMPT COMPLETION")->expected(2)->check(CLI::NonNegativeNumber);
  }
  app.add_option("--prompts", f.prompts, "how servers are asked: mathematics, inference, instructions, or a file in the form of examples/prompts/")->capture_default_str();
  app.add_option("--temperature", f.temperature, "of a checkpoint's or server's sampling (default: 1 for problems, 0.6 for solutions)")->check(CLI::NonNegativeNumber);
  app.add_option("--top-p", f.top_p, "share of the probability it samples from (default: 0.95)")->check(CLI::Range(0.0, 1.0));
  app.add_option("--max-new-tokens", f.max_new_tokens, "longest text (default: 512 for problems and 1024 for solutions of a checkpoint, 1024 and 4096 of a server)")->check(CLI::PositiveNumber);
  app.add_option("--concurrency", f.loop.concurrency, "requests in flight, fewer while a server is overloaded")->capture_default_str()->check(CLI::Range(1, 4096));
  app.add_option("--rpm", f.loop.pace.requests_per_minute, "requests a minute to each server (0: no limit)")->capture_default_str()->check(CLI::NonNegativeNumber);
  app.add_option("--tpm", f.loop.pace.tokens_per_minute, "tokens a minute, prompts included (0: no limit)")->capture_default_str()->check(CLI::NonNegativeNumber);
  app.add_option("--timeout", f.http.timeout, "seconds a server may take for an answer")->capture_default_str()->check(CLI::Range(0.1, 86400.0));
  app.add_option("--tries", f.loop.retry.tries, "of a request that fails")->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--max-requests", f.budget.requests, "stop the run before it is answered more often than this (0: no limit)")->capture_default_str()->check(CLI::NonNegativeNumber);
  app.add_option("--max-tokens", f.budget.tokens, "stop it before it takes more tokens, prompts included (0: no limit)")->capture_default_str()->check(CLI::NonNegativeNumber);
  app.add_option("--max-cost", f.budget.cost, "stop it before it costs more, by the prices given (0: no limit)")->capture_default_str()->check(CLI::NonNegativeNumber);
  app.add_option("--skew", f.writer.skew, "built-in generator: how far a few topics dominate")->capture_default_str();
  app.add_option("--copy", f.writer.copy_probability, "built-in generator: how often it follows an example's topic")->capture_default_str();
  app.add_option("--wrong", f.checker.wrong_rate, "built-in solver: share of wrong answers")->capture_default_str();
}

token_price authors::price_of(const role_flags& role) {
  return role.price.empty() ? token_price{} : token_price{role.price.at(0), role.price.at(1)};
}

std::shared_ptr<endpoint_client<http_pool>> authors::client_of(session& s, const author_flags& flags, const role_flags& role, const std::string& flag) {
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

endpoint_writer authors::endpoint_of(session& s, const author_flags& flags, const role_flags& role, const std::string& flag,
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
authors::authors(session& s, const author_flags& f, index_t attempts, bool is_fresh) : budget_(std::make_unique<budget>(f.budget)) {
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

void authors::configure(json& configuration) const {
  configuration["generator"] = writer_identity_;
  configuration["solver"] = solver_identity_;
  if (prompts_) configuration["prompts"] = prompts_->identity();
}

void authors::restore(run_state& state) {
  const auto add = [&](const spending& spent, const token_price& price) {
    budget_->restore({spent.requests, spent.prompt_tokens + spent.completion_tokens,
                      price.of(spent.prompt_tokens, spent.completion_tokens)});
  };
  add(state.spent("problem"), writer_price_);
  add(state.spent("solution"), solver_price_);
}

std::vector<role_account> authors::account(run_state& state) const {
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

loop_counts authors::counts() const {
  loop_counts out;
  for (const auto& each : servers_) {
    out.retried += each->client->loop().counts().retried;
    out.given_up += each->client->loop().counts().given_up;
    if (const std::string& reason = each->client->loop().counts().reason; !reason.empty()) out.reason = reason;
  }
  return out;
}

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
