/// Causal grouped-query attention over ragged sequences on the CPU, and its adjoint.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/cpu/context.hpp>
#include <prismatic/backend/cpu/lanes.hpp>
#include <prismatic/backend/cpu/multiply.hpp>
#include <prismatic/backend/cpu/vectorised.hpp>
#include <prismatic/core/workspace.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>

namespace prismatic {

/// Queries are taken a block at a time, with all keys up to the block's last visible one: scratch grows
/// with block x keys, not with keys^2, and the products are large enough for the dense kernels.
template <class Kernels>
struct cpu_attention {
  using cpu = context<cpu_backend<Kernels>>;

  /// For each sequence and head: O = softmax(scale Q K' + causal mask) V, L = log-sum-exp of the scaled scores.
  ///
  /// Q, O (Tq, heads head_dim), K, V (Tk, kv_heads head_dim), L (Tq, heads). The nq queries of a sequence are
  /// the last of its nk >= nq keys: query i sees the keys [0, nk - nq + i]. Query head h reads key-value
  /// head h / (heads / kv_heads).
  /// Cost: about 2 nq nk head_dim FLOP a head for nq = nk; scratch of 64 x longest nk a thread.
  /// Determinism: bitwise in threads, and a sequence's result does not depend on its neighbours.
  template <real T>
  static void attention(cpu& cx, const attention_shape& shape, input_matrix<T> q, input_matrix<T> k,
                        input_matrix<T> v, std::span<const row_range> queries, std::span<const row_range> keys,
                        matrix_view<T> o, matrix_view<T> l) {
    const index_t blocks = (longest(queries) + block - 1) / block, width = longest(keys), heads = shape.heads;
    const scratch_matrix<T, memory::host> scores(cx.scratch(), cx.team().size() * block, width);
    const auto sequences = static_cast<index_t>(queries.size());
    cx.team().for_each(sequences * heads * blocks, [&](index_t task, int worker) {
      const auto s = static_cast<std::size_t>(task / blocks / heads);
      const index_t h = task / blocks % heads, first = task % blocks * block;
      if (first >= queries[s].size()) return;
      const piece at = piece_of(queries[s], keys[s], first);
      const matrix_view<T> p(scores.view().row(worker * block), at.queries.size(), at.keys.size(), width);
      const auto out = head(o, at.queries, shape, h);
      const auto kh = key_head<const T>(k, at.keys, shape, h), vh = key_head<const T>(v, at.keys, shape, h);
      score(shape, head<const T>(q, at.queries, shape, h), kh, p);
      std::array<T, block> normalisers;
      vectorised([&] {
        for (index_t i = 0; i < p.rows(); ++i) {
          const softmax_row<T> row = exponentiate(p.row(i), visible(p, i), p.cols());
          normalisers[static_cast<std::size_t>(i)] = static_cast<T>(1.0 / row.sum);
          l(at.queries.begin + i, h) = static_cast<T>(static_cast<double>(row.top) + std::log(row.sum));
        }
      });
      detail::multiply<T>(op::none, op::none, T{1}, p, vh, T{0}, out);
      for (index_t i = 0; i < out.rows(); ++i)
        for (index_t j = 0; j < out.cols(); ++j) out(i, j) *= normalisers[static_cast<std::size_t>(i)];
    });
  }

