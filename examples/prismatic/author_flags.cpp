#include "author_flags.hpp"

#include <CLI/CLI.hpp>

#include <utility>

namespace command {

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

}  // namespace command
