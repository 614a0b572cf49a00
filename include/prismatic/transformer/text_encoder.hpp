/// From a sample to tokens with loss flags: the interface, and how a sample is made to fit the context.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/io/sample.hpp>
#include <prismatic/transformer/batch.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace prismatic {

/// Renders a sample as a proxy was trained to see it and says which tokens carry loss. One virtual call a
/// sample; thread-safe.
class text_encoder {
 public:
  virtual ~text_encoder() = default;

  /// The whole sample, however long. @throws data_error, model_error when it cannot be rendered
  [[nodiscard]] virtual token_sequence encode(const sample& s) const = 0;

  /// What changes when any rule of the rendering does: part of every store's manifest.
  [[nodiscard]] virtual std::string fingerprint() const = 0;
};

/// What to do with a sample that is longer than the proxy's context.
enum class truncation : std::uint8_t {
  prompt,  ///< cut from the left of what stands before the first loss token, keeping the very first token
  refuse,  ///< an error
};

/// Makes a sequence fit `context` positions. A sequence of n tokens takes n - 1 positions: its last token
/// is only predicted. @return how many tokens were cut
/// @throws data_error  longer than the context and not allowed, or not able, to be cut; `what` names the sample
inline index_t fit_context(token_sequence& sequence, index_t context, truncation rule, const std::string& what) {
  const index_t excess = sequence.size() - 1 - context;
  if (excess <= 0) return 0;
  const auto first_loss = std::find(sequence.carries_loss.begin() + 1, sequence.carries_loss.end(), true);
  const index_t prompt = first_loss - sequence.carries_loss.begin() - 1;  // tokens that may go: all but the first
  if (rule == truncation::refuse || prompt < excess)
    throw data_error(what, 0, "", std::to_string(sequence.size() - 1) + " tokens",
                     "at most " + std::to_string(context) +
                         (rule == truncation::refuse ? " (the proxy's context)"
                                                     : " (the proxy's context) after cutting the prompt"));
  sequence.tokens.erase(sequence.tokens.begin() + 1, sequence.tokens.begin() + 1 + excess);
  sequence.carries_loss.erase(sequence.carries_loss.begin() + 1, sequence.carries_loss.begin() + 1 + excess);
  return excess;
}

}  // namespace prismatic
