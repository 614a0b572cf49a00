/// The words in which models are asked: templates in a file that a user can edit.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/endpoint/default_prompts.hpp>
#include <prismatic/io/content_hash.hpp>
#include <prismatic/io/json.hpp>
#include <prismatic/io/mapped_file.hpp>
#include <prismatic/io/sample.hpp>
#include <prismatic/synthesis/ascii.hpp>
#include <prismatic/synthesis/generator.hpp>
#include <prismatic/synthesis/task.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prismatic {

/// A task and its prompts. The form of the file is explained in examples/prompts/mathematics.txt.
class prompt_set {
 public:
  /// One of default_prompts by its name, or else the file of that path. @throws io_error, data_error
  [[nodiscard]] static prompt_set named(const std::string& name) {
    for (const named_prompts& each : default_prompts)
      if (each.name == name) return prompt_set(each.text, name);
    const mapped_file file(name);
    constexpr index_t most = index_t{1} << 20;
    if (static_cast<index_t>(file.size()) > most)
      throw data_error(name, 0, "", std::to_string(file.size()) + " bytes",
                       "prompts of at most " + std::to_string(most));
    return prompt_set(file.text(), name);
  }

  /// @param name  of the text, for errors and for the run's configuration
  /// @throws data_error  with the line: an unknown, repeated or missing part, or place in {{braces}}
  prompt_set(std::string_view text, std::string name) : name_(std::move(name)), hash_(content_hash(text)) {
    index_t line_number = 0;
    part* open = nullptr;
    bool has_task = false;
    while (!text.empty()) {
      std::string_view line = ascii::take_until(text, "\n");
      if (line.ends_with('\r')) line.remove_suffix(1);
      ++line_number;
      if (line.starts_with('[') && line.ends_with(']')) {
        const auto known = std::ranges::find(parts_, line.substr(1, line.size() - 2), &part::name);
        if (known == parts_.end()) refuse(line_number, "", line, "[system], [write], [example] or [solve]");
        if (known->line > 0) refuse(line_number, "", std::string(line) + " twice", "it once");
        open = &*known;
        open->line = line_number;
      } else if (open != nullptr) {
        open->text.append(line) += '\n';
      } else if (constexpr std::string_view label = "task:"; line.starts_with(label)) {
        const auto task = std::ranges::find(synthesis_task_names, ascii::trimmed(line.substr(label.size())));
        if (task == synthesis_task_names.end() || has_task)
          refuse(line_number, "task", line, "mathematics, inference or instructions, once");
        task_ = static_cast<synthesis_task>(task - synthesis_task_names.begin());
        has_task = true;
      } else if (!ascii::trimmed(line).empty() && !line.starts_with('#')) {
        refuse(line_number, "", line, "a comment, task: or a part in [brackets]");
      }
    }
    if (!has_task) refuse(0, "task", "nothing", "task: mathematics, inference or instructions");
    for (part& each : parts_) check(each);
  }

  [[nodiscard]] synthesis_task task() const noexcept { return task_; }

  /// The name and a hash of the text: what a run's configuration says of its prompts.
  [[nodiscard]] std::string identity() const { return name_.substr(name_.rfind('/') + 1) + " " + hash_; }

  /// The conversation that asks for a new problem.
  [[nodiscard]] std::vector<message> asking_for_a_problem(std::span<const few_shot> examples) const {
    std::string shots;
    for (const few_shot& shot : examples) {
      if (!shots.empty()) shots += "\n\n";
      shots += filled(parts_[example], {{"question", shot.question}, {"solution", shot.solution}});
    }
    return conversation(filled(parts_[write], {{"examples", shots}}));
  }

  /// The conversation that asks for a solution.
  [[nodiscard]] std::vector<message> asking_for_a_solution(std::string_view question) const {
    return conversation(filled(parts_[solve], {{"question", question}}));
  }

 private:
  struct part {
    std::string_view name;
    std::string text = {};
    index_t line = 0;  // of its [name]; 0: it is not there
  };
  struct place {
    std::string_view name;
    std::string_view text;
  };
  enum : std::size_t { system, write, example, solve };

  [[noreturn]] void refuse(index_t line, const std::string& field, std::string_view found,
                           const std::string& expected) const {
    throw data_error(name_, line, field, found == "nothing" ? "nothing" : in_quotes(found), expected);
  }

  void check(part& each) {
    each.text = ascii::trimmed(each.text);
    const bool is_system = each.name == parts_[system].name;
    if (each.text.empty() && !is_system)
      refuse(each.line, "[" + std::string(each.name) + "]", "nothing", "a prompt");
    std::vector<std::string_view> needed;
    if (!is_system) needed = {each.name == parts_[write].name ? "examples" : "question"};
    std::vector<std::string_view> known = needed;
    if (each.name == parts_[example].name) known.push_back("solution");
    for (std::string_view rest = each.text; rest.find("{{") != std::string_view::npos;) {
      ascii::take_until(rest, "{{");
      const std::string_view name = ascii::take_until(rest, "}}");
      std::string expected;
      for (const std::string_view k : known)
        expected.append(expected.empty() ? "{{" : ", {{").append(k).append("}}");
      if (std::ranges::find(known, name) == known.end())
        refuse(each.line, "[" + std::string(each.name) + "]", "{{" + std::string(name) + "}}",
               expected.empty() ? "no place" : expected);
    }
    for (const std::string_view name : needed)
      if (each.text.find("{{" + std::string(name) + "}}") == std::string::npos)
        refuse(each.line, "[" + std::string(each.name) + "]", "nothing", "{{" + std::string(name) + "}} in it");
  }

  // Each place once from left to right: braces inside what is filled in are text.
  static std::string filled(const part& from, std::initializer_list<place> places) {
    std::string out;
    std::string_view rest = from.text;
    while (!rest.empty()) {
      const std::size_t at = rest.find("{{");
      out += rest.substr(0, at);
      if (at == std::string_view::npos) break;
      rest.remove_prefix(at + 2);
      const std::string_view name = ascii::take_until(rest, "}}");
      for (const place& each : places)
        if (each.name == name) out += each.text;
    }
    return out;
  }

  [[nodiscard]] std::vector<message> conversation(std::string text) const {
    std::vector<message> out;
    if (!parts_[system].text.empty()) out.push_back({std::string(roles::system), parts_[system].text});
    out.push_back({std::string(roles::user), std::move(text)});
    return out;
  }

  std::string name_, hash_;
  synthesis_task task_ = synthesis_task::mathematics;
  std::array<part, 4> parts_{{{"system"}, {"write"}, {"example"}, {"solve"}}};
};

}  // namespace prismatic
