/// Rows by the group they belong to, for labels that stay where the rows are. Not in the list of verbs: a backend with memory of
/// its own may have them, and k-means then brings no labels to the host (cluster/resident_clusters.hpp).
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/functors/groups.hpp>
#include <prismatic/backend/functors/rows.hpp>
#include <prismatic/backend/host.hpp>
#include <prismatic/backend/thrust/context.hpp>
#include <prismatic/backend/thrust/launch.hpp>
#include <prismatic/core/layout.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/workspace.hpp>

#include <thrust/binary_search.h>
#include <thrust/iterator/counting_iterator.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace prismatic {

/// Determinism: bitwise in the number of threads.
template <class System>
struct thrust_groups {
  using own = context<thrust_backend<System>>;
  static constexpr memory space = System::space;

  /// order(n) <- the rows by their label, those of a label in ascending order; begins(k + 1) <- where each of the labels
  /// 0 ... k - 1 begins there, and n.
  static void group_rows(own& cx, vector_view<const label_t, space> labels, vector_view<token_id, space> order,
                         vector_view<index_t, space> begins) {
    const index_t n = labels.size();
    const scratch_matrix<label_t, space> sorted(cx.scratch(), 1, n);
    detail::sort_places(cx, labels.data(), n, sorted.data(), order.data());
    cx.resources().run(n, [&](const auto& policy) {
      const ::thrust::counting_iterator<label_t> all_labels(0);
      ::thrust::lower_bound(policy, sorted.data(), sorted.data() + n, all_labels, all_labels + begins.size(), begins.data());
    });
  }

  /// Row g of C(k, d) = the sum of factors[i] x_i (no factors: of x_i) over the rows i of X(n, d) that `order` holds at
  /// begins[g] ... begins[g + 1] - 1; by 256 rows in order, and these sums in order. Reads those rows once.
  template <real T>
  static void sum_groups(own& cx, input_matrix<T, space> x, input_vector<T, space> factors, vector_view<const token_id, space> order,
                         std::span<const index_t> begins, matrix_view<T, space> c) {
    constexpr index_t piece_rows = 256;
    std::vector<row_range> pieces, groups;
    for (std::size_t g = 0; g + 1 < begins.size(); ++g) {
      const auto first = static_cast<index_t>(pieces.size());
      for (index_t t = begins[g]; t < begins[g + 1]; t += piece_rows)
        pieces.push_back({t, std::min(t + piece_rows, begins[g + 1])});
      groups.push_back({first, static_cast<index_t>(pieces.size())});
    }
    const detail::along<System, row_range> all_pieces(cx, pieces), all_groups(cx, groups);
    const auto count = static_cast<index_t>(pieces.size());
    const scratch_matrix<T, space> sums(cx.scratch(), count, x.cols());
    detail::for_each_element(cx, count, x.cols(),
                             detail::sum_piece<T>{x, factors.empty() ? nullptr : factors.data(), order.data(),
                                                  all_pieces.data(), sums.view()});
    detail::for_each_element(cx, c.rows(), c.cols(),
                             detail::sum_pieces<T>{matrix_view<const T, space>(sums.view()), all_groups.data(), c});
  }

  /// w[i] = |x_i - row labels[i] of C|^2, summed in double.
  template <real T>
  static void group_distances(own& cx, input_matrix<T, space> x, input_matrix<T, space> c, vector_view<const label_t, space> labels,
                              vector_view<T, space> w) {
    detail::sum_rows(cx, x.rows(), x.cols(), detail::distance_term<T>{x, c, labels.data()}, detail::store_sum<T>{w.data()});
  }

  /// Whether two sets of labels are the same. Waits for the device.
  [[nodiscard]] static bool same_labels(own& cx, vector_view<const label_t, space> a, vector_view<const label_t, space> b) {
    constexpr index_t cols = 1024;
    const index_t n = a.size(), rows = (n + cols - 1) / cols;
    const scratch_matrix<float, space> differing(cx.scratch(), 1, rows);
    detail::sum_rows(cx, rows, cols, detail::differing_label{a.data(), b.data(), n, cols}, detail::store_sum<float>{differing.data()});
    const auto found = on_host(cx, matrix_view<const float, space>(differing.view()));
    return std::all_of(found.data(), found.data() + rows, [](float count) { return count == 0; });
  }
};

}  // namespace prismatic
