/// A loaded checkpoint as generator and solver: problems and solutions sampled in this process.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/io/sample.hpp>
#include <prismatic/synthesis/answer.hpp>
#include <prismatic/synthesis/generator.hpp>
#include <prismatic/transformer/chat_encoder.hpp>
#include <prismatic/transformer/decoder.hpp>
#include <prismatic/transformer/proxy.hpp>
#include <prismatic/transformer/sampler.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prismatic {

/// Meets the concepts `generator` and `solver` with one model. What it answers to a request is a function of
/// (sampling seed, request number, attempt, prompt): it does not depend on what else is in the batch, beyond
/// the rounding of the logits. Problems and solutions draw from streams of their own.
///
/// Examples that do not fit the context are left out, the last ones first; a problem that leaves its solution
/// no room gets empty attempts. An answer is cut at the sampling's max_tokens.
///
/// The context and the model must outlive it.
template <class B, real T>
class model_writer {
 public:
  /// @param sampling  its stop_tokens and streams are not used: the encoder knows what ends an answer
  /// @throws model_error   a proxy that is no checkpoint, or that has no chat template
  /// @throws option_error  sampling options out of range
  model_writer(context<B>& cx, const proxy<B, T>& checkpoint, sampling_options sampling)
      : cx_(cx),
        model_(checkpoint.model),
        encoder_(std::dynamic_pointer_cast<const chat_encoder>(checkpoint.encoder)),
        sampling_(std::move(sampling)) {
    if (encoder_ == nullptr || encoder_->style().format == chat_format::none)
      throw model_error(checkpoint.name +
                        ": found no chat template, expected one: only a model that follows instructions can "
                        "write or solve problems");
    sampling_.check();
    sampling_.stop_tokens = encoder_->ends();
  }

  /// @throws what the sampler throws
  [[nodiscard]] std::vector<generation> generate(std::span<const generation_request> requests) {
    std::vector<generation> out;
    while (!requests.empty()) {  // one temperature at a time
      const auto other = std::ranges::find_if(
          requests, [&](const generation_request& r) { return r.temperature != requests.front().temperature; });
      const auto alike = requests.first(static_cast<std::size_t>(other - requests.begin()));
      std::ranges::move(written(alike), std::back_inserter(out));
      requests = requests.subspan(alike.size());
    }
    return out;
  }

  /// @throws as generate
  [[nodiscard]] std::vector<solution> solve(std::span<const solve_request> requests) {
    std::vector<numbered_prompt> prompts;
    for (const solve_request& request : requests) {
      const auto tokens =
          prompt_of(request.posed->question + "\n\nSolve it step by step and end with \"The answer is N.\"");
      for (index_t k = 0; k < request.attempts; ++k)
        prompts.push_back({number_of(request.number, k, request.attempts), tokens});
    }
    const std::vector<std::string> texts = continuations(prompts, "solution");
    std::vector<solution> out(requests.size());
    std::size_t next = 0;
    for (std::size_t i = 0; i < requests.size(); ++i)
      for (index_t k = 0; k < requests[i].attempts; ++k, ++next)
        out[i].attempts.push_back({texts[next], extract_answer(without_thoughts(texts[next]))});
    return out;
  }

 private:
  struct numbered_prompt {
    index_t stream;
    std::vector<token_id> tokens;
  };

  // Problems of one temperature.
  [[nodiscard]] std::vector<generation> written(std::span<const generation_request> requests) {
    std::vector<numbered_prompt> prompts;
    for (const generation_request& request : requests) {
      std::vector<token_id> tokens = asking_for_a_problem(request.examples);
      for (std::size_t shots = request.examples.size(); shots > 0 && !fits(tokens);)
        tokens = asking_for_a_problem(request.examples.first(--shots));
      prompts.push_back({number_of(request.number, 0, 1), std::move(tokens)});
    }
    std::vector<generation> out;
    for (std::string& text : continuations(prompts, "problem", requests.front().temperature)) {
      std::optional<problem> posed = parse_problem(text);
      out.push_back({std::move(text), std::move(posed)});
    }
    return out;
  }

  static index_t number_of(std::uint64_t request, index_t attempt, index_t attempts) {
    return static_cast<index_t>(request) * attempts + attempt;
  }

  [[nodiscard]] std::vector<token_id> asking_for_a_problem(std::span<const few_shot> examples) const {
    std::string text;
    for (const few_shot& shot : examples) text += write_problem("", shot.question, shot.solution) + "\n\n";
    text += "Write one new problem and its solution in the same form: a line that begins with \"Problem:\", "
            "then one that begins with \"Solution:\" and ends in \"The answer is N.\"";
    return prompt_of(std::move(text));
  }

  [[nodiscard]] std::vector<token_id> prompt_of(std::string text) const {
    const message turn{std::string(roles::user), std::move(text)};
    return encoder_->encode_prompt(std::span(&turn, 1));
  }

  // Whether the answer has the room it may take, or half of the context.
  [[nodiscard]] bool fits(std::span<const token_id> prompt) const {
    const index_t context = model_.config().context;
    return static_cast<index_t>(prompt.size()) + std::min(sampling_.max_tokens, context / 2) <= context;
  }

  // What the model answers, in whole; nothing to a prompt that does not fit.
  [[nodiscard]] std::vector<std::string> continuations(std::span<const numbered_prompt> prompts,
                                                       std::string_view purpose,
                                                       std::optional<double> temperature = {}) {
    sampling_options sampling = sampling_;
    sampling.purpose = purpose;
    sampling.temperature = temperature.value_or(sampling.temperature);
    std::vector<std::vector<token_id>> fitting;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < prompts.size(); ++i) {
      if (!fits(prompts[i].tokens)) continue;
      fitting.push_back(prompts[i].tokens);
      places.push_back(i);
      sampling.streams.push_back(prompts[i].stream);
    }
    std::vector<std::string> out(prompts.size());
    const auto answers =
        prismatic::generate(cx_, model_, std::span<const std::vector<token_id>>(fitting), sampling);
    for (std::size_t i = 0; i < answers.size(); ++i)
      out[places[i]] = std::string(begun_answer(encoder_->style().format)) +
                       encoder_->words().decode(answers[i], {.skip_special = true});
    return out;
  }

  context<B>& cx_;
  const decoder<B, T>& model_;
  std::shared_ptr<const chat_encoder> encoder_;
  sampling_options sampling_;
};

}  // namespace prismatic
