/// The processor's matrix units (Intel AMX): whether this process may use them, and squares of sums that they make.
#pragma once

#include <prismatic/config.hpp>
#include <prismatic/core/types.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#if PRISMATIC_X86 && defined(__linux__)
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace prismatic::detail {

/// 16 rows of 16 pairs of bfloat16, 64 bytes a row. As a left operand a row is a row's 32 numbers along k; as a right
/// operand it is 16 columns' pairs of one place along k.
inline constexpr index_t unit_side = 16, unit_depth = 32, unit_block = 256;

#if PRISMATIC_X86 && defined(__linux__)
/// Whether products of bfloat16 run on matrix units here. The first call asks the system for them, once for the
/// process: frames of signal handlers grow by 8 KiB (docs/pitfalls.md), nothing else changes.
inline bool has_matrix_units() {
  static const bool found = [] {
    constexpr unsigned bf16_units = 1u << 22, tiles = 1u << 24;
    constexpr long request_permission = 0x1023, tile_data = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (d & bf16_units) == 0 || (d & tiles) == 0) return false;
    if (!__builtin_cpu_supports("avx512bf16") || !__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512vl"))
      return false;
    return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
  }();
  return found;
}

/// The calling thread's tiles are set up while one of these lives, and empty afterwards.
class matrix_units {
 public:
  [[PRISMATIC_AMX]] matrix_units() { _tile_loadconfig(&shapes); }
  matrix_units(const matrix_units&) = delete;
  matrix_units& operator=(const matrix_units&) = delete;
  [[PRISMATIC_AMX]] ~matrix_units() { _tile_release(); }

 private:
  struct alignas(64) configuration {
    std::uint8_t palette, start_row, reserved[14];
    std::uint16_t row_bytes[16];
    std::uint8_t rows[16];
  };
  // static: g++ 12 thinks that 8 bytes of it are read
  static constexpr configuration shapes{1, 0, {}, {64, 64, 64, 64, 64, 64, 64, 64}, {16, 16, 16, 16, 16, 16, 16, 16}};
};

/// How the parts of two operands are multiplied: with three parts each, x = x0 + x1 + x2 and w likewise, the six products
/// x_i w_j of i + j < 3; what they leave out is at most 2^-24 of |x w|. The small ones come first: a sum of small numbers
/// rounds little, and the few additions of x0 w0 that follow are all that shows.
template <int Parts>
struct part_products {
  static_assert(Parts == 1 || Parts == 3);
  static constexpr int small = Parts == 1 ? 0 : 5;
  static constexpr int left[5] = {2, 1, 1, 0, 0}, right[5] = {0, 0, 1, 1, 2};
};

/// C(16 Rows, 16 Cols) <- A B over `steps` blocks along k, at c with `stride` numbers a row. Rows and Cols are 1 or 2; part p
/// of the block t of step s lies at a + ((2 s + t) Parts + p) unit_block, and B's likewise. With `Turned` the operands have
/// changed places: the products are formed in the order of the other's parts, so that every sum has the same bits. With
/// `Single` B has one part, and the others are known to be zero: the bits of all products, for half as many. 1,024 operations a
/// cycle.
template <int Parts, int Rows, int Cols, bool Turned = false, bool Single = false>
struct unit_tile {
  [[PRISMATIC_AMX]] static void run(const std::uint32_t* a, const std::uint32_t* b, index_t steps, float* c, index_t stride) {
    static_assert(!(Turned && Single));
    using order = part_products<Parts>;
    asm volatile("" ::: "memory");  // the intrinsics of g++ 12 do not say that they read
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (index_t s = 0; s < steps && order::small > 0; ++s) {
      fetch(c, stride, s, steps);
      int a_part = -1, b_part = -1;  // in tiles 4 and 5, 6 and 7
#pragma GCC unroll 5
      for (int i = 0; i < order::small; ++i) {
        const int a_wanted = Turned ? order::right[i] : order::left[i], b_wanted = Turned ? order::left[i] : order::right[i];
        if (Single && order::right[i] != 0) continue;
        if (a_wanted != a_part) load_a(a + 2 * s * block, a_part = a_wanted);
        if (b_wanted != b_part) load_b(b + 2 * s * b_block, b_part = b_wanted);
        multiply();
      }
    }
    for (index_t s = 0; s < steps; ++s) {
      if (order::small == 0) fetch(c, stride, s, steps);
      load_a(a + 2 * s * block, 0);
      load_b(b + 2 * s * b_block, 0);
      multiply();
    }
    const index_t row = stride * index_t{sizeof(float)};
    float* const below = c + unit_side * stride;
    _tile_stored(0, c, row);
    if constexpr (Cols == 2) _tile_stored(1, c + unit_side, row);
    if constexpr (Rows == 2) _tile_stored(2, below, row);
    if constexpr (Rows == 2 && Cols == 2) _tile_stored(3, below + unit_side, row);
    asm volatile("" ::: "memory");  // or write
  }

 private:
  static constexpr index_t block = Parts * unit_block, b_block = Single ? unit_block : block;  // all parts

  // A step's share of the rows of C: all of them at once would keep operands waiting.
  [[gnu::always_inline]] static inline void fetch(const float* c, index_t stride, index_t step, index_t steps) {
    constexpr index_t rows = unit_side * Rows;
    const index_t share = (rows + steps - 1) / steps, end = std::min(rows, (step + 1) * share);
    for (index_t i = step * share; i < end; ++i) {
      __builtin_prefetch(c + i * stride, 1);
      if constexpr (Cols == 2) __builtin_prefetch(c + i * stride + unit_side, 1);
    }
  }
  [[PRISMATIC_AMX, gnu::always_inline]] static inline void load_a(const std::uint32_t* a, int part) {
    _tile_loadd(4, a + part * unit_block, 64);
    if constexpr (Rows == 2) _tile_loadd(5, a + block + part * unit_block, 64);
  }
  [[PRISMATIC_AMX, gnu::always_inline]] static inline void load_b(const std::uint32_t* b, int part) {
    _tile_loadd(6, b + part * unit_block, 64);
    if constexpr (Cols == 2) _tile_loadd(7, b + b_block + part * unit_block, 64);
  }
  [[PRISMATIC_AMX, gnu::always_inline]] static inline void multiply() {
    _tile_dpbf16ps(0, 4, 6);
    if constexpr (Cols == 2) _tile_dpbf16ps(1, 4, 7);
    if constexpr (Rows == 2) _tile_dpbf16ps(2, 5, 6);
    if constexpr (Rows == 2 && Cols == 2) _tile_dpbf16ps(3, 5, 7);
  }
};

/// Of sixteen lanes those below `count`.
inline __mmask16 lanes_below(index_t count) {
  return static_cast<__mmask16>(count >= 16 ? 0xFFFF : count <= 0 ? 0 : (1 << count) - 1);
}

/// A square of 32 x 32 sums on its way to where they go.
struct unit_square {
  static constexpr index_t side = 2 * unit_side;
  alignas(64) float sums[std::size_t{side} * side];

  /// C(rows, cols) <- alpha sums + beta C, which is not read where beta is 0.
  [[PRISMATIC_AMX]] void put(float alpha, float beta, float* c, index_t stride, index_t rows, index_t cols) const {
    const __mmask16 lower = lanes_below(cols), upper = lanes_below(cols - unit_side);
    const __m512 a = _mm512_set1_ps(alpha), b = _mm512_set1_ps(beta);
    const float* from = sums;
    for (index_t i = 0; i < rows; ++i, from += side, c += stride) {
      __m512 left = _mm512_mul_ps(a, _mm512_load_ps(from)), right = _mm512_mul_ps(a, _mm512_load_ps(from + 16));
      if (beta != 0) {
        left = _mm512_fmadd_ps(b, _mm512_maskz_loadu_ps(lower, c), left);
        right = _mm512_fmadd_ps(b, _mm512_maskz_loadu_ps(upper, c + 16), right);
      }
      _mm512_mask_storeu_ps(c, lower, left);
      _mm512_mask_storeu_ps(c + 16, upper, right);
    }
  }
};

#else

inline bool has_matrix_units() { return false; }

#endif

}  // namespace prismatic::detail
