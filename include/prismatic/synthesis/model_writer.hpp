/// A loaded checkpoint as generator and solver: problems and solutions sampled in this process.
#pragma once

#include <prismatic/core/types.hpp>
#include <prismatic/io/sample.hpp>
#include <prismatic/synthesis/answer.hpp>
#include <prismatic/synthesis/generator.hpp>
#include <prismatic/transformer/chat_encoder.hpp>
#include <prismatic/transformer/decoder.hpp>
#include <prismatic/transformer/sampler.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace prismatic {

/// Meets the concepts `generator` and `solver` with one model. What it answers to a request is a function of
/// (sampling seed, request number, attempt, prompt): it does not depend on what else is in the batch, beyond
/// the rounding of the logits.
///
/// The context, the model and the encoder must outlive it.
template <class B, real T>
class model_writer {
 public:
  /// @param sampling  stop_tokens must hold the tokens that end the model's turn; first_prompt is not used
  model_writer(context<B>& cx, const decoder<B, T>& model, const chat_encoder& encoder, sampling_options sampling)
      : cx_(cx), model_(model), encoder_(encoder), sampling_(std::move(sampling)) {}

  /// @throws what the sampler throws: an option out of range, a prompt longer than the context
  [[nodiscard]] std::vector<generation> generate(std::span<const generation_request> requests) {
    std::vector<numbered_prompt> prompts;
    for (const generation_request& request : requests) {
      std::string text;
      for (const few_shot& shot : request.examples) text += write_problem("", shot.question, shot.solution) + "\n\n";
      text += "Write one new problem and its solution in the same form: a line that begins with \"Problem:\", then one "
              "that begins with \"Solution:\" and ends in \"The answer is N.\"";
      prompts.push_back({static_cast<index_t>(request.number), prompt_of(std::move(text))});
    }
    std::vector<generation> out;
    for (std::string& text : continuations(prompts)) {
      std::optional<problem> posed = parse_problem(text);
      out.push_back({std::move(text), std::move(posed)});
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
        prompts.push_back({static_cast<index_t>(request.number) * request.attempts + k, tokens});
    }
    const std::vector<std::string> texts = continuations(prompts);
    std::vector<solution> out(requests.size());
    std::size_t next = 0;
    for (std::size_t i = 0; i < requests.size(); ++i)
      for (index_t k = 0; k < requests[i].attempts; ++k, ++next)
        out[i].attempts.push_back({texts[next], extract_answer(texts[next])});
    return out;
  }

 private:
  struct numbered_prompt {
    index_t number;  // of its random stream
    std::vector<token_id> tokens;
  };

  [[nodiscard]] std::vector<token_id> prompt_of(std::string text) const {
    const message turn{std::string(roles::user), std::move(text)};
    return encoder_.encode_prompt(std::span(&turn, 1));
  }

  // The sampler numbers the prompts of a batch from its first on: one batch for each run of neighbours.
  [[nodiscard]] std::vector<std::string> continuations(std::span<const numbered_prompt> prompts) {
    std::vector<std::string> out;
    for (std::size_t first = 0; first < prompts.size();) {
      std::vector<std::vector<token_id>> batch;
      std::size_t last = first;
      for (; last < prompts.size() && prompts[last].number == prompts[first].number + static_cast<index_t>(last - first); ++last)
        batch.push_back(prompts[last].tokens);
      sampling_options sampling = sampling_;
      sampling.first_prompt = prompts[first].number;
      for (const std::vector<token_id>& tokens : prismatic::generate(cx_, model_, std::span<const std::vector<token_id>>(batch), sampling))
        out.push_back(encoder_.words().decode(tokens, {.skip_special = true}));
      first = last;
    }
    return out;
  }

  context<B>& cx_;
  const decoder<B, T>& model_;
  const chat_encoder& encoder_;
  sampling_options sampling_;
};

}  // namespace prismatic
