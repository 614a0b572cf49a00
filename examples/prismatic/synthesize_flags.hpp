/// The flags of a synthesis run: for the run itself, and for its plan.
#pragma once

#include "author_flags.hpp"
#include "flags.hpp"

#include <prismatic/synthesis/run_options.hpp>

#include <string>
#include <vector>

namespace command {

struct synthesize_flags : shared_flags {
  std::string seeds;
  std::string run;
  std::string status;
  std::string output;
  bool control = false;
  std::string filter = "sparse-clusters";
  std::string examples = "uniform";
  std::vector<std::string> evaluation;
  synthesis_options options;
  std::vector<index_t> problem_characters;
  std::vector<index_t> solution_characters;
  std::vector<std::string> scripts;
  author_flags author;
};

void add_synthesize_flags(CLI::App& sub, synthesize_flags& flags);

/// The library's options, flags that spell them another way included. @throws option_error
[[nodiscard]] synthesis_options options_of(const synthesize_flags& flags, const std::string& filter, std::vector<index_t> quotas);

}  // namespace command
