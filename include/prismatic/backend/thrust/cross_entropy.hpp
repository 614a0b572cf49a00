/// The weighted negative log-likelihood of target tokens by Thrust, and its gradient in place.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/functors/cross_entropy.hpp>
#include <prismatic/backend/thrust/context.hpp>
#include <prismatic/backend/thrust/launch.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/workspace.hpp>

#include <limits>
#include <span>

namespace prismatic {

template <class System>
struct thrust_cross_entropy {
  using own = context<thrust_backend<System>>;
  static constexpr memory space = System::space;

  /// As cpu_cross_entropy: rows of weight 0 become zeros, and their targets are not read. Three passes over the
  /// logits. Determinism: bitwise in threads.
  template <real T>
  static void cross_entropy(own& cx, matrix_view<T, space> logits, std::span<const token_id> targets,
                            input_vector<T, space> weights, vector_view<T, space> losses) {
    const index_t rows = logits.rows(), cols = logits.cols();
    const detail::along<System, token_id> wanted(cx, targets);
    const scratch_matrix<T, space> tops(cx.scratch(), 1, rows), factors(cx.scratch(), 1, rows);
    const scratch_matrix<double, space> margins(cx.scratch(), 1, rows);
    const T* const w = weights.data();
    detail::fold_rows(cx, rows, cols, detail::top_logit<T>{logits, w, -std::numeric_limits<T>::infinity()},
                      detail::store_top<T>{logits, w, wanted.data(), tops.data(), margins.data()});
    detail::fold_rows(cx, rows, cols, detail::exponential_sum<T>{logits, w, tops.data()},
                      detail::store_loss<T>{w, margins.data(), factors.data(), losses.data()});
    detail::for_each_element(cx, rows, cols,
                             detail::loss_gradient_element<T>{logits, w, factors.data(), wanted.data()});
  }
};

}  // namespace prismatic
