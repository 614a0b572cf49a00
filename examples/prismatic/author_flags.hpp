/// The flags that say who writes problems and who solves them.
#pragma once

#include <prismatic/endpoint/endpoint_writer.hpp>
#include <prismatic/synthesis/procedural.hpp>
#include <prismatic/synthesis/procedural_solver.hpp>

#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace command {

using namespace prismatic;

/// The environment variable that holds a server's key unless another is named.
inline const std::string usual_key = "OPENAI_API_KEY";

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

}  // namespace command
