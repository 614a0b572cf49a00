/// Token sequences with loss weights, and how many of them become one packed batch.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/layout.hpp>
#include <prismatic/core/types.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace prismatic {

/// A tokenised sample: `carries_loss[t]` says whether predicting token t counts. The first token is never
/// predicted.
struct token_sequence {
  std::vector<token_id> tokens;
  std::vector<bool> carries_loss;

  [[nodiscard]] index_t size() const noexcept { return static_cast<index_t>(tokens.size()); }
  /// How many predictions count.
  [[nodiscard]] index_t loss_tokens() const {
    index_t count = 0;
    for (std::size_t t = 1; t < carries_loss.size(); ++t) count += carries_loss[t] ? 1 : 0;
    return count;
  }
};

/// Sequences end to end, as the decoder takes them. Input row t predicts the token after it; the last token
/// of a sequence is only ever a target.
struct packed_batch {
  std::vector<token_id> inputs;                            ///< T tokens
  std::shared_ptr<layout> sequences;                       ///< of the inputs
  std::shared_ptr<std::vector<std::int32_t>> positions;    ///< of each input within its sequence
  std::shared_ptr<std::vector<token_id>> predicting;       ///< input rows whose prediction carries loss
  std::shared_ptr<layout> predictions;                     ///< of those rows
  std::vector<token_id> targets;                           ///< one per such row
  std::vector<index_t> loss_tokens;                        ///< per sequence
};

/// Packs the sequences in the order given. @throws option_error for one without any loss token
inline packed_batch pack(std::span<const token_sequence* const> samples) {
  packed_batch batch;
  batch.sequences = std::make_shared<layout>();
  batch.predictions = std::make_shared<layout>();
  batch.positions = std::make_shared<std::vector<std::int32_t>>();
  batch.predicting = std::make_shared<std::vector<token_id>>();
  for (const token_sequence* sample : samples) {
    require_equal(static_cast<index_t>(sample->carries_loss.size()), sample->size(), "pack: loss flags of a sequence");
    const index_t count = sample->loss_tokens();
    require_option(count > 0, "pack: a sequence of " + std::to_string(sample->size()) + " tokens has none that carries loss");
    for (std::size_t t = 0; t + 1 < sample->tokens.size(); ++t) {
      if (sample->carries_loss[t + 1]) {
        batch.predicting->push_back(static_cast<token_id>(batch.inputs.size()));
        batch.targets.push_back(sample->tokens[t + 1]);
      }
      batch.inputs.push_back(sample->tokens[t]);
      batch.positions->push_back(static_cast<std::int32_t>(t));
    }
    batch.sequences->append(sample->size() - 1);
    batch.predictions->append(count);
    batch.loss_tokens.push_back(count);
  }
  return batch;
}

/// A weight for every prediction so that each sequence's losses sum to its mean NLL, times `scale`.
template <class T>
std::vector<T> mean_nll_weights(const packed_batch& batch, double scale = 1) {
  std::vector<T> weights;
  weights.reserve(batch.targets.size());
  for (const index_t count : batch.loss_tokens)
    weights.insert(weights.end(), static_cast<std::size_t>(count), static_cast<T>(scale / static_cast<double>(count)));
  return weights;
}

/// A partition of [0, lengths.size()) into batches of neighbours of at most `token_budget` tokens each (one
/// sequence at least).
inline std::vector<row_range> plan_batches(std::span<const index_t> lengths, index_t token_budget) {
  std::vector<row_range> batches;
  index_t tokens = 0;
  for (index_t i = 0; i < static_cast<index_t>(lengths.size()); ++i) {
    const index_t length = lengths[static_cast<std::size_t>(i)];
    if (batches.empty() || tokens + length > token_budget) {
      batches.push_back({i, i});
      tokens = 0;
    }
    batches.back().end = i + 1;
    tokens += length;
  }
  return batches;
}

}  // namespace prismatic
