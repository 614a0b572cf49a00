/// Text out of a decoder: prompts continued token by token over a cache of keys and values.
#pragma once

#include <prismatic/autodiff/tape.hpp>
#include <prismatic/backend/host.hpp>
#include <prismatic/core/checked.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/layout.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/philox.hpp>
#include <prismatic/core/progress.hpp>
#include <prismatic/transformer/decoder.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace prismatic {

struct sampling_options {
  index_t max_tokens = 256;                ///< a continuation is no longer; nor are prompt and continuation than the context
  double temperature = 1;                  ///< divides the logits; 0 always takes the likeliest token
  index_t top_k = 0;                       ///< only the k likeliest tokens; 0: all
  double top_p = 1;                        ///< of those, the fewest whose probability reaches p
  std::vector<token_id> stop_tokens = {};  ///< any of them ends a continuation and is left out of it
  std::uint64_t seed = 0;                  ///< of the random draws
  std::string purpose = "continuation";    ///< names the random streams: different uses draw different numbers
  std::vector<index_t> streams = {};       ///< number of each prompt's random stream; empty: 0, 1, 2, ...
  index_t cache_bytes = index_t{1} << 30;  ///< most memory for keys and values, if one sequence fits: how many go on at once
  index_t pass_tokens = 2048;              ///< most tokens of prompts read in one pass, a longer prompt alone
  progress on_progress = {};               ///< counts prompts that are done, reported at every pass

  /// @throws option_error
  void check() const {
    require_option(max_tokens >= 0 && top_k >= 0, "sampling: max_tokens and top_k must be at least zero");
    require_option(cache_bytes >= 0 && pass_tokens >= 0, "sampling: cache_bytes and pass_tokens must be at least zero");
    require_option(temperature >= 0 && std::isfinite(temperature),
                   "sampling: temperature: found " + std::to_string(temperature) + ", expected zero or more");
    require_option(top_p > 0 && top_p <= 1,
                   "sampling: top_p: found " + std::to_string(top_p) + ", expected a number in (0, 1]");
  }
};

namespace detail {

struct weighted_token {
  token_id token;
  double weight;
  // The likelier one, of equals the one with the smaller id.
  static bool likelier(const weighted_token& a, const weighted_token& b) {
    return a.weight != b.weight ? a.weight > b.weight : a.token < b.token;
  }
};

inline double total_weight(std::span<const weighted_token> tokens) {
  double sum = 0;
  for (const weighted_token& t : tokens) sum += t.weight;
  return sum;
}

// How many of the likeliest tokens it takes until their weight is `enough`, or exceeds it: they are moved to the front, the
// last of them to the end of those. As many as there are when all are too few. Halves the doubtful ones again and
// again: V comparisons and additions, not V log V.
template <class Reaches>
std::size_t likeliest(std::span<weighted_token> tokens, Reaches&& reaches) {
  std::size_t begin = 0, end = tokens.size();  // the last one is in between
  double before = 0;
  while (end - begin > 1) {
    const auto from = tokens.begin() + static_cast<std::ptrdiff_t>(begin), to = tokens.begin() + static_cast<std::ptrdiff_t>(end);
    const auto middle = from + (to - from) / 2;
    std::nth_element(from, middle, to, weighted_token::likelier);
    const double upper = before + total_weight({from, middle});
    if (reaches(upper)) {
      end = begin + static_cast<std::size_t>(middle - from);
    } else {
      before = upper;
      begin += static_cast<std::size_t>(middle - from);
    }
  }
  return end;
}

}  // namespace detail

