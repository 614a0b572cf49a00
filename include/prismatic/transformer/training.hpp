/// Training from scratch: AdamW over shuffled, packed batches for a given number of steps.
#pragma once

#include <prismatic/autodiff/accumulate.hpp>
#include <prismatic/autodiff/tape.hpp>
#include <prismatic/backend/host.hpp>
#include <prismatic/core/philox.hpp>
#include <prismatic/core/progress.hpp>
#include <prismatic/core/workspace.hpp>
#include <prismatic/transformer/batch.hpp>
#include <prismatic/transformer/optimizer.hpp>

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <vector>

namespace prismatic {

struct training_options {
  index_t steps = 200;           ///< optimizer steps, one packed batch each
  index_t batch_tokens = 2048;   ///< tokens packed into one batch, at most (one sequence at least)
  double learning_rate = 3e-3;   ///< at its peak
  double final_fraction = 0.1;   ///< of the peak, at the last step
  index_t warmup_steps = 20;     ///< steps of linear warm-up
  adamw_options adamw = {};      ///< decay, moments, clipping
  progress on_progress = {};     ///< counts steps; may throw to stop

  /// @throws option_error
  void check() const {
    const auto at_least = [](index_t value, index_t least, const char* name) {
      require_option(value >= least, std::string("train: ") + name + ": found " + std::to_string(value) +
                                         ", expected at least " + std::to_string(least));
    };
    at_least(steps, 1, "steps");
    at_least(batch_tokens, 1, "batch_tokens");
    at_least(warmup_steps, 0, "warmup_steps");
    require_option(learning_rate > 0 && final_fraction >= 0,
                   "train: learning_rate must be positive, final_fraction at least zero");
  }
};

struct training_result {
  std::vector<double> losses;  ///< of each step's batch before the step: mean NLL per loss token, in nats
  index_t tokens_seen = 0;     ///< input tokens over all steps, repetitions counted
};

/// Sequences in a new random order every epoch, cut into batches of neighbours. The last batch of an epoch
/// may be small.
class shuffled_batches {
 public:
  /// The data must outlive the object.
  shuffled_batches(std::span<const token_sequence> data, index_t batch_tokens, std::uint64_t seed)
      : data_(data), batch_tokens_(batch_tokens), seed_(seed), order_(data.size()) {}

  /// The members of the next batch, in packing order.
  [[nodiscard]] std::vector<const token_sequence*> next() {
    if (next_ == plan_.size()) start_epoch();
    const row_range part = plan_[next_++];
    std::vector<const token_sequence*> members;
    members.reserve(static_cast<std::size_t>(part.size()));
    for (index_t i = part.begin; i < part.end; ++i) members.push_back(&data_[order_[static_cast<std::size_t>(i)]]);
    return members;
  }

 private:
  void start_epoch() {
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    shuffle(order_, random_stream(seed_, "training epoch " + std::to_string(epoch_++)));
    std::vector<index_t> lengths;
    lengths.reserve(order_.size());
    for (const std::size_t i : order_) lengths.push_back(data_[i].size());
    plan_ = plan_batches(lengths, batch_tokens_);
    next_ = 0;
  }

  std::span<const token_sequence> data_;
  index_t batch_tokens_;
  std::uint64_t seed_;
  std::vector<std::size_t> order_;
  std::vector<row_range> plan_;
  std::size_t next_ = 0;
  index_t epoch_ = 0;
};

namespace detail {

/// Refuses before the first step what would fail in the middle of a run.
template <class Model>
void check_trainable(const Model& model, const token_sequence& sequence) {
  require_option(sequence.loss_tokens() > 0, "train: found a sequence of " + std::to_string(sequence.size()) +
                                                 " tokens without a loss token, expected at least one");
  if constexpr (requires { model.config().context; })  // the last token is only ever a target
    require_option(sequence.size() <= model.config().context + 1,
                   "train: found a sequence of " + std::to_string(sequence.size()) + " tokens, expected at most " +
                       std::to_string(model.config().context + 1));
}

}  // namespace detail

/// Minimises the mean NLL per loss token of `data` by AdamW, linear warm-up, cosine decay.
///
/// @param model  anything with loss(tape, batch, weights) and parameters(): a decoder, or a user's own model;
///               its parameters are changed, also when an exception ends the run early
/// Memory: 3 P scalars beside the model, activations of one batch. Cost: 6 P FLOP a token.
/// Determinism: run_to_run for the context's seed and thread count.
/// @throws option_error   an option out of range, no data, a sequence without loss tokens or too long
/// @throws numeric_error  the gradient is not finite
template <class B, class Model>
training_result train(context<B>& cx, Model& model, std::span<const token_sequence> data,
                      const training_options& options) {
  using T = typename Model::scalar;
  using sink_type = accumulate_sink<B, T>;
  options.check();
  require_option(!data.empty(), "train: found no sequences, expected at least one");
  for (const token_sequence& sequence : data) detail::check_trainable(model, sequence);

  const learning_rate_schedule schedule{.peak = options.learning_rate,
                                        .floor = options.learning_rate * options.final_fraction,
                                        .warmup_steps = options.warmup_steps,
                                        .steps = options.steps};
  shuffled_batches batches(data, options.batch_tokens, cx.seed());
  adamw_optimizer<B, T> optimizer(cx, model.parameters(), options.adamw);
  sink_type gradients(cx, model.parameters().infos());
  training_result result;
  for (index_t step = 1; step <= options.steps; ++step) {
    const packed_batch batch = pack(batches.next());
    const std::vector<T> weights(batch.targets.size(), static_cast<T>(1.0 / static_cast<double>(batch.targets.size())));
    gradients.clear();
    tape<B, T, sink_type> t(cx, gradients);
    const auto there = on_backend(cx, weights);
    const variable losses = model.loss(t, batch, there);
    const scratch_matrix<T, B::space> kept = t.take_value(losses);  // read at the end: nobody waits for a device here
    t.backward(losses);
    optimizer.step(gradients, learning_rate(schedule, step));
    const auto found = on_host(cx, kept.view());
    double loss = 0;
    for (index_t i = 0; i < found.rows(); ++i) loss += static_cast<double>(found(i, 0));

    result.losses.push_back(loss);
    result.tokens_seen += static_cast<index_t>(batch.inputs.size());
    options.on_progress("training", step, options.steps);
  }
  return result;
}

}  // namespace prismatic
