/// Functors over ranges, by Thrust: every element, every row's fold, and small host arrays brought along.
///
/// Sums are folds in an order of our own, one thread a part: Thrust's reductions by key leave the order of additions
/// to the system, and a number would change from run to run.
#pragma once

#include <prismatic/backend/functors/grid.hpp>
#include <prismatic/backend/thrust/context.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/core/workspace.hpp>

#include <thrust/copy.h>
#include <thrust/for_each.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/sequence.h>
#include <thrust/sort.h>

#include <span>

namespace prismatic::detail {

/// f(i) for i in [0, n), about `work` operations all together. f's calls write to different places.
template <class System, class F>
void for_each_index(context<thrust_backend<System>>& cx, index_t n, index_t work, F f) {
  if (n <= 0) return;
  cx.resources().run(work, [&](const auto& policy) {
    ::thrust::for_each_n(policy, ::thrust::counting_iterator<index_t>(0), n, f);
  });
}

/// f(i, j) for every element of rows x cols.
template <class System, class F>
void for_each_element(context<thrust_backend<System>>& cx, index_t rows, index_t cols, F f) {
  using chunks = element_chunks<F>;
  for_each_index(cx, chunks::count(rows, cols, System::chunk), rows * cols, chunks{f, cols, System::chunk});
}

/// finish(i, fold of row i) for every row.
template <class System, class Fold, class Finish>
void fold_rows(context<thrust_backend<System>>& cx, index_t rows, index_t cols, Fold fold, Finish finish) {
  using value = typename Fold::value;
  const scratch_matrix<value, System::space> parts(cx.scratch(), rows, System::lanes);
  for_each_index(cx, rows * System::lanes, rows * cols,
                 lane_folds<Fold>{fold, cols, System::lanes, parts.data()});
  for_each_index(cx, rows, rows * System::lanes,
                 merged_lanes<Fold, Finish>{fold, finish, System::lanes, parts.data()});
}

/// finish(i, sum over j of term(i, j)) for every row, summed in double.
template <class System, class Term, class Finish>
void sum_rows(context<thrust_backend<System>>& cx, index_t rows, index_t cols, Term term, Finish finish) {
  fold_rows(cx, rows, cols, sum_fold<Term>{term}, finish);
}

/// sorted(n) <- the keys in ascending order, order(n) <- where each of them was, ascending among equals.
template <class System, class Key, class Place>
void sort_places(context<thrust_backend<System>>& cx, const Key* keys, index_t n, Key* sorted, Place* order) {
  cx.resources().run(n, [&](const auto& policy) {
    ::thrust::copy_n(policy, keys, n, sorted);
    ::thrust::sequence(policy, order, order + n);
    ::thrust::stable_sort_by_key(policy, sorted, sorted + n, order);
  });
}

/// A small host array where functors can read it: itself, or a copy in the context's scratch.
template <class System, class T>
class along {
 public:
  along(context<thrust_backend<System>>& cx, std::span<const T> host) {
    if constexpr (System::space == memory::host) {
      data_ = host.data();
    } else {
      copy_ = scratch_matrix<T, System::space>(cx.scratch(), 1, static_cast<index_t>(host.size()));
      cx.resources().bring(host, copy_.data());
      data_ = copy_.data();
    }
  }
  [[nodiscard]] const T* data() const noexcept { return data_; }

 private:
  scratch_matrix<T, System::space> copy_;
  const T* data_ = nullptr;
};

}  // namespace prismatic::detail