/// One token drawn from softmax(logits / temperature) cut to the top k and then to the top p. What a cut leaves
/// is in the order of probability, equals by id, the smaller first; all tokens together in that of their ids.
///
/// @param uniform  in [0, 1): the draw
/// Cost: V exponentials, and some V comparisons for the draw and for each cut.
/// @throws numeric_error  a logit is NaN or +infinite, or all are -infinite
template <real T>
token_id sample_token(std::span<const T> logits, const sampling_options& options, double uniform) {
  require_option(!logits.empty(), "sampling: found no logits, expected at least one");
  std::size_t top = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (std::isnan(logits[i])) throw numeric_error("sampling: the logit of token " + std::to_string(i) + " is NaN");
    if (logits[i] > logits[top]) top = i;
  }
  if (!std::isfinite(logits[top])) throw numeric_error("sampling: found no finite largest logit");
  if (options.temperature == 0 || options.top_k == 1) return static_cast<token_id>(top);

  std::vector<detail::weighted_token> tokens(logits.size());
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const double below = static_cast<double>(logits[i]) - static_cast<double>(logits[top]);
    tokens[i] = {static_cast<token_id>(i), std::exp(below / options.temperature)};
  }
  std::span<detail::weighted_token> left = tokens;
  if (const auto k = static_cast<std::size_t>(options.top_k); k > 0 && k < left.size()) {
    std::nth_element(left.begin(), left.begin() + options.top_k, left.end(), detail::weighted_token::likelier);
    left = left.first(k);
  }
  if (options.top_p < 1) {
    const double enough = options.top_p * detail::total_weight(left);
    left = left.first(detail::likeliest(left, [=](double weight) { return weight >= enough; }));
  }
  const double drawn = uniform * detail::total_weight(left);
  if (left.size() == tokens.size()) {  // nothing cut, nothing to put in order
    double passed = 0;
    for (const detail::weighted_token& t : left)
      if ((passed += t.weight) > drawn) return t.token;
  }
  return left[detail::likeliest(left, [=](double weight) { return weight > drawn; }) - 1].token;
}

/// Keys and values of every block for sequences that grow, each in a slot of its own: 2 layers slots capacity
/// kv_width scalars.
template <class B, real T>
class key_value_cache {
 public:
  /// @param capacity  most tokens of a sequence
  key_value_cache(const decoder_config& config, index_t slots, index_t capacity)
      : capacity_(capacity), used_(static_cast<std::size_t>(slots)) {
    const index_t rows = checked_mul(slots, capacity, "cache rows");
    for (index_t i = 0; i < config.layers; ++i)
      blocks_.push_back({matrix<T, B::space>(rows, config.kv_heads * config.head_dim),
                         matrix<T, B::space>(rows, config.kv_heads * config.head_dim)});
  }

  [[nodiscard]] static index_t bytes_per_token(const decoder_config& config) {
    return checked_mul(checked_mul(2 * config.layers, config.kv_heads * config.head_dim, "cache"), sizeof(T), "cache");
  }

  [[nodiscard]] index_t length(index_t s) const { return used_[static_cast<std::size_t>(s)]; }

  /// Makes room for `count` more tokens of sequence s, the next to be attended to. Precondition: within capacity.
  void grow(index_t s, index_t count) {
    const index_t begin = s * capacity_, length = used_[static_cast<std::size_t>(s)] += count;
    for (index_t t = length - count; t < length; ++t) new_rows_.push_back(narrow<token_id>(begin + t));
    keys_.push_back({begin, begin + length});
  }

  /// Empties slot s for another sequence.
  void release(context<B>& cx, index_t s) {
    const index_t used = std::exchange(used_[static_cast<std::size_t>(s)], 0);
    for (block& cached : blocks_)
      for (matrix<T, B::space>* m : {&cached.keys, &cached.values})
        B::fill(cx, T{0}, m->view().middle_rows(s * capacity_, used));
  }

  /// Block `layer`'s attention of the sequences grown since the last clear_step(), in that order, over all
  /// their tokens so far.
  template <class Tape>
  variable attend(Tape& t, index_t layer, variable q, variable k, variable v, const attention_shape& shape) {
    block& cached = blocks_[static_cast<std::size_t>(layer)];
    // Each row is written once since it was zero: adding is storing.
    B::scatter_rows(t.cx(), t.value(k), new_rows_, cached.keys.view());
    B::scatter_rows(t.cx(), t.value(v), new_rows_, cached.values.view());
    const variable o = t.result(t.value(q).cols(), {q});
    const auto log_sums = t.scratch(t.value(q).rows(), shape.heads);
    B::attention(t.cx(), shape, t.value(q), cached.keys, cached.values, t.sequences(q).ranges(), keys_, t.fill(o),
                 log_sums.view());
    return o;
  }

