/// Products of a few rows with a matrix that is read once, as decoding one token at a time needs: bound by
/// memory.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/cpu/vectors.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/parallel.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace prismatic::detail {

/// Sums over l < length of x(i, l) w(j, l), in that order, for `Rows` rows i and as many rows j as two vectors
/// hold, turned in registers so that each row of W is a lane: C(i, j) <- alpha sum + beta C(i, j). W holds numbers T or bfloat16.
template <class T, class W = T>
struct dot_block {
  index_t length;
  T alpha, beta;
  const T* x;
  index_t x_stride;
  const W* w;
  index_t w_stride;
  T* c;
  index_t c_stride;
  const W* next;  ///< where the rows that come after these begin: they are fetched meanwhile,
  index_t lines;  ///< so many cache lines for each 16 bytes of a row
};

template <index_t Rows>
struct dots {
  template <int Bytes, class T, class W>
  [[gnu::always_inline]] static void run(const dot_block<T, W>& p) {
    using lanes = lanes_of<T, Bytes>;
    using vector = typename lanes::vector;
    constexpr index_t words = 16 / index_t{sizeof(T)}, together = index_t{sizeof(T)} / index_t{sizeof(W)};
    constexpr index_t piece = words * together;  // numbers of a row that are turned at a time, `together` in a lane
    vector left[static_cast<std::size_t>(Rows)] = {}, right[static_cast<std::size_t>(Rows)] = {};
    vector a[static_cast<std::size_t>(words)] = {}, b[static_cast<std::size_t>(words)] = {};
    const W *row = p.next, *line = row;
    index_t l = 0;
    for (; l + piece <= p.length; l += piece) {
      for (index_t i = 0; i < p.lines; ++i) {
        __builtin_prefetch(line, 0, 2);
        line += 64 / sizeof(W);
        if (line >= row + p.length) line = row += p.w_stride;
      }
      turned<Bytes>(p.w + l, p.w_stride, a);
      turned<Bytes>(p.w + lanes::size * p.w_stride + l, p.w_stride, b);
#pragma GCC unroll 8
      for (index_t i = 0; i < piece; ++i) {
        vector wa = a[i / together], wb = b[i / together];
        if constexpr (together == 2) {
          using bits = typename lanes_of<std::uint32_t, Bytes>::vector;
          widen_half<bits>(i % 2, wa);
          widen_half<bits>(i % 2, wb);
        }
#pragma GCC unroll 8
        for (index_t r = 0; r < Rows; ++r) {
          const T x = p.x[r * p.x_stride + l + i];
          left[r] += x * wa;
          right[r] += x * wb;
        }
      }
    }
    for (; l < p.length; ++l) {
      for (index_t j = 0; j < lanes::size; ++j) {
        a[0][j] = p.w[j * p.w_stride + l];
        b[0][j] = p.w[(lanes::size + j) * p.w_stride + l];
      }
#pragma GCC unroll 8
      for (index_t r = 0; r < Rows; ++r) {
        const T x = p.x[r * p.x_stride + l];
        left[r] += x * a[0];
        right[r] += x * b[0];
      }
    }
#pragma GCC unroll 8
    for (index_t r = 0; r < Rows; ++r) {
      lanes::put(left[r], p.alpha, p.beta, p.c + r * p.c_stride);
      lanes::put(right[r], p.alpha, p.beta, p.c + r * p.c_stride + lanes::size);
    }
  }

 private:
  // The first (0) or second of two bfloat16 in every lane.
  template <class bits, class vector>
  [[gnu::always_inline]] static void widen_half(index_t which, vector& pairs) {
    const bits both = reinterpret_cast<bits>(pairs), half = which == 0 ? both << 16 : both & 0xFFFF0000u;
    pairs = reinterpret_cast<vector>(half);
  }

