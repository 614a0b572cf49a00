/// A symmetric matrix brought to tridiagonal form with the same eigenvalues, by Householder reflections.
#pragma once

#include <prismatic/backend/cpu/vectors.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/parallel.hpp>
#include <prismatic/core/workspace.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace prismatic::detail {

/// The lower triangle in blocks of 16 rows, one after the other: block b holds its rows' first 16 (b + 1)
/// columns, so that its last 16 x 16 square is whole. Half the memory of the matrix, and no two rows a power
/// of two apart.
template <class T>
struct triangle_blocks {
  static constexpr index_t side = 16;

  T* data;
  index_t order;

  [[nodiscard]] static index_t blocks(index_t order) { return (order + side - 1) / side; }
  [[nodiscard]] static index_t elements(index_t blocks) { return side * side * blocks * (blocks + 1) / 2; }
  [[nodiscard]] T* block(index_t b) const { return data + elements(b); }
  [[nodiscard]] T* row(index_t i) const { return block(i / side) + i % side * (i / side + 1) * side; }
};

/// On block b of the triangle: A -= v w' + w v', then y += A x, as far as both sides of the symmetric A lie
/// in this block. One pass over A serves the update of one reflection and the product of the next:
/// 8 FLOP an element, read and written once.
struct update_and_multiply {
  template <int Bytes, class T>
  [[gnu::always_inline]] static void run(T* a, index_t b, const T* v, const T* w, const T* x, T* y) {
    using lanes = lanes_of<T, Bytes>;
    using vector = typename lanes::vector;
    constexpr index_t side = triangle_blocks<T>::side;
    const index_t before = side * b, width = before + side;
    for (index_t i = before; i < width; i += 4, a += 4 * width) {
      const vector v0 = v[i] - vector{}, v1 = v[i + 1] - vector{}, v2 = v[i + 2] - vector{},
                   v3 = v[i + 3] - vector{};
      const vector w0 = w[i] - vector{}, w1 = w[i + 1] - vector{}, w2 = w[i + 2] - vector{},
                   w3 = w[i + 3] - vector{};
      const vector x0 = x[i] - vector{}, x1 = x[i + 1] - vector{}, x2 = x[i + 2] - vector{},
                   x3 = x[i + 3] - vector{};
      vector sum0{}, sum1{}, sum2{}, sum3{}, unused{};
      for (index_t j = 0; j < before; j += lanes::size) {
        const vector vj = lanes::at(v + j).v, wj = lanes::at(w + j).v, xj = lanes::at(x + j).v;
        vector yj = lanes::at(y + j).v;
        pass<lanes>(a + j, v0, w0, x0, vj, wj, xj, sum0, yj);
        pass<lanes>(a + width + j, v1, w1, x1, vj, wj, xj, sum1, yj);
        pass<lanes>(a + 2 * width + j, v2, w2, x2, vj, wj, xj, sum2, yj);
        pass<lanes>(a + 3 * width + j, v3, w3, x3, vj, wj, xj, sum3, yj);
        lanes::at(y + j).v = yj;
      }
      for (index_t j = before; j < width; j += lanes::size) {  // the square: its upper half does the work of y
        const vector vj = lanes::at(v + j).v, wj = lanes::at(w + j).v, xj = lanes::at(x + j).v;
        pass<lanes>(a + j, v0, w0, x0, vj, wj, xj, sum0, unused);
        pass<lanes>(a + width + j, v1, w1, x1, vj, wj, xj, sum1, unused);
        pass<lanes>(a + 2 * width + j, v2, w2, x2, vj, wj, xj, sum2, unused);
        pass<lanes>(a + 3 * width + j, v3, w3, x3, vj, wj, xj, sum3, unused);
      }
      y[i] += lanes::total(sum0);
      y[i + 1] += lanes::total(sum1);
      y[i + 2] += lanes::total(sum2);
      y[i + 3] += lanes::total(sum3);
    }
  }

 private:
  template <class lanes, class T, class vector>
  [[gnu::always_inline]] static void pass(T* a, const vector& v, const vector& w, const vector& x,
                                          const vector& vj, const vector& wj, const vector& xj, vector& sum,
                                          vector& yj) {
    vector e = lanes::at(a).v;
    e -= v * wj;
    e -= w * vj;
    lanes::at(a).v = e;
    sum += e * xj;
    yj += e * x;
  }
};

/// Sums that need not be exact to the bit: sixteen at a time.
template <class T>
T sum_of_products(const T* a, const T* b, index_t n) {
  T sums[16] = {}, total = 0;
  const index_t whole = n - n % 16;
  for (index_t j = 0; j < whole; j += 16)
    for (index_t l = 0; l < 16; ++l) sums[l] += a[j + l] * b[j + l];
  for (index_t j = whole; j < n; ++j) total += a[j] * b[j];
  for (const T s : sums) total += s;
  return total;
}