  /// With P = exp(scale Q K' - L) recomputed, D = the row sums of dO * O and dS = scale P * (dO V' - D):
  ///
  ///   dQ += dS K,   dK += dS' Q,   dV += P' dO        (the products of Dao et al. 2022, appendix B.2)
  ///
  /// Queries and keys share `sequences` (no cache). Cost: 2.5 times the forward pass, scratch twice its.
  /// Determinism: bitwise in threads; one task owns a sequence's key-value head.
  template <real T>
  static void attention_adjoint(cpu& cx, const attention_shape& shape, input_matrix<T> q, input_matrix<T> k,
                                input_matrix<T> v, input_matrix<T> o, input_matrix<T> l, input_matrix<T> d_o,
                                std::span<const row_range> sequences, matrix_view<T> dq, matrix_view<T> dk,
                                matrix_view<T> dv) {
    const index_t width = longest(sequences), group = shape.heads / shape.kv_heads;
    const scratch_matrix<T, memory::host> scratch(cx.scratch(), cx.team().size() * 2 * block, width);
    const auto tasks = static_cast<index_t>(sequences.size()) * shape.kv_heads;
    cx.team().for_each(tasks, [&](index_t task, int worker) {
      const row_range range = sequences[static_cast<std::size_t>(task / shape.kv_heads)];
      for (index_t member = 0; member < group; ++member)
        for (index_t first = 0; first < range.size(); first += block) {
          const index_t h = task % shape.kv_heads * group + member;
          const piece at = piece_of(range, range, first);
          const index_t rows = at.queries.size(), cols = at.keys.size();
          const matrix_view<T> p(scratch.view().row(index_t{2} * worker * block), rows, cols, width);
          const matrix_view<T> ds(scratch.view().row(index_t{2} * worker * block + block), rows, cols, width);
          const auto qh = head<const T>(q, at.queries, shape, h), oh = head<const T>(o, at.queries, shape, h);
          const auto kh = key_head<const T>(k, at.keys, shape, h), vh = key_head<const T>(v, at.keys, shape, h);
          const auto doh = head<const T>(d_o, at.queries, shape, h);
          score(shape, qh, kh, p);
          detail::multiply<T>(op::none, op::transpose, T{1}, doh, vh, T{0}, ds);
          vectorised([&] {
            for (index_t i = 0; i < rows; ++i) {
              const auto d = static_cast<T>(wide_dot(doh.row(i), oh.row(i), shape.head_dim));
              softmax_adjoint(static_cast<T>(shape.scale), l(at.queries.begin + i, h), d, p.row(i), ds.row(i),
                              visible(p, i), cols);
            }
          });
          detail::multiply<T>(op::transpose, op::none, T{1}, p, doh, T{1},
                                    key_head(dv, at.keys, shape, h));
          detail::multiply<T>(op::none, op::none, T{1}, ds, kh, T{1}, head(dq, at.queries, shape, h));
          detail::multiply<T>(op::transpose, op::none, T{1}, ds, qh, T{1},
                                    key_head(dk, at.keys, shape, h));
        }
    });
  }

 private:
  static constexpr index_t block = 64;  // queries

  // A block of queries and the keys up to the last one it sees, as rows of the packed matrices.
  struct piece {
    row_range queries;
    row_range keys;
  };

  static piece piece_of(row_range queries, row_range keys, index_t first) {
    const index_t count = std::min(block, queries.size() - first);
    const index_t seen = keys.size() - queries.size() + first + count;
    return {{queries.begin + first, queries.begin + first + count}, {keys.begin, keys.begin + seen}};
  }

  static index_t longest(std::span<const row_range> ranges) {
    index_t most = 0;
    for (const row_range r : ranges) most = std::max(most, r.size());
    return most;
  }

  template <class T>
  static matrix_view<T> head(matrix_view<T> m, row_range rows, const attention_shape& shape, index_t h) {
    return m.middle_rows(rows.begin, rows.size()).middle_cols(h * shape.head_dim, shape.head_dim);
  }
  template <class T>
  static matrix_view<T> key_head(matrix_view<T> m, row_range rows, const attention_shape& shape, index_t h) {
    return head(m, rows, shape, h / (shape.heads / shape.kv_heads));
  }

  template <class T>
  static void score(const attention_shape& shape, matrix_view<const T> q, matrix_view<const T> k,
                    matrix_view<T> scores) {
    detail::multiply<T>(op::none, op::transpose, static_cast<T>(shape.scale), q, k, T{0}, scores);
  }

  // The last query of a piece sees all of its keys, each earlier one a key less.
  template <class T>
  static index_t visible(matrix_view<T> scores, index_t i) {
    return scores.cols() - scores.rows() + i + 1;
  }

  template <class T>
  struct softmax_row {
    T top;
    double sum;
  };

  // The first `visible` scores become exp(score - top), the rest 0.
  template <class T>
  static softmax_row<T> exponentiate(T* scores, index_t visible, index_t cols) {
    const T top = greatest(scores, visible);
    for (index_t j = 0; j < visible; ++j) scores[j] = exponential(scores[j] - top);
    std::fill(scores + visible, scores + cols, T{0});
    return {top, wide_sum(visible, [=](index_t j) { return static_cast<double>(scores[j]); })};
  }

  // In: scaled scores and dP. Out: P and dS = scale P (dP - d).
  template <class T>
  static void softmax_adjoint(T scale, T log_sum, T d, T* p, T* ds, index_t visible, index_t cols) {
    for (index_t j = 0; j < visible; ++j) {
      p[j] = exponential(p[j] - log_sum);
      ds[j] = scale * p[j] * (ds[j] - d);
    }
    std::fill(p + visible, p + cols, T{0});
    std::fill(ds + visible, ds + cols, T{0});
  }
};

}  // namespace prismatic
