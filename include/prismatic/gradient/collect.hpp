/// From token sequences to rows: one forward and one backward sweep a packed batch, one row a sequence.
#pragma once

#include <prismatic/autodiff/tape.hpp>
#include <prismatic/backend/host.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/progress.hpp>
#include <prismatic/core/workspace.hpp>
#include <prismatic/gradient/sketch.hpp>
#include <prismatic/projection/projection.hpp>
#include <prismatic/transformer/batch.hpp>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace prismatic {

struct collect_options {
  index_t batch_tokens = 0;       ///< tokens packed into one sweep, or fewer: see sweep_tokens and plan_side_by_side
  std::vector<bool> wanted = {};  ///< a flag for each parameter (transformer/modules.hpp); empty takes all
  product_precision products = product_precision::full;  ///< of the sweeps; bf16 changes rows: docs/method.md
  progress on_progress = {};      ///< counts sequences
  progress on_smaller_sweeps = {};  ///< told once, where a device had no memory: `done` is the tokens a sweep takes now
};

namespace detail {
template <class T>
double squared_length(matrix_view<const T> rows, index_t i) {
  double sum = 0;
  for (index_t j = 0; j < rows.cols(); ++j) sum += static_cast<double>(rows(i, j)) * static_cast<double>(rows(i, j));
  return sum;
}
}  // namespace detail

/// Projected gradients of n samples.
template <class T>
struct gradient_rows {
  matrix<T> rows;                    ///< (n, d): R g / sqrt(d), not normalised
  std::vector<double> losses;        ///< mean NLL of each sample's loss tokens, in nats
  std::vector<index_t> loss_tokens;  ///< how many
  std::vector<index_t> bad;          ///< samples whose gradient is zero or not finite; their rows are zero

  /// |R g| / sqrt(d), an unbiased estimate (squared) of the gradient's own norm.
  [[nodiscard]] std::vector<double> norms() const {
    std::vector<double> out;
    for (index_t i = 0; i < rows.rows(); ++i) out.push_back(std::sqrt(detail::squared_length(rows.view(), i)));
    return out;
  }
};

/// How many tokens to pack into a sweep of all of the context's threads together: as many as asked for, or as the context
/// has memory for. 0 asks for `usual` a thread; for many on a device, whose signs serve 64 sequences for the price of 8.
template <class B, class Model>
index_t sweep_tokens(context<B>& cx, const Model& model, index_t wanted, index_t usual = tokens_a_thread) {
  if (wanted == 0) {
    wanted = B::space == memory::host ? 4096 : 32768;
    if constexpr (B::space == memory::host && requires { cx.team(); }) wanted = usual * cx.team().size();
  }
  if constexpr (requires { model.activation_bytes(wanted); })
    return std::clamp<index_t>(cx.activation_bytes() / model.activation_bytes(1), 1, wanted);
  else
    return wanted;
}

/// Batches of neighbours that the threads of a context sweep side by side, each on its own: they need not wait for one another
/// then, and what one has written is in its own cache. None where there are fewer of them than threads, or where the
/// activations of so many sweeps have no room.
template <class B, class Model>
std::vector<row_range> plan_side_by_side(context<B>& cx, const Model& model, std::span<const index_t> lengths, index_t wanted,
                                         index_t usual = tokens_a_thread) {
  const index_t threads = cx.team().size(), most = wanted == 0 ? usual : wanted;
  if (threads == 1 || lengths.empty()) return {};
  const index_t longest = std::ranges::max(lengths);
  if constexpr (requires { model.activation_bytes(most); })
    if (threads * model.activation_bytes(std::max(most, longest)) > cx.activation_bytes()) return {};
  const auto shares = [](index_t n, index_t parts) { return (n + parts - 1) / parts; };
  const index_t total = std::accumulate(lengths.begin(), lengths.end(), index_t{0});
  const index_t even = shares(total, threads * shares(total, threads * most));
  std::vector<row_range> parts = plan_batches(lengths, std::clamp(even + longest - 1, std::min(usual / 2, most), most));
  if (static_cast<index_t>(parts.size()) < threads) parts.clear();
  return parts;
}

