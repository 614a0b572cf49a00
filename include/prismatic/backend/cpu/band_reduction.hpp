/// A symmetric matrix brought to a band of eight diagonals on each side, with the same eigenvalues: eight Householder
/// reflections at a time [Bischof, Lang & Sun 2000].
#pragma once

#include <prismatic/backend/cpu/reflections.hpp>
#include <prismatic/backend/cpu/subnormals.hpp>
#include <prismatic/backend/cpu/triangle_squares.hpp>
#include <prismatic/backend/cpu/vectors.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/parallel.hpp>
#include <prismatic/core/workspace.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

namespace prismatic::detail {

/// A symmetric band of `band_width` diagonals on each side, and room for the bulges that run along it: row i holds
/// columns i - 15 to i + 15, both halves of the matrix.
struct symmetric_band {
  static constexpr index_t stride = 4 * band_width, reach = 2 * band_width - 1;

  double* data;

  /// Rows beyond the order, all zero, so that every bulge is whole.
  [[nodiscard]] static index_t elements(index_t order) { return stride * (order + 2 * band_width); }
  [[nodiscard]] double* at(index_t i, index_t j) const { return data + stride * i + (j - i) + reach; }
};

/// What a thread of the reduction holds for itself: in turn the products of this pass and of the last, and eight vectors each
/// of V, W, the next V, and the rows of which that is made.
template <class T>
struct reduction_vectors {
  static constexpr index_t count = 6;  // rows of scratch
  eight_vectors<T> v, next, w, rows, products[2];

  explicit reduction_vectors(const matrix_view<T>& held)
      : v{held.row(0)}, next{held.row(1)}, w{held.row(2)}, rows{held.row(3)}, products{{held.row(4)}, {held.row(5)}} {}

  /// V <- the reflections whose products with A were found, W <- what they do to A, from Y = A V, which W holds.
  void take_reflections(index_t groups) {
    using vectors = eight_vectors<T>;
    T inner[band_width * band_width], t[band_width * band_width], s[band_width * band_width];
    std::swap(v, next);
    on_widest_vectors<inner_products, const vectors&, const vectors&, index_t, T*>(v, v, groups, inner);
    join_reflections(inner, t);
    on_widest_vectors<inner_products, const vectors&, const vectors&, index_t, T*>(v, w, groups, inner);
    half_congruence(t, inner, s);
    on_widest_vectors<combined_vectors, const vectors&, const T*, const vectors&, const T*, index_t, const vectors&>(
        w, t, v, s, groups, w);
  }
};

/// A symmetric matrix on its way to a band with the same eigenvalues.
///
/// Rows go from the last to the first, eight at a time. Their reflections are one matrix Q = I - V T V'
/// [Schreiber & Van Loan 1989], and Q' A Q = A - V W' - W V' with Y = A V, W = Y T - V (T' V'Y T) / 2. Every thread makes all
/// of V and W for itself: that takes less time than it takes vectors to come from another's cache. 4/3 n^3 FLOP, scratch of
/// half a matrix. Determinism: run_to_run.
template <real T>
class band_reduction {
  using squares = triangle_squares<T>;
  using vectors = eight_vectors<T>;
  using own_vectors = reduction_vectors<T>;
  static constexpr index_t eight = band_width, side = squares::side;

 public:
  /// Of the lower triangle of `scale` times C; `shift` is taken off its diagonal on the way. Precondition: the scaled entries
  /// are at most 1.
  template <class U>
  band_reduction(thread_team& team, workspace<memory::host>& scratch, matrix_view<const U> c, U scale, double shift = 0)
      : band_reduction(team, scratch, c.rows(), squares::blocks(c.rows()) * side, shift) {
    const index_t n = order_;
    each_block(squares::blocks(n), [&](int worker) { clear(worker); }, [&](index_t b, int) {
      for (index_t i = b * side; i < (b + 1) * side; ++i) {
        for (index_t g = 0; g < b; ++g)
          for (index_t k = 0; k < side; ++k) a_.row(i, g)[k] = i < n ? static_cast<T>(scale * c(i, g * side + k)) : T{0};
        for (index_t j = b * side; j < (b + 1) * side; ++j)
          a_.row(i, b)[j % side] =
              i < n && j < n ? static_cast<T>(scale * c(std::max(i, j), std::min(i, j)) - static_cast<U>(i == j ? shift : 0)) : T{0};
      }
    });
  }

