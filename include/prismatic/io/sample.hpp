/// One training sample, whatever file and schema it came from.
#pragma once

#include <prismatic/core/types.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prismatic {

/// The roles a message can have. `text` is a document without turns: a sample holds exactly one.
namespace roles {
inline constexpr std::string_view system = "system";
inline constexpr std::string_view user = "user";
inline constexpr std::string_view assistant = "assistant";
inline constexpr std::string_view tool = "tool";
inline constexpr std::string_view text = "text";
}  // namespace roles

/// One turn of a conversation.
struct message {
  std::string role;
  std::string content;
  friend bool operator==(const message&, const message&) = default;
};

/// A conversation, a prompt with its completion, or a plain text. The loss falls on what the model would
/// have said: `assistant` messages from `context_messages` on, and all of a `text`.
struct sample {
  std::string id;                 ///< unique within a data set
  std::vector<message> messages;  ///< in order; at least one carries loss
  std::string raw;                ///< the JSON object it was read from, or empty when it was made here
  index_t line = 0;               ///< 1-based line of its file, or 0
  index_t context_messages = 0;   ///< leading messages that were given as prompt: no loss, whatever their role

  [[nodiscard]] bool carries_loss(index_t i) const noexcept {
    const std::string_view role = messages[static_cast<std::size_t>(i)].role;
    return i >= context_messages && (role == roles::assistant || role == roles::text);
  }

  /// Everything before the last message that carries loss, a blank line between messages.
  [[nodiscard]] std::string prompt() const {
    std::string out;
    const index_t last = last_with_loss();
    for (index_t i = 0; i < last; ++i) {
      if (i > 0) out += "\n\n";
      out += messages[static_cast<std::size_t>(i)].content;
    }
    return out;
  }

  /// The last message that carries loss, empty when there is none.
  [[nodiscard]] std::string_view completion() const noexcept {
    const index_t last = last_with_loss();
    return last < 0 ? std::string_view{} : std::string_view(messages[static_cast<std::size_t>(last)].content);
  }

 private:
  [[nodiscard]] index_t last_with_loss() const noexcept {
    index_t i = static_cast<index_t>(messages.size()) - 1;
    while (i >= 0 && !carries_loss(i)) --i;
    return i;
  }
};

/// How premise and hypothesis are put to a model.
inline std::string inference_question(std::string_view premise, std::string_view hypothesis) {
  std::string out = "Premise: ";
  return out.append(premise).append("\nHypothesis: ").append(hypothesis).append(
      "\nDoes the premise entail the hypothesis? Answer entailment, neutral or contradiction.");
}

/// A sample of one question and its answer, as generators make them.
inline sample make_sample(std::string id, std::string prompt, std::string completion) {
  sample out;
  out.id = std::move(id);
  out.messages = {{std::string(roles::user), std::move(prompt)},
                  {std::string(roles::assistant), std::move(completion)}};
  return out;
}

}  // namespace prismatic