  void clear_step() {
    new_rows_.clear();
    keys_.clear();
  }

 private:
  struct block {
    matrix<T, B::space> keys, values;
  };
  index_t capacity_;
  std::vector<index_t> used_;  // of each slot
  std::vector<block> blocks_;
  std::vector<token_id> new_rows_;  // where this step's tokens go
  std::vector<row_range> keys_;     // of this step's sequences
};

namespace detail {

/// The sequences being continued and one forward step over those that were fed.
template <class B, real T>
class continuation {
 public:
  continuation(context<B>& cx, const decoder<B, T>& model, index_t slots, index_t capacity)
      : context_(cx), model_(model), cache_(model.config(), slots, capacity) {}

  /// Queues tokens of the sequence in slot s for the next step.
  void feed(index_t s, std::span<const token_id> tokens) {
    for (index_t t = 0; t < static_cast<index_t>(tokens.size()); ++t)
      positions_->push_back(narrow<std::int32_t>(cache_.length(s) + t));
    tokens_.insert(tokens_.end(), tokens.begin(), tokens.end());
    fed_->append(static_cast<index_t>(tokens.size()));
    last_rows_->push_back(narrow<token_id>(fed_->rows() - 1));
    cache_.grow(s, static_cast<index_t>(tokens.size()));
  }

  /// Ends the sequence in slot s.
  void release(index_t s) { cache_.release(context_, s); }

  /// Calls `visit(row, logits)` with the next-token logits of each sequence fed, in that order, from the threads of
  /// the context's team.
  template <class Visit>
  void step(Visit&& visit) {
    const std::vector<token_id> tokens = std::exchange(tokens_, {});
    const auto fed = std::exchange(fed_, std::make_shared<layout>());
    const auto positions = std::exchange(positions_, std::make_shared<std::vector<std::int32_t>>());
    const auto last_rows = std::exchange(last_rows_, std::make_shared<std::vector<token_id>>());
    const std::vector<index_t> ones(last_rows->size(), 1);

    // Units read weights of bfloat16 at the speed of memory, however few the rows; floats they do not.
    std::optional<without_matrix_units<B>> vectors;
    if (!model_.parameters().any_rounded()) vectors.emplace(context_);
    no_sink sink;
    tape<B, T, no_sink> t(context_, sink);
    const variable hidden = model_.hidden(t, tokens, fed, positions, [&](auto& tape, index_t i, variable q, variable k, variable v) {
      return cache_.attend(tape, i, q, k, v, model_.attention_sizes());
    });
    cache_.clear_step();
    const variable last = select_rows(t, hidden, last_rows, std::make_shared<layout>(std::span<const index_t>(ones)));
    t.keep_only(last);
    const auto host = on_host(context_, t.value(model_.logits(t, last)));
    const matrix_view<const T> logits = host;
    context_.team().for_each(logits.rows(), [&](index_t row, int) {
      visit(row, std::span<const T>(logits.row(row), static_cast<std::size_t>(logits.cols())));
    });
  }

 private:
  context<B>& context_;
  const decoder<B, T>& model_;
  key_value_cache<B, T> cache_;
  std::vector<token_id> tokens_;
  std::shared_ptr<layout> fed_ = std::make_shared<layout>();
  std::shared_ptr<std::vector<std::int32_t>> positions_ = std::make_shared<std::vector<std::int32_t>>();
  std::shared_ptr<std::vector<token_id>> last_rows_ = std::make_shared<std::vector<token_id>>();
};

}  // namespace detail