  /// What another left, in T from here on, and with `shift` off its diagonal. The products that it has found serve as they
  /// are: multiples of V in Y leave A - V W' - W V' as it is.
  template <class U>
  band_reduction(thread_team& team, workspace<memory::host>& scratch, const band_reduction<U>& other, double shift)
      : band_reduction(team, scratch, other.order_, other.left_, other.shift_ + shift) {
    with_products_ = other.with_products_;
    turn_ = other.turn_;
    const index_t groups = squares::blocks(left_);
    const auto vectors_of = [&](int worker) {
      clear(worker);
      const auto& from = other.owned_[static_cast<std::size_t>(worker)];
      const own_vectors& to = owned_[static_cast<std::size_t>(worker)];
      for (index_t k = 0; k < groups * vectors::area; ++k) {
        to.next.data[k] = static_cast<T>(from.next.data[k]);
        to.products[1 - turn_].data[k] = static_cast<T>(from.products[1 - turn_].data[k]);
      }
    };
    each_block(groups, vectors_of, [&](index_t b, int) {
      const U* const from = other.a_.block(b);
      T* const to = a_.block(b);
      for (index_t k = 0; k < (b + 1) * squares::area; ++k) to[k] = static_cast<T>(from[k]);
      for (index_t i = b * side; i < std::min((b + 1) * side, order_); ++i)
        a_.row(i, b)[i % side] = static_cast<T>(other.a_.row(i, b)[i % side] - static_cast<U>(shift));
    });
  }

  /// The order of what has not gone to the band yet.
  [[nodiscard]] index_t left() const { return left_; }

  /// The last eight rows of what is left go to `band`.
  void step(const symmetric_band& band) {
    const index_t m = left_, length = m - eight, count = squares::blocks(length);
    const auto begin = [&](int worker) {
      own_vectors& own = owned_[static_cast<std::size_t>(worker)];
      if (with_products_ > 0) {
        const index_t groups = squares::blocks(m);
        std::copy_n(owned_.front().products[1 - turn_].data, groups * vectors::area, own.w.data);
        for (int other = 1; other < with_products_; ++other)
          on_widest_vectors<added_vectors, const vectors&, index_t, const vectors&>(
              owned_[static_cast<std::size_t>(other)].products[1 - turn_], groups, own.w);
        own.take_reflections(groups);
      }
      on_widest_vectors<updated_rows, const squares&, index_t, const vectors&, const vectors&, const vectors&>(
          a_, m, own.v, own.w, own.rows);
      on_widest_vectors<make_reflections, const vectors&, index_t, const vectors&>(own.rows, length, own.next);
      if (worker == 0)
        for (index_t i = length; i < std::min(m, order_); ++i)
          for (index_t j = std::max<index_t>(0, i - eight); j <= i; ++j)
            *band.at(i, j) = *band.at(j, i) = static_cast<double>(own.rows(m - 1 - i, j)) + (i == j ? shift_ : 0);
      std::fill_n(own.products[turn_].data, count * vectors::area, T{0});
    };
    each_block(count, begin, [&](index_t b, int worker) {
      // Of the last row of squares the rows that are done are left alone: others read them now.
      const own_vectors& own = owned_[static_cast<std::size_t>(worker)];
      on_widest_vectors<update_and_multiply, T*, index_t, index_t, const vectors&, const vectors&, const vectors&, const vectors&>(
          a_.block(b), b, std::min(side, length - b * side), own.v, own.w, own.next, own.products[turn_]);
    });
    with_products_ = workers_for(count);
    turn_ = 1 - turn_;
    left_ = length;
  }

 private:
  template <real U>
  friend class band_reduction;

  band_reduction(thread_team& team, workspace<memory::host>& scratch, index_t order, index_t left, double shift)
      : team_(team), order_(order), left_(left), shift_(shift), storage_(scratch, 1, squares::elements(squares::blocks(left))),
        held_(scratch, team.size() * own_vectors::count, squares::blocks(left) * vectors::area), a_{storage_.data()} {
    for (int worker = 0; worker < team.size(); ++worker)
      owned_.emplace_back(held_.view().middle_rows(worker * own_vectors::count, own_vectors::count));
  }