  // out[i] = column i of W in columns as wide as T, a row a lane. A row gives 16 bytes; rows r, r + piece, ... fill
  // one vector side by side, so that what is left is to turn squares within 16 bytes.
  template <int Bytes, class W, class vector>
  [[gnu::always_inline]] static void turned(const W* w, index_t stride, vector* out) {
    using T = std::remove_cvref_t<decltype(out[0][0])>;
    constexpr index_t piece = 16 / index_t{sizeof(T)};
    constexpr auto all = std::make_integer_sequence<int, Bytes / static_cast<int>(sizeof(T))>();
    vector a, b;
    side_by_side<T, Bytes>(w, stride, a);
    side_by_side<T, Bytes>(w + stride, stride, b);
    if constexpr (piece == 2) {
      interleaved<1, 0>(all, a, b, out[0]);
      interleaved<1, 1>(all, a, b, out[1]);
    } else {
      vector c, d, ab, cd;
      side_by_side<T, Bytes>(w + 2 * stride, stride, c);
      side_by_side<T, Bytes>(w + 3 * stride, stride, d);
      interleaved<1, 0>(all, a, b, ab);
      interleaved<1, 0>(all, c, d, cd);
      interleaved<2, 0>(all, ab, cd, out[0]);
      interleaved<2, 1>(all, ab, cd, out[1]);
      interleaved<1, 1>(all, a, b, ab);
      interleaved<1, 1>(all, c, d, cd);
      interleaved<2, 0>(all, ab, cd, out[2]);
      interleaved<2, 1>(all, ab, cd, out[3]);
    }
  }

  // 16 bytes of each of the rows 0, piece, 2 piece, ...
  template <class T, int Bytes, class W, class vector>
  [[gnu::always_inline]] static void side_by_side(const W* w, index_t stride, vector& out) {
    if constexpr (Bytes == 16) {
      out = lanes_of<T, 16>::at(reinterpret_cast<const T*>(w)).v;
    } else {
      constexpr index_t rows = Bytes / 2 / static_cast<index_t>(sizeof(T));
      typename lanes_of<T, Bytes / 2>::vector low, high;
      side_by_side<T, Bytes / 2>(w, stride, low);
      side_by_side<T, Bytes / 2>(w + rows * stride, stride, high);
      shuffled(std::make_integer_sequence<int, static_cast<int>(2 * rows)>(), low, high, out);
    }
  }

  // out = the numbers I... of a and, counted on, b.
  template <int... I, class from, class vector>
  [[gnu::always_inline]] static void shuffled(std::integer_sequence<int, I...>, const from& a, const from& b,
                                              vector& out) {
#ifdef __CUDACC__  // nvcc does not expand a pack inside the builtin
    constexpr int count = sizeof(from) / sizeof(a[0]);
    int i = 0;
    ((out[i++] = I < count ? a[I % count] : b[I % count]), ...);
#else
    out = __builtin_shufflevector(a, b, I...);
#endif
  }

  // Within each 16 bytes: runs of `Run` numbers by turns of a and b, from their lower (Half = 0) or upper
  // halves.
  template <int Run, int Half, int... I, class vector>
  [[gnu::always_inline]] static void interleaved(std::integer_sequence<int, I...>, const vector& a,
                                                 const vector& b, vector& out) {
    constexpr int count = sizeof...(I), piece = 16 * count / static_cast<int>(sizeof(vector));
    shuffled(std::integer_sequence<int, (I / piece * piece + Half * piece / 2 + I % piece / (2 * Run) * Run +
                                         I % Run + I / Run % 2 * count)...>(),
             a, b, out);
  }
};

template <class T, class W = T>
struct dot_blocks {
  using function = void (*)(const dot_block<T, W>&);
  index_t step;             ///< rows of W a call takes
  function one, two, four;  ///< so many rows of X,
  function eight;           ///< and so many where their sums fit the registers, else null

  static const dot_blocks& of_this_machine() {
    static const dot_blocks found = [] {
#if PRISMATIC_X86
      if (__builtin_cpu_supports("avx512f")) return of_vectors<64>();
      if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return of_vectors<32>();
#endif
      return of_vectors<16>();
    }();
    return found;
  }

  /// Two vectors of rows of W, whose sums do not wait for one another.
  template <int Bytes>
  static dot_blocks of_vectors() {
    function eight = nullptr;
    if constexpr (Bytes == 64) eight = compiled<Bytes, dots<8>>();
    return {2 * Bytes / index_t{sizeof(T)}, compiled<Bytes, dots<1>>(), compiled<Bytes, dots<2>>(), compiled<Bytes, dots<4>>(), eight};
  }

 private:
  template <int Bytes, class Kernel>
  static function compiled() {
#if PRISMATIC_X86
    if constexpr (Bytes == 64) return &run_avx512<Kernel, const dot_block<T, W>&>;
    if constexpr (Bytes == 32) return &run_avx2<Kernel, const dot_block<T, W>&>;
#endif
    return &Kernel::template run<Bytes, T, W>;
  }
};

