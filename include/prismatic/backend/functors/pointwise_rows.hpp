/// The transformer's element-wise verbs by rows, a block of threads each: a row is read from memory once, however often its
/// numbers are used. Formulas: backend/cpu/pointwise.hpp.
#pragma once

#include <prismatic/backend/functors/memory.hpp>
#include <prismatic/backend/functors/row_walk.hpp>
#include <prismatic/config.hpp>
#include <prismatic/core/types.hpp>

#include <cmath>

namespace prismatic::detail {

// Two shapes. `visit(t, thread, threads)` is all there is to a row, or it follows once `part(t, thread, threads)` of all
// threads, in double, has been added up: `visit(t, thread, threads, sum)`.

/// rstd_t = 1 / sqrt(mean_j x_tj^2 + epsilon), y_tj = x_tj rstd_t gain_j.
template <class T>
struct rms_norm_row {
  index_t cols;
  double epsilon;
  strided_rows<const T> x;
  const T* gain;
  strided_rows<T> y;
  T* rstd;

  [[nodiscard]] PRISMATIC_HOST_DEVICE double part(index_t t, int thread, int threads) const {
    double sum = 0;
    walk_row<T>(thread, threads, cols, [&](T a) { sum += static_cast<double>(a) * static_cast<double>(a); }, x[t]);
    return sum;
  }
  PRISMATIC_HOST_DEVICE void visit(index_t t, int thread, int threads, double squares) const {
    const T r = static_cast<T>(1.0 / std::sqrt(squares / static_cast<double>(cols) + epsilon));
    if (thread == 0) rstd[t] = r;
    walk_row<T>(thread, threads, cols, [=](T a, T g, T& out) { out = a * r * g; }, x[t], gain, written_row<T>{y[t]});
  }
};

/// dx_tj += rstd_t dy_tj gain_j - x_tj rstd_t^3 mean_i(dy_ti gain_i x_ti).
template <class T>
struct rms_norm_adjoint_row {
  index_t cols;
  strided_rows<const T> x;
  const T* gain;
  const T* rstd;
  strided_rows<const T> dy;
  strided_rows<T> dx;

  [[nodiscard]] PRISMATIC_HOST_DEVICE double part(index_t t, int thread, int threads) const {
    double sum = 0;
    const auto add = [&](T d, T g, T a) { sum += static_cast<double>(d) * static_cast<double>(g) * static_cast<double>(a); };
    walk_row<T>(thread, threads, cols, add, dy[t], gain, x[t]);
    return sum;
  }
  PRISMATIC_HOST_DEVICE void visit(index_t t, int thread, int threads, double projection) const {
    const T r = rstd[t];
    const auto wide = static_cast<double>(r);
    const auto along = static_cast<T>(wide * wide * wide * projection / static_cast<double>(cols));
    const auto add = [=](T d, T g, T a, T& out) { out += r * d * g - a * along; };
    walk_row<T>(thread, threads, cols, add, dy[t], gain, x[t], dx[t]);
  }
};

/// y = silu(gate) up.
template <class T>
struct swiglu_row {
  index_t cols;
  strided_rows<const T> gate, up;
  strided_rows<T> y;
  PRISMATIC_HOST_DEVICE void visit(index_t t, int thread, int threads) const {
    const auto gated = [](T g, T u, T& out) { out = g / (T{1} + std::exp(-g)) * u; };
    walk_row<T>(thread, threads, cols, gated, gate[t], up[t], written_row<T>{y[t]});
  }
};

/// dgate = dy up silu'(gate), dup = dy silu(gate).
template <class T>
struct swiglu_adjoint_row {
  index_t cols;
  strided_rows<const T> gate, up, dy;
  strided_rows<T> dgate, dup;
  PRISMATIC_HOST_DEVICE void visit(index_t t, int thread, int threads) const {
    const auto both = [](T g, T u, T d, T& of_gate, T& of_up) {
      const T sigmoid = T{1} / (T{1} + std::exp(-g));
      of_gate = d * u * sigmoid * (T{1} + g * (T{1} - sigmoid));
      of_up = d * g * sigmoid;
    };
    walk_row<T>(thread, threads, cols, both, gate[t], up[t], dy[t], written_row<T>{dgate[t]}, written_row<T>{dup[t]});
  }
};

/// A functor of pairs of numbers, pair(t, i), for all pairs of a row.
template <class Pair>
struct pairs_of_row {
  index_t pairs;
  Pair pair;
  PRISMATIC_HOST_DEVICE void visit(index_t t, int thread, int threads) const {
    for (index_t i = thread; i < pairs; i += threads) pair(t, i);
  }
};

/// One round of a sum over the threads of a block, a power of two of them: `left` sums are left after it.
PRISMATIC_HOST_DEVICE inline void add_halves(int left, int thread, double* sums) {
  if (thread < left) sums[thread] += sums[thread + left];
}

}  // namespace prismatic::detail