  void clear(int worker) const {
    std::fill_n(held_.view().row(worker * own_vectors::count), own_vectors::count * held_.view().stride(), T{0});
  }

  [[nodiscard]] int workers_for(index_t count) const { return count >= 8 ? team_.size() : 1; }

  // Row b of squares belongs to one thread throughout and stays in its cache; 0 1 1 0 0 1 1 0 ... shares evenly.
  template <class Begin, class Body>
  void each_block(index_t count, Begin&& begin, Body&& body) const {
    const int workers = workers_for(count);
    const auto part = [&](int worker) {
      if (worker >= workers) return;
      const subnormals_are_zero flushed;  // spectra decay: products of small numbers in float would be such
      begin(worker);
      for (index_t b = 0; b < count; ++b) {
        const index_t turn = b % (2 * workers);
        if (worker == (turn < workers ? turn : 2 * workers - 1 - turn)) body(b, worker);
      }
    };
    workers > 1 ? team_.run(part) : part(0);
  }

  thread_team& team_;
  index_t order_, left_, turn_ = 0;
  double shift_;  // what was taken off the diagonal
  int with_products_ = 0;  // threads that have products
  scratch_matrix<T, memory::host> storage_, held_;
  squares a_;
  std::vector<own_vectors> owned_;
};

/// Of a symmetric matrix: its trace, and the sum of its elements' squares. Neither is changed by reflections.
struct matrix_sums {
  double trace = 0, squares = 0;

  /// How far eigenvalues move, about, root mean square, where they are found in float once their mean is off the
  /// diagonal: a random matrix of `order` rows, of elements of the roundings' size, has its eigenvalues within 2 sqrt(order) of
  /// it. Beside few large eigenvalues roundings have few directions, and a single eigenvalue may move sqrt(order) times as far.
  [[nodiscard]] double float_reach(index_t order) const {
    constexpr double rounding = 1e-7;  // of an element's size, by all passes together: found, docs/performance.md
    const double mean = trace / static_cast<double>(order);
    return 2 * rounding * std::sqrt(std::max(0.0, squares / static_cast<double>(order) - mean * mean));
  }
};

/// band <- a band with the eigenvalues of `scale` times the symmetric C, of which the lower triangle is read. Precondition: the
/// scaled entries are at most 1.
///
/// In T; and in float from where that moves eigenvalues by no more than `error`, root mean square: large eigenvalues go first,
/// and where they have gone, or never were, the rounding of float is small beside the rest. `sums`: of the scaled matrix; read
/// where `error` is above 0. 4/3 n^3 FLOP, scratch of half a matrix, or 3/4. Determinism: run_to_run.
template <real T>
void reduce_to_band(thread_team& team, workspace<memory::host>& scratch, matrix_view<const T> c, T scale,
                    const symmetric_band& band, double error = 0, matrix_sums sums = {}) {
  const auto finish = [&](auto&& reduction) {
    while (reduction.left() > 0) reduction.step(band);
  };
  if constexpr (std::is_same_v<T, double>) {
    if (error > 0) {
      constexpr index_t worth_it = 64;  // rows
      const auto suffices = [&](index_t left) { return left >= worth_it && sums.float_reach(left) <= error; };
      const index_t n = c.rows();
      if (suffices(n))
        return finish(band_reduction<float>(team, scratch, c, scale, sums.trace / static_cast<double>(n)));
      band_reduction<double> exact(team, scratch, c, scale);
      while (exact.left() > 0) {
        const index_t before = std::min(exact.left(), n);
        exact.step(band);
        for (index_t i = exact.left(); i < before; ++i) {
          sums.trace -= *band.at(i, i);
          for (index_t j = std::max<index_t>(0, i - band_width); j <= i; ++j)
            sums.squares -= (i == j ? 1 : 2) * *band.at(i, j) * *band.at(i, j);
        }
        const index_t left = std::min(exact.left(), n);
        if (suffices(left))
          return finish(band_reduction<float>(team, scratch, exact, sums.trace / static_cast<double>(left)));
      }
      return;
    }
  }
  finish(band_reduction<T>(team, scratch, c, scale));
}

}  // namespace prismatic::detail
