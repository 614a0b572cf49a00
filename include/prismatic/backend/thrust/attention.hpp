/// Causal grouped-query attention over ragged sequences by Thrust, one call a query, and its adjoint.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/functors/attention.hpp>
#include <prismatic/backend/thrust/context.hpp>
#include <prismatic/backend/thrust/launch.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/workspace.hpp>

#include <algorithm>
#include <limits>
#include <span>

namespace prismatic {

/// Nothing but the outputs and a number a query and head is kept, whatever the lengths. The formulas stand in
/// backend/cpu/attention.hpp. Determinism: bitwise in threads; a sequence's result does not depend on its neighbours.
template <class System>
struct thrust_attention {
  using own = context<thrust_backend<System>>;
  static constexpr memory space = System::space;

  /// About 3 nq nk head_dim FLOP a head: scores are computed twice.
  template <real T>
  static void attention(own& cx, const attention_shape& shape, input_matrix<T, space> q, input_matrix<T, space> k,
                        input_matrix<T, space> v, std::span<const row_range> queries, std::span<const row_range> keys,
                        matrix_view<T, space> o, matrix_view<T, space> l) {
    const detail::attention_grid grid{shape.heads, longest(queries)};
    const detail::along<System, row_range> query_rows(cx, queries), key_rows(cx, keys);
    const index_t calls = static_cast<index_t>(queries.size()) * grid.heads * grid.places;
    detail::for_each_index(
        cx, calls, calls * longest(keys) * shape.head_dim,
        detail::attend_query<T>{grid, shape.heads / shape.kv_heads, shape.head_dim, static_cast<T>(shape.scale),
                                -std::numeric_limits<T>::infinity(), q, k, v, query_rows.data(), key_rows.data(), o, l});
  }

  /// 1.6 times the products of the adjoint as products of matrices: P and dP are computed for dQ and again for dK, dV.
  template <real T>
  static void attention_adjoint(own& cx, const attention_shape& shape, input_matrix<T, space> q,
                                input_matrix<T, space> k, input_matrix<T, space> v, input_matrix<T, space> o,
                                input_matrix<T, space> l, input_matrix<T, space> d_o,
                                std::span<const row_range> sequences, matrix_view<T, space> dq, matrix_view<T, space> dk,
                                matrix_view<T, space> dv) {
    const index_t most = longest(sequences), count = static_cast<index_t>(sequences.size());
    const scratch_matrix<T, space> d(cx.scratch(), o.rows(), shape.heads);
    detail::for_each_element(cx, o.rows(), shape.heads,
                             detail::attention_delta<T>{shape.head_dim, o, d_o, d.view()});
    const detail::along<System, row_range> rows(cx, sequences);
    const detail::attention_pair<T> pair{shape.heads / shape.kv_heads, shape.head_dim, static_cast<T>(shape.scale),
                                         q, k, v, d_o, l, matrix_view<const T, space>(d.view())};
    const index_t work = count * shape.heads * most * most * shape.head_dim;
    detail::for_each_index(cx, count * shape.heads * most, work,
                           detail::attention_query_adjoint<T>{{shape.heads, most}, pair, rows.data(), dq});
    detail::for_each_index(cx, count * shape.kv_heads * most, work,
                           detail::attention_key_adjoint<T>{{shape.kv_heads, most}, pair, rows.data(), dk, dv});
  }

 private:
  static index_t longest(std::span<const row_range> ranges) {
    index_t most = 0;
    for (const row_range r : ranges) most = std::max(most, r.size());
    return most;
  }
};

}  // namespace prismatic
