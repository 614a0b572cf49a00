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
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace prismatic {

struct collect_options {
  index_t batch_tokens = 0;       ///< tokens packed into one sweep, or fewer: see sweep_tokens. Never changes a row
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

/// How many tokens to pack into one sweep: as many as asked for, or as the context has memory for. 0 asks for 512 a
/// thread and 1024 at least: enough rows for the products, and what an operation wrote is still in a cache when the
/// next one reads it.
template <class B, class Model>
index_t sweep_tokens(context<B>& cx, const Model& model, index_t wanted) {
  if (wanted == 0) {
    wanted = 4096;
    if constexpr (requires { cx.team(); }) wanted = std::max<index_t>(1024, 512 * cx.team().size());
  }
  if constexpr (requires { model.activation_bytes(wanted); })
    return std::clamp<index_t>(cx.activation_bytes() / model.activation_bytes(1), 1, wanted);
  else
    return wanted;
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

/// z(s) = R grad(mean NLL of s) / sqrt(d) for every sequence  [Jung et al. 2025, arXiv:2505.20161, section 3].
///
/// @param model  anything with loss(tape, batch, weights) and parameters(): a decoder, or a user's own model
/// Sequences of like length share a batch. Cost: 6 P T FLOP a sequence for the sweeps, d P additions for a
/// dense projection. Determinism: rows agree for any batch_tokens and thread count up to rounding.
/// A sweep that a device has no memory for is tried again with half as many tokens, once, and so are all after it.
/// @throws option_error  a sequence without loss tokens or longer than the model's context, or products that B has not;
///                       memory_error
template <class B, class Model, class Projection>
auto collect_rows(context<B>& cx, const Model& model, std::span<const token_sequence> sequences,
                  const Projection& projection, collect_options options = {}) {
  using T = typename Model::scalar;
  const index_t n = static_cast<index_t>(sequences.size());
  gradient_rows<T> out{matrix<T>(n, projection.width()), std::vector<double>(sequences.size()),
                       std::vector<index_t>(sequences.size()), {}};

  std::vector<index_t> order(sequences.size()), lengths;
  std::iota(order.begin(), order.end(), index_t{0});
  std::ranges::stable_sort(order, {}, [&](index_t i) { return sequences[static_cast<std::size_t>(i)].size(); });
  lengths.reserve(order.size());
  for (const index_t i : order) lengths.push_back(sequences[static_cast<std::size_t>(i)].size());

  using sink_type = sketch_sink<B, T, Projection>;
  sink_type sink(cx, model.parameters().infos(), projection);
  if (!options.wanted.empty()) sink.restrict_to(options.wanted);
  const products_at<B> precision(cx, options.products);
  const auto collect = [&](row_range part) {
    std::vector<const token_sequence*> members;
    for (index_t i = part.begin; i < part.end; ++i)
      members.push_back(&sequences[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])]);
    sink.begin(part.size());
    const std::vector<double> losses = sweep(cx, model, std::span<const token_sequence* const>(members), sink);
    const matrix<T, B::space> image = sink.finish();
    const auto host = on_host(cx, image.view());
    const matrix_view<const T> rows = host;
    for (index_t s = 0; s < part.size(); ++s) {
      const auto place = static_cast<std::size_t>(s);
      const index_t sample = order[static_cast<std::size_t>(part.begin + s)];
      out.losses[static_cast<std::size_t>(sample)] = losses[place];
      out.loss_tokens[static_cast<std::size_t>(sample)] = members[place]->loss_tokens();
      const double squares = detail::squared_length(rows, s);
      if (squares > 0 && std::isfinite(squares))
        std::copy_n(rows.row(s), rows.cols(), out.rows.view().row(sample));
      else
        out.bad.push_back(sample);
    }
  };
  std::vector<row_range> parts = plan_batches(lengths, sweep_tokens(cx, model, options.batch_tokens));
  bool is_smaller = false;
  for (std::size_t p = 0; p < parts.size(); ++p) {
    const row_range part = parts[p];
    try {
      collect(part);
    } catch (const memory_error&) {
      if (is_smaller || part.size() == 1) throw;
      is_smaller = true;
      if constexpr (B::space != memory::host) cx.recover();
      const auto rest = std::span(lengths).subspan(static_cast<std::size_t>(part.begin));
      const auto here = rest.first(static_cast<std::size_t>(part.size()));
      const index_t tokens = std::accumulate(here.begin(), here.end(), index_t{0}) / 2;
      options.on_smaller_sweeps("smaller sweeps", tokens, 0);
      parts.resize(p);
      for (const row_range next : plan_batches(rest, tokens)) parts.push_back({part.begin + next.begin, part.begin + next.end});
      --p;  // the first of the smaller ones is next
      continue;
    }
    options.on_progress("gradients", part.end, n);
  }
  std::ranges::sort(out.bad);
  return out;
}

}  // namespace prismatic
