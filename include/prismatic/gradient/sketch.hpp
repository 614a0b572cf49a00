/// The sink that projects: one row of R^d per sequence, streaming. No gradient is ever whole: at most one
/// tile of one parameter is alive.
#pragma once

#include <prismatic/autodiff/parameter.hpp>
#include <prismatic/autodiff/sink.hpp>
#include <prismatic/backend/backend.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/workspace.hpp>
#include <prismatic/projection/projection.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

namespace prismatic {

/// z_s = scale * sum over parameters of R_p vec(g_s,p), for every sequence s of a batch. Each row equals
/// the projection of the materialised gradient, whatever the batch, the packing or the thread count.
///
/// Scratch: one tile of at most max(16 MiB, one row of every sequence's gradient), on a device a 32nd of what activations may take
/// (64 MiB to 1 GiB, or 128 rows), and the sketches of the batch's distinct (sequence, token) pairs; nothing grows with P.
template <class B, real T, projection<B, T> Projection>
class sketch_sink {
 public:
  /// The referenced infos and projection must outlive the sink.
  sketch_sink(context<B>& cx, std::span<const parameter_info> infos, const Projection& projection)
      : context_(cx), infos_(infos), projection_(projection), wanted_(infos.size(), true) {}

  /// Asks for some parameters only: `wanted[p]` for parameter p. @throws shape_error
  void restrict_to(std::vector<bool> wanted) {
    require_equal(static_cast<index_t>(wanted.size()), static_cast<index_t>(infos_.size()), "sketch: wanted flags");
    wanted_ = std::move(wanted);
  }

  /// Starts a batch: rows of zeros.
  void begin(index_t sequences) { rows_ = matrix<T, B::space>(sequences, projection_.width()); }

  [[nodiscard]] bool wants(parameter_id p) const { return wanted_[static_cast<std::size_t>(p.index)]; }

  void outer(parameter_id p, matrix_view<const T, B::space> dy, matrix_view<const T, B::space> x, const layout& seq) {
    const parameter_info& info = at(p);
    if constexpr (factor_projection<Projection, B, T>)
      if (projection_.takes_factors())
        return projection_.accumulate_outer(context_, {info.name, 0, info.rows, info.cols}, dy, x, seq, rows_.view());
    const index_t row_bytes = std::max<index_t>(1, seq.sequences() * info.cols * index_t{sizeof(T)});
    const index_t height = std::clamp<index_t>(tile_height(row_bytes), 1, info.rows);
    const scratch_matrix<T, B::space> tile(context_.scratch(), seq.sequences(), height * info.cols);
    for (index_t first = 0; first < info.rows; first += height) {
      const index_t count = std::min(height, info.rows - first);
      const auto g = tile.view().middle_cols(0, count * info.cols);
      B::segment_outer(context_, dy.middle_cols(first, count), x, seq, g);
      project({info.name, first, count, info.cols}, g, rows_.view());
    }
  }

  void rows(parameter_id p, std::span<const token_id> ids, matrix_view<const T, B::space> dy, const layout& seq) {
    const parameter_info& info = at(p);
    if constexpr (factor_projection<Projection, B, T>)
      if (projection_.takes_factors())
        return projection_.accumulate_rows(context_, {info.name, 0, info.rows, info.cols}, ids, dy, seq, rows_.view());
    // The tokens ordered by (id, sequence): equal pairs are neighbours and add up to one gradient row.
    struct occurrence {
      token_id id;
      token_id sequence;
      token_id token;
    };
    std::vector<occurrence> tokens;
    tokens.reserve(ids.size());
    for (index_t s = 0; s < seq.sequences(); ++s)
      for (index_t t = seq[s].begin; t < seq[s].end; ++t)
        tokens.push_back({ids[static_cast<std::size_t>(t)], static_cast<token_id>(s), static_cast<token_id>(t)});
    std::ranges::sort(tokens, [](const occurrence& a, const occurrence& b) {
      return std::tie(a.id, a.sequence, a.token) < std::tie(b.id, b.sequence, b.token);
    });

    std::vector<token_id> order, owner, id;  // token of each sorted row; sequence and id of each pair
    layout pairs;
    for (std::size_t i = 0; i < tokens.size();) {
      std::size_t j = i;
      for (; j < tokens.size() && tokens[j].id == tokens[i].id && tokens[j].sequence == tokens[i].sequence; ++j)
        order.push_back(tokens[j].token);
      owner.push_back(tokens[i].sequence);
      id.push_back(tokens[i].id);
      pairs.append(static_cast<index_t>(j - i));
      i = j;
    }

    const scratch_matrix<T, B::space> sorted(context_.scratch(), dy.rows(), info.cols);
    const scratch_matrix<T, B::space> sums(context_.scratch(), pairs.sequences(), info.cols);
    const scratch_matrix<T, B::space> images(context_.scratch(), pairs.sequences(), projection_.width());
    B::gather_rows(context_, dy, order, sorted.view());
    B::fill(context_, T{0}, sums.view());
    B::segment_sum(context_, sorted, pairs, sums.view());
    B::fill(context_, T{0}, images.view());
    if constexpr (row_projection<Projection, B, T>)
      projection_.accumulate_each(context_, info.name, id, sums.view(), images.view());
    else
      for (std::size_t begin = 0, end = 0; begin < id.size(); begin = end) {  // pairs of one id share a row of R
        while (end < id.size() && id[end] == id[begin]) ++end;
        const auto first = static_cast<index_t>(begin), count = static_cast<index_t>(end - begin);
        project({info.name, id[begin], 1, info.cols}, sums.view().middle_rows(first, count),
                images.view().middle_rows(first, count));
      }
    B::scatter_rows(context_, images, owner, rows_.view());
  }

  void dense(parameter_id p, matrix_view<const T, B::space> g) {
    project({at(p).name, 0, 1, at(p).cols}, g, rows_.view());
  }

  /// The batch's rows (S, d), scaled. The sink is ready for the next begin().
  [[nodiscard]] matrix<T, B::space> finish() {
    const scratch_matrix<T, B::space> factors(context_.scratch(), 1, rows_.rows());
    B::fill(context_, static_cast<T>(projection_.scale()), factors.view());
    B::scale_rows(context_, factors.flat(), rows_.view());
    return std::move(rows_);
  }

 private:
  // Rows of a parameter in a tile. On the host it stays near the processor, but every tile reads all activations again, so
  // it has some rows at least; a device wants long calls, in multiples of what its kernels cut rows into.
  [[nodiscard]] index_t tile_height(index_t row_bytes) const {
    constexpr index_t mebibyte = index_t{1} << 20, some_rows = 128;
    if constexpr (B::space == memory::host)
      return std::max(4 * mebibyte / row_bytes, std::min(some_rows, 16 * mebibyte / row_bytes));
    const index_t bytes = std::clamp(context_.activation_bytes() / 32, 64 * mebibyte, 1024 * mebibyte);
    return std::max(some_rows, bytes / row_bytes / some_rows * some_rows);
  }

  [[nodiscard]] const parameter_info& at(parameter_id p) const { return infos_[static_cast<std::size_t>(p.index)]; }

  void project(const tensor_block& block, matrix_view<const T, B::space> g, matrix_view<T, B::space> z) {
    projection_.accumulate(context_, block, g, z);
  }

  context<B>& context_;
  std::span<const parameter_info> infos_;
  const Projection& projection_;
  std::vector<bool> wanted_;
  matrix<T, B::space> rows_;
};

}  // namespace prismatic