/// One forward and one backward sweep over some sequences, packed in the order given; the sink hears the
/// gradient of each one's mean NLL. @return those mean NLLs, in nats
/// @param sink  a per-sequence sink after begin(members.size()), or one that adds up
/// @throws option_error  a sequence without loss tokens or longer than the model's context
template <class B, class Model, class Sink>
std::vector<double> sweep(context<B>& cx, const Model& model, std::span<const token_sequence* const> members,
                          Sink& sink) {
  using T = typename Model::scalar;
  const packed_batch batch = pack(members);
  const std::vector<T> weights = mean_nll_weights<T>(batch);
  tape<B, T, Sink> t(cx, sink);
  const auto there = on_backend(cx, weights);
  const variable losses = model.loss(t, batch, there);
  // Kept, and read when both ways are done: a device is not waited for in the middle.
  const scratch_matrix<T, B::space> kept = t.take_value(losses);
  t.backward(losses);
  const auto found = on_host(cx, kept.view());
  std::vector<double> out(members.size());
  for (index_t s = 0; s < batch.predictions->sequences(); ++s)
    for (index_t r = (*batch.predictions)[s].begin; r < (*batch.predictions)[s].end; ++r)
      out[static_cast<std::size_t>(s)] += static_cast<double>(found(r, 0));
  return out;
}

namespace detail {

/// The rows of some sequences on their way. Sequences of like length share a sweep.
template <class B, class Model, class Projection>
class row_collector {
 public:
  using T = typename Model::scalar;

  row_collector(const Model& model, std::span<const token_sequence> sequences, const Projection& projection,
                const collect_options& options)
      : model_(model),
        sequences_(sequences),
        projection_(projection),
        options_(options),
        order_(sequences.size()),
        bad_(sequences.size()),
        found_{matrix<T>(static_cast<index_t>(sequences.size()), projection.width()),
               std::vector<double>(sequences.size()), std::vector<index_t>(sequences.size()), {}} {
    std::iota(order_.begin(), order_.end(), index_t{0});
    std::ranges::stable_sort(order_, {}, [&](index_t i) { return sequences[static_cast<std::size_t>(i)].size(); });
    for (const index_t i : order_) lengths_.push_back(sequences[static_cast<std::size_t>(i)].size());
  }

  [[nodiscard]] std::span<const index_t> lengths() const { return lengths_; }

  /// Every thread of the context takes one part after the other.
  void side_by_side(context<B>& cx, std::vector<row_range> parts) {
    most_first(parts);
    std::vector<context<B>*> contexts;
    std::vector<sink_type> sinks;
    for (int worker = 0; worker < cx.team().size(); ++worker) {
      contexts.push_back(&cx.alone(worker));
      sinks.push_back(sink_on(*contexts.back()));
    }
    std::atomic<index_t> done{0};
    std::atomic<bool> stopped{false};
    cx.team().for_each(static_cast<index_t>(parts.size()), [&](index_t p, int worker) {
      if (stopped) return;
      const row_range part = parts[static_cast<std::size_t>(p)];
      try {
        collect(*contexts[static_cast<std::size_t>(worker)], sinks[static_cast<std::size_t>(worker)], part);
        done += part.size();
        if (worker == 0) report(done);  // the caller
      } catch (...) {
        stopped = true;
        throw;
      }
    });
    report(done);
  }

  /// All threads of the context work on every part. One that a device has no memory for is halved, and so are those after it.
  void in_turn(context<B>& cx, std::vector<row_range> parts) {
    most_first(parts);
    sink_type sink = sink_on(cx);
    bool is_smaller = false;
    index_t done = 0;
    for (std::size_t p = 0; p < parts.size(); ++p) {
      const row_range part = parts[p];
      try {
        collect(cx, sink, part);
      } catch (const memory_error&) {
        if (is_smaller || part.size() == 1) throw;
        is_smaller = true;
        if constexpr (B::space != memory::host) cx.recover();
        const index_t tokens = tokens_of(part) / 2;
        options_.on_smaller_sweeps("smaller sweeps", tokens, 0);
        const std::vector<row_range> rest(parts.begin() + static_cast<std::ptrdiff_t>(p), parts.end());
        parts.resize(p);
        for (const row_range whole : rest)
          for (const row_range next : plan_batches(lengths_of(whole), tokens))
            parts.push_back({whole.begin + next.begin, whole.begin + next.end});
        --p;  // the first of the smaller ones is next
        continue;
      }
      report(done += part.size());
    }
  }