/// Continues every prompt. A step gives each live sequence one more token; one that ends makes room for the next
/// prompt, which is read in the same step that continues the others. As many are live as `cache_bytes` holds.
///
/// @return  the new tokens of each prompt
/// Memory: 2 layers kv_width scalars per token of the live sequences, as long as the longest may become. Cost: 2 P
/// FLOP a token.
/// Determinism: draw i of a prompt is a function of (seed, purpose, the prompt's stream, i): a continuation does not depend
/// on the other prompts beyond the rounding of its logits; greedy ones draw nothing.
/// @throws option_error   an option out of range, a prompt that is empty or longer than the context
/// @throws numeric_error  the model's logits are not finite
template <class B, real T>
std::vector<std::vector<token_id>> generate(context<B>& cx, const decoder<B, T>& model,
                                            std::span<const std::vector<token_id>> prompts,
                                            const sampling_options& options) {
  options.check();
  require_option(options.streams.empty() || options.streams.size() == prompts.size(),
                 "generate: found " + std::to_string(options.streams.size()) + " streams, expected one for each of " +
                     std::to_string(prompts.size()) + " prompts");
  std::vector<std::size_t> waiting;  // the next one last
  std::vector<index_t> room;         // most tokens of the continuation
  index_t capacity = 0;
  for (std::size_t p = prompts.size(); p-- > 0;) {
    const auto length = static_cast<index_t>(prompts[p].size()), context = model.config().context;
    require_option(length > 0 && length <= context, "generate: found a prompt of " + std::to_string(length) +
                                                        " tokens, expected 1 to " + std::to_string(context));
    room.push_back(std::min(options.max_tokens, context - length));
    if (room.back() == 0) continue;
    waiting.push_back(p);
    capacity = std::max(capacity, length + room.back());
  }
  std::ranges::reverse(room);
  std::vector<std::vector<token_id>> out(prompts.size());
  if (waiting.empty()) return out;

  struct sequence {
    std::size_t prompt;
    index_t slot;
  };
  const index_t bytes = checked_mul(capacity, key_value_cache<B, T>::bytes_per_token(model.config()), "cache");
  const index_t slots = std::clamp<index_t>(options.cache_bytes / bytes, 1, static_cast<index_t>(waiting.size()));
  detail::continuation<B, T> batch(cx, model, slots, capacity);
  std::vector<index_t> free_slots;
  for (index_t s = slots; s-- > 0;) free_slots.push_back(s);
  std::vector<sequence> live;
  while (!live.empty() || !waiting.empty()) {
    for (const sequence& s : live) batch.feed(s.slot, std::span(&out[s.prompt].back(), 1));
    for (index_t read = 0; !waiting.empty() && !free_slots.empty();) {
      const auto length = static_cast<index_t>(prompts[waiting.back()].size());
      if (read > 0 && read + length > options.pass_tokens) break;
      read += length;
      live.push_back({waiting.back(), free_slots.back()});
      batch.feed(live.back().slot, prompts[live.back().prompt]);
      waiting.pop_back();
      free_slots.pop_back();
    }
    std::vector<char> goes_on(live.size());
    batch.step([&](index_t row, std::span<const T> logits) {
      const std::size_t p = live[static_cast<std::size_t>(row)].prompt;
      const index_t number = options.streams.empty() ? static_cast<index_t>(p) : options.streams[p];
      const random_stream random(options.seed, options.purpose + " " + std::to_string(number));
      const token_id token = sample_token(logits, options, random.uniform(out[p].size()));
      if (std::ranges::find(options.stop_tokens, token) != options.stop_tokens.end()) return;
      out[p].push_back(token);
      goes_on[static_cast<std::size_t>(row)] = static_cast<index_t>(out[p].size()) < room[p];
    });
    std::vector<sequence> still_live;
    for (std::size_t i = 0; i < live.size(); ++i) {
      if (goes_on[i] != 0) {
        still_live.push_back(live[i]);
        continue;
      }
      batch.release(live[i].slot);
      free_slots.push_back(live[i].slot);
    }
    live = std::move(still_live);
    options.on_progress("sampling", static_cast<index_t>(prompts.size() - waiting.size() - live.size()),
                        static_cast<index_t>(prompts.size()));
  }
  return out;
}

}  // namespace prismatic