/// diagonal(n), below(n - 1) <- a tridiagonal matrix with the eigenvalues of `scale` times the symmetric C,
/// of which the lower triangle is read.
///
/// Rows go from the last to the first. H = I - v v' with |v|^2 = 2 brings row m to its last two entries;
/// H A H = A - v w' - w v' with y = A v, w = y - (y'v) v / 2 [Golub & Van Loan 4, section 8.3.1]. Precondition:
/// the scaled entries are at most 1; a row whose rest is below sqrt(min) counts as reduced.
/// 4/3 n^3 FLOP, scratch of half a matrix. Determinism: run_to_run.
template <real T>
void reduce_to_tridiagonal(thread_team& team, workspace<memory::host>& scratch, matrix_view<const T> c, T scale,
                           T* diagonal, T* below) {
  using triangle = triangle_blocks<T>;
  using four = lanes_of<T, 16>;  // what every processor has: these steps are short
  const index_t n = c.rows(), blocks = triangle::blocks(n), padded = blocks * triangle::side;
  const scratch_matrix<T, memory::host> storage(scratch, 1, triangle::elements(blocks));
  const scratch_matrix<T, memory::host> vectors(scratch, 4, padded), products(scratch, team.size(), padded);
  const triangle a{storage.data(), n};
  vectors.zero();
  T *v = vectors.view().row(0), *w = vectors.view().row(1), *next = vectors.view().row(2);
  T* const x = vectors.view().row(3);

  // Block b belongs to one thread throughout and stays in its cache; 0 1 1 0 0 1 1 0 ... shares evenly.
  const auto each_block = [&](index_t count, auto&& body) {
    const index_t workers = count >= 12 ? team.size() : 1;
    const auto part = [&](int worker) {
      if (worker >= workers) return;
      for (index_t b = 0; b < count; ++b) {
        const index_t turn = b % (2 * workers);
        if (worker == (turn < workers ? turn : 2 * workers - 1 - turn)) body(b, worker);
      }
    };
    workers > 1 ? team.run(part) : part(0);
    return workers;
  };
  each_block(blocks, [&](index_t b, int) {
    const index_t before = b * triangle::side, after = before + triangle::side;
    for (index_t i = before; i < after; ++i) {
      T* const row = a.row(i);
      for (index_t j = 0; j < before; ++j) row[j] = i < n ? scale * c(i, j) : T{0};
      for (index_t j = before; j < after; ++j)
        row[j] = i < n && j < n ? scale * c(std::max(i, j), std::min(i, j)) : T{0};
    }
  });

  for (index_t m = n - 1; m > 0; --m) {
    const T* const row = a.row(m);
    const index_t width = (m / triangle::side + 1) * triangle::side;  // what follows m is not used
    for (index_t j = 0; j < width; j += four::size)
      four::at(x + j).v = four::at(row + j).v - v[m] * four::at(w + j).v - w[m] * four::at(v + j).v;
    diagonal[m] = x[m];
    const T rest = sum_of_products(x, x, m - 1), last = x[m - 1];
    if (rest > std::numeric_limits<T>::min()) {
      const T length = std::copysign(std::sqrt(rest + last * last), last);
      below[m - 1] = -length;
      x[m - 1] = last + length;
      const T unit = std::sqrt(2 / (rest + x[m - 1] * x[m - 1]));
      for (index_t j = 0; j < width; j += four::size) four::at(next + j).v = unit * four::at(x + j).v;
    } else {
      below[m - 1] = last;
      std::fill(next, next + m, T{0});
    }
    std::fill(next + m, next + padded, T{0});

    const index_t count = triangle::blocks(m);
    products.zero();
    const index_t workers = each_block(count, [&](index_t b, int worker) {
      on_widest_vectors<update_and_multiply>(a.block(b), b, static_cast<const T*>(v), static_cast<const T*>(w),
                                             static_cast<const T*>(next), products.view().row(worker));
    });
    T* const y = products.view().row(0);
    for (index_t worker = 1; worker < workers; ++worker)
      for (index_t j = 0; j < width; j += four::size)
        four::at(y + j).v += four::at(products.view().row(worker) + j).v;
    std::swap(v, next);
    const T along = sum_of_products(y, v, m) / 2;
    for (index_t j = 0; j < width; j += four::size) four::at(w + j).v = four::at(y + j).v - along * four::at(v + j).v;
    std::fill(w + m, w + padded, T{0});
  }
  if (n > 0) diagonal[0] = a.row(0)[0] - 2 * v[0] * w[0];
}

}  // namespace prismatic::detail
