/// The built-in problem writer: a seeded grammar of multi-step word problems with known answers.
///
/// It behaves as a language model would in this place: left alone it writes about a few favourite topics
/// most of the time, it is drawn to the topic and style of the examples it is shown, it sometimes repeats
/// an example with nothing but the name changed, and now and then its text cannot be read.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/synthesis/ascii.hpp>
#include <prismatic/synthesis/dice.hpp>
#include <prismatic/synthesis/everyday_problems.hpp>
#include <prismatic/synthesis/generator.hpp>
#include <prismatic/synthesis/grammar.hpp>
#include <prismatic/synthesis/mathematics_problems.hpp>
#include <prismatic/synthesis/quantity_problems.hpp>
#include <prismatic/synthesis/word_lists.hpp>
#include <prismatic/synthesis/worked_text.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prismatic {

/// The topics of the built-in problems, the favourite first.
inline constexpr std::array<std::string_view, 33> word_problem_topics{
    "shopping",  "travel",   "change",    "discount",    "fractions",  "ages",     "averages",
    "work",      "area",     "inventory", "ratios",      "units",      "clock",    "savings",
    "equations", "recipes",  "scores",    "trains",      "sequences",  "mixtures", "remainders",
    "wages",     "counting", "volume",    "calendar",    "overlap",    "digits",   "grids",
    "queues",    "energy",   "maps",      "temperature", "probability"};

/// All forms of all topics.
inline std::span<const word_problem_form* const> word_problem_forms() {
  static const std::vector<const word_problem_form*> all = [] {
    std::vector<const word_problem_form*> out;
    for (const std::span<const word_problem_form> table :
         {std::span<const word_problem_form>(everyday_problems),
          std::span<const word_problem_form>(quantity_problems),
          std::span<const word_problem_form>(mathematics_problems)})
      for (const word_problem_form& form : table) out.push_back(&form);
    return out;
  }();
  return all;
}

/// The form that `question` was written from, or null when it is not one of ours.
/// Cost: O(forms x length).
inline const word_problem_form* recognise(std::string_view question) {
  for (const word_problem_form* form : word_problem_forms())
    if (could_be(*form, question)) return form;
  return nullptr;
}

struct procedural_options {
  std::uint64_t seed = 0;
  /// The topic of rank r is drawn with probability proportional to r^-skew; 0 for a uniform mix.
  double skew = 1.2;
  /// Probability that a problem takes the topic and layout of one of its examples.
  double copy_probability = 0.5;
  /// Probability that a problem repeats one of its examples with another name in it.
  double near_duplicate_rate = 0.05;
  /// Probability that the text cannot be read as a problem.
  double malformed_rate = 0.01;
};

/// A generator (see generator.hpp) whose response to a request is a pure function of
/// (seed, request number, examples). Cost: about 20 microseconds a problem.
class procedural_generator {
 public:
  /// @throws option_error  a rate outside [0, 1], or a negative skew
  explicit procedural_generator(procedural_options opt = {}) : opt_(opt) {
    for (const double rate : {opt.copy_probability, opt.near_duplicate_rate, opt.malformed_rate})
      require_option(rate >= 0 && rate <= 1, "procedural_generator: rates must lie in [0, 1]");
    require_option(opt.skew >= 0 && opt.skew <= 16, "procedural_generator: skew must lie in [0, 16]");
    double sum = 0;
    for (std::size_t rank = 0; rank < word_problem_topics.size(); ++rank)
      cumulative_.push_back(sum += std::pow(static_cast<double>(rank + 1), -opt.skew));
  }

  [[nodiscard]] std::vector<generation> generate(std::span<const generation_request> requests) const {
    std::vector<generation> out;
    out.reserve(requests.size());
    for (const generation_request& request : requests) {
      std::string text = respond(request);
      std::optional<problem> posed = parse_problem(text);
      out.push_back({std::move(text), std::move(posed)});
    }
    return out;
  }

 private:
  [[nodiscard]] std::string respond(const generation_request& request) const {
    dice random(opt_.seed, "procedural generator", request.number);
    const bool malformed = random.chance(opt_.malformed_rate);
    const bool repeats = random.chance(opt_.near_duplicate_rate);
    const bool copies = random.chance(opt_.copy_probability);
    std::optional<std::string> text;
    if (!request.examples.empty() && (repeats || copies)) {
      const few_shot& example = random.pick(request.examples);
      text = repeats ? repeat(example, random) : imitate(example, random);
    }
    if (!text) text = write(form_of(draw_topic(random), random), random.pick(solution_layouts), random);
    if (malformed) text->resize(text->find("Problem:"));
    return *text;
  }

  static std::string write(const word_problem_form& form, solution_layout layout, dice& random) {
    template_writer writer(form.variables, random);
    const std::string question = writer.write(form.question);
    std::vector<std::string> steps;
    for (std::string_view rest = form.steps; !rest.empty();)
      steps.push_back(writer.write(ascii::take_until(rest, "\n")));
    return write_problem(form.topic, question, lay_out(steps, writer.write(form.answer), layout));
  }

  // The topic and layout of the example, with a form and numbers of its own.
  static std::optional<std::string> imitate(const few_shot& example, dice& random) {
    const word_problem_form* form = recognise(example.question);
    if (form == nullptr) return std::nullopt;
    return write(form_of(form->topic, random), layout_of(example.solution), random);
  }

  // The example itself, with another name in place of the first one that we know.
  static std::optional<std::string> repeat(const few_shot& example, dice& random) {
    for (const std::string_view list : {"woman", "man"})
      for (const std::string_view known : word_list(list)) {
        const std::string_view other = random.pick(word_list(list));
        std::string question(example.question), solution(example.solution);
        if (other == known || !ascii::replace_whole(question, known, other)) continue;
        ascii::replace_whole(solution, known, other);
        const word_problem_form* form = recognise(example.question);
        return write_problem(form == nullptr ? "" : form->topic, question, solution);
      }
    return std::nullopt;
  }

  [[nodiscard]] std::string_view draw_topic(dice& random) const {
    const double at = random.uniform() * cumulative_.back();
    std::size_t rank = 0;
    while (rank + 1 < cumulative_.size() && cumulative_[rank] <= at) ++rank;
    return word_problem_topics[rank];
  }

  static const word_problem_form& form_of(std::string_view topic, dice& random) {
    std::vector<const word_problem_form*> of_topic;
    for (const word_problem_form* form : word_problem_forms())
      if (form->topic == topic) of_topic.push_back(form);
    return *random.pick(of_topic);
  }

  procedural_options opt_;
  std::vector<double> cumulative_;
};

static_assert(generator<procedural_generator>);

}  // namespace prismatic