/// Rows of W and C that do not fill a step, beside zeros.
template <class T, class W = T>
struct last_rows {
  static constexpr index_t depth = 1024 / index_t{sizeof(T)};  // the longest run
  static constexpr index_t step = 128 / index_t{sizeof(T)};    // the longest of any processor
  alignas(64) W w[std::size_t{step} * depth];
  alignas(64) T c[std::size_t{8} * step];
};

/// Cache lines of `step` rows of `length` numbers, one more each for where they begin, per 16 bytes of one of
/// them.
template <class W>
index_t fetched_lines(index_t step, index_t length) {
  constexpr index_t line = 64 / index_t{sizeof(W)}, piece = 16 / index_t{sizeof(W)};
  const index_t steps = std::max<index_t>(1, length / piece);
  return (step * ((length + line - 1) / line) + steps - 1) / steps;
}

/// Rows for which multiply_few_rows is worth its while: beyond them the products, not the reading of W, take
/// the time.
inline constexpr index_t few_rows = 8;

/// C(m,n) <- alpha X(m,k) W(n,k)' + beta C for a few rows: W, of numbers T or of bfloat16, is read once, from memory, by all
/// threads. 2 m n k FLOP, n k sizeof(W) bytes.
///
/// Determinism: bitwise in threads, and bitwise what `multiply` gives, which sums in the same order of k and the
/// same runs: nothing shows which of the two was used. C is not read where beta is 0.
template <real T, class W = T>
void multiply_few_rows(thread_team& team, std::type_identity_t<T> alpha, input_matrix<T> x, input_matrix<W> w,
                       std::type_identity_t<T> beta, matrix_view<T> c,
                       const dot_blocks<T, W>& machine = dot_blocks<T, W>::of_this_machine()) {
  constexpr index_t depth = last_rows<T>::depth;
  constexpr index_t worth_bytes = index_t{1} << 16;  // some 4 microseconds of reading: worth a second thread
  const index_t m = c.rows(), n = c.cols(), k = x.cols(), step = machine.step;
  const index_t runs = std::max<index_t>(1, (k + depth - 1) / depth), blocks = (n + step - 1) / step;
  const index_t worth = 1 + worth_bytes / std::max<index_t>(1, step * k * index_t{sizeof(W)});
  team.for_range(blocks, worth, [&](index_t begin, index_t end, int) {
    last_rows<T, W> last;
    for (index_t j = begin * step; j < std::min(n, end * step); j += step)
      for (index_t run = 0; run < runs; ++run) {
        const index_t from = k * run / runs, length = k * (run + 1) / runs - from,
                      count = std::min(step, n - j);
        dot_block<T, W> p{length,     alpha,      run == 0 ? beta : T{1},
                          nullptr,    x.stride(), w.row(j) + from,
                          w.stride(), nullptr,    0,
                          nullptr,    0};
        const bool last_run = run + 1 == runs;
        const index_t next_row = last_run ? std::min(j + step, n - 1) : j,
                      next_column = last_run ? 0 : from + length;
        p.next = w.row(next_row) + next_column;
        p.lines = fetched_lines<W>(step, length);
        if (count < step) {
          std::fill_n(last.w, step * length, W{});
          for (index_t r = 0; r < count; ++r) std::copy_n(w.row(j + r) + from, length, last.w + r * length);
          p.w = last.w;
          p.w_stride = length;
        }
        for (index_t i = 0; i < m;) {
          const index_t rows = m - i >= 8 && machine.eight != nullptr ? 8 : m - i >= 4 ? 4 : m - i >= 2 ? 2 : 1;
          p.x = x.row(i) + from;
          p.c = count == step ? c.row(i) + j : last.c;
          p.c_stride = count == step ? c.stride() : step;
          if (count < step && p.beta != 0)
            for (index_t r = 0; r < rows; ++r) std::copy_n(c.row(i + r) + j, count, last.c + r * step);
          const auto call = rows == 8 ? machine.eight : rows == 4 ? machine.four : rows == 2 ? machine.two : machine.one;
          call(p);
          p.lines = 0;
          if (count < step)
            for (index_t r = 0; r < rows; ++r) std::copy_n(last.c + r * step, count, c.row(i + r) + j);
          i += rows;
        }
      }
  });
}

}  // namespace prismatic::detail