  [[nodiscard]] gradient_rows<T> finish() {
    for (std::size_t i = 0; i < bad_.size(); ++i)
      if (bad_[i] != 0) found_.bad.push_back(static_cast<index_t>(i));
    return std::move(found_);
  }

 private:
  using sink_type = sketch_sink<B, T, Projection>;

  [[nodiscard]] sink_type sink_on(context<B>& cx) const {
    sink_type sink(cx, model_.parameters().infos(), projection_);
    if (!options_.wanted.empty()) sink.restrict_to(options_.wanted);
    return sink;
  }

  [[nodiscard]] std::span<const index_t> lengths_of(row_range part) const {
    return lengths().subspan(static_cast<std::size_t>(part.begin), static_cast<std::size_t>(part.size()));
  }
  [[nodiscard]] index_t tokens_of(row_range part) const {
    const auto of = lengths_of(part);
    return std::accumulate(of.begin(), of.end(), index_t{0});
  }

  // What the first sweep gives back to the pool serves all others then, and one that has no room comes before the rest. A
  // sequence's last token is only a target.
  void most_first(std::vector<row_range>& parts) const {
    std::ranges::stable_sort(parts, {}, [this](row_range part) { return part.size() - tokens_of(part); });
  }

  void report(index_t done) const { options_.on_progress("gradients", done, static_cast<index_t>(sequences_.size())); }

  // One sweep.
  void collect(context<B>& cx, sink_type& sink, row_range part) {
    std::vector<const token_sequence*> members;
    for (index_t i = part.begin; i < part.end; ++i)
      members.push_back(&sequences_[static_cast<std::size_t>(order_[static_cast<std::size_t>(i)])]);
    sink.begin(part.size());
    const std::vector<double> losses = sweep(cx, model_, std::span<const token_sequence* const>(members), sink);
    const matrix<T, B::space> image = sink.finish();
    const auto host = on_host(cx, image.view());
    const matrix_view<const T> rows = host;
    for (index_t s = 0; s < part.size(); ++s) {
      const auto place = static_cast<std::size_t>(s);
      const index_t row = order_[static_cast<std::size_t>(part.begin + s)];
      const auto sample = static_cast<std::size_t>(row);
      found_.losses[sample] = losses[place];
      found_.loss_tokens[sample] = members[place]->loss_tokens();
      const double squares = squared_length(rows, s);
      if (squares > 0 && std::isfinite(squares))
        std::copy_n(rows.row(s), rows.cols(), found_.rows.view().row(row));
      else
        bad_[sample] = 1;
    }
  }

  const Model& model_;
  std::span<const token_sequence> sequences_;
  const Projection& projection_;
  const collect_options& options_;
  std::vector<index_t> order_, lengths_;
  std::vector<char> bad_;  // not bits: threads write to neighbours
  gradient_rows<T> found_;
};

}  // namespace detail

/// z(s) = R grad(mean NLL of s) / sqrt(d) for every sequence  [Jung et al. 2025, arXiv:2505.20161, section 3].
///
/// @param model  anything with loss(tape, batch, weights) and parameters(): a decoder, or a user's own model. Threads use
///               it, and the projection, at the same time
/// On a CPU sweeps go side by side, one a thread, where the context has memory for the activations of so many
/// (plan_side_by_side). Cost: 6 P T FLOP a sequence for the sweeps, d P additions for a
/// dense projection. Determinism: rows agree for any batch_tokens and thread count up to rounding.
/// A sweep that a device has no memory for is tried again with half as many tokens, once, and so are all after it.
/// @throws option_error  a sequence without loss tokens or longer than the model's context, or products that B has not;
///                       memory_error
template <class B, class Model, class Projection>
auto collect_rows(context<B>& cx, const Model& model, std::span<const token_sequence> sequences,
                  const Projection& projection, collect_options options = {}) {
  const products_at<B> precision(cx, options.products);
  detail::row_collector<B, Model, Projection> collector(model, sequences, projection, options);
  const index_t usual = usual_tokens(projection);
  if constexpr (requires { cx.alone(0); })
    if (const auto parts = plan_side_by_side(cx, model, collector.lengths(), options.batch_tokens, usual); !parts.empty()) {
      collector.side_by_side(cx, parts);
      return collector.finish();
    }
  collector.in_turn(cx, plan_batches(collector.lengths(), sweep_tokens(cx, model, options.batch_tokens, usual)));
  return collector.finish();
}

}  // namespace prismatic
