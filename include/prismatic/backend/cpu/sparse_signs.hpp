/// Sparse sign projection on the CPU: Z += G R with s non-zeros, +1 or -1, in every row of R, drawn on the
/// fly from Philox, never stored.
///
/// The d outputs are cut into s blocks, block t = [t d / s, (t + 1) d / s) rounded down. An entry of a
/// gradient goes into one output of each block, by 16 random bits that are a pure function of (tensor, row,
/// column, t):
///
///   words = philox4x32(counter = {16 (column / 128) + column % 16, row, t, 1}, key = stream_key(seed, tensor))
///   bits  = half (column / 16) % 2 (0: the low one) of words[(column / 32) % 4]
///   output = t d / s + (bits % 2^15) * size of block t / 2^15,   sign = bit 15 of bits is set ? -1 : +1
///
/// so one call of the generator serves 8 columns, 16 calls side by side fill 8 registers in column order, and
/// the same R holds for every backend, thread count, batch size and shard.
///
/// Kernels see codes: the output in the low 31 bits, the sign in bit 31.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/cpu/context.hpp>
#include <prismatic/backend/cpu/sparse_signs_x86.hpp>
#include <prismatic/core/checked.hpp>
#include <prismatic/core/philox.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>

namespace prismatic {

namespace detail {

/// The codes of columns [128 unit, 128 unit + 128) of `row` for block t of the outputs, [first, first + size).
inline void sparse_codes_portable(philox_key key, index_t row, index_t unit, index_t t, index_t first,
                                  index_t size, std::uint32_t* codes) {
  for (index_t lane = 0; lane < 16; ++lane) {
    const philox_counter words = philox4x32({static_cast<std::uint32_t>(16 * unit + lane),
                                             static_cast<std::uint32_t>(row), static_cast<std::uint32_t>(t), 1},
                                            key);
    for (index_t k = 0; k < 8; ++k) {
      const std::uint32_t bits = words[static_cast<std::size_t>(k / 2)] >> (16 * (k % 2)) & 0xFFFFu;
      const std::uint32_t place = (bits & 0x7FFFu) * static_cast<std::uint32_t>(size) >> 15;
      codes[16 * k + lane] = (static_cast<std::uint32_t>(first) + place) | (bits & 0x8000u) << 16;
    }
  }
}

inline void sparse_codes(philox_key key, index_t row, index_t unit, index_t t, index_t first, index_t size,
                         std::uint32_t* codes) {
#if PRISMATIC_X86
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"))
    return sparse_codes_avx512::run(key, row, unit, t, first, size, codes);
  if (__builtin_cpu_supports("avx2")) return sparse_codes_avx2::run(key, row, unit, t, first, size, codes);
#endif
  sparse_codes_portable(key, row, unit, t, first, size, codes);
}

/// x under the sign of a code.
template <real T>
[[nodiscard]] T under_sign(T x, std::uint32_t code) noexcept {
  if constexpr (std::same_as<T, float>)
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) ^ (code & 0x80000000u));
  else
    return (code >> 31) != 0 ? -x : x;
}

/// sums[output] += sign * entry for `width` <= 128 entries of one sample, under `count` codes each.
template <real T>
void scatter_entries(const T* entries, index_t width, const std::uint32_t* codes, index_t count, T* sums) {
  // Signs apart from additions, so that compilers make vector code of them.
  std::array<T, sparse_unit> terms;
  for (index_t t = 0; t < count; ++t, codes += sparse_unit) {
    if (width == sparse_unit)
      for (std::size_t c = 0; c < sparse_unit; ++c) terms[c] = under_sign(entries[c], codes[c]);
    else
      for (std::size_t c = 0; c < static_cast<std::size_t>(width); ++c)
        terms[c] = under_sign(entries[c], codes[c]);
#pragma GCC unroll 4
    for (std::size_t c = 0; c < static_cast<std::size_t>(width); ++c) sums[codes[c] & 0x7FFFFFFFu] += terms[c];
  }
}

/// How a call is cut up. Entries are cut into parts that depend on the shapes alone, each with sums of its
/// own: what a thread adds, and in which order, does not depend on how many there are.
struct sparse_plan {
  index_t units_per_row;
  index_t units;
  index_t parts;
  index_t lane_groups;  // of eight samples, side by side; what is left over goes alone
  index_t slots;        // groups and samples alone

  sparse_plan(const sign_block& block, index_t nonzeros, index_t samples, index_t width, bool has_lanes)
      : units_per_row((block.cols + sparse_unit - 1) / sparse_unit),
        units(checked_mul(block.rows, units_per_row)) {
    const index_t entries = checked_mul(block.rows, block.cols), additions = checked_mul(entries, nonzeros);
    // Sixteen additions an output and part, for making and adding up the sums of a part costs some three; and
    // sums that take a quarter of the room of G at most.
    parts = std::min(std::clamp<index_t>(std::min(additions / 16, entries / 4) / width, 1, 16), units);
    // Side by side pays from two samples on, but not for a handful of entries.
    lane_groups = has_lanes && 2 * additions >= width ? (samples + sparse_lanes - 2) / sparse_lanes : 0;
    slots = lane_groups + std::max<index_t>(samples - sparse_lanes * lane_groups, 0);
  }
};

}  // namespace detail

template <class Kernels>
struct cpu_sparse_signs {
  using cpu = context<cpu_backend<Kernels>>;

  /// Z(S,d) += G(S, rows cols) R(rows cols, d), R having `nonzeros` entries +-1 a row. No scaling: a caller
  /// divides by sqrt(nonzeros) once, at the end. Cost: a generator call per 8 entries and non-zero, shared by
  /// the samples; per entry, non-zero and eight samples one addition in cache. Scratch: about S d numbers, or
  /// up to a quarter of the size of G.
  /// Determinism: bitwise in the thread count; up to rounding in the batch.
  template <real T>
  static void sparse_sign_accumulate(cpu& cx, const sign_block& block, index_t nonzeros, input_matrix<T> g,
                                     matrix_view<T> z) {
    const index_t samples = g.rows(), width = z.cols();
    if (g.size() == 0) return;
    const detail::sparse_plan plan(block, nonzeros, samples, width, has_lanes<T>());
    const bool straight = plan.parts == 1 && plan.lane_groups == 0;  // no sums but Z itself
    const index_t slot_size = width * (plan.lane_groups > 0 ? detail::sparse_lanes : 1);
    const bool worth_threads = g.size() * nonzeros >= (1 << 17);
    const index_t threads = worth_threads ? cx.team().size() : 1;
    const index_t splits = std::min(plan.slots, (threads + plan.parts - 1) / plan.parts);
    const scratch_matrix<T, memory::host> sums(cx.scratch(), plan.parts, straight ? 0 : plan.slots * slot_size);
    const scratch_matrix<std::uint32_t, memory::host> codes(cx.scratch(), cx.team().size(), codes_at_once);

    cx.team().for_each(plan.parts * splits, [&](index_t task, int worker) {
      const index_t part = task / splits, split = task % splits;
      const row_range units{plan.units * part / plan.parts, plan.units * (part + 1) / plan.parts};
      const row_range slots{plan.slots * split / splits, plan.slots * (split + 1) / splits};
      T* const own = sums.view().row(part);
      if (!straight) std::fill(own + slots.begin * slot_size, own + slots.end * slot_size, T{0});
      const index_t most = std::min(nonzeros, codes_at_once / detail::sparse_unit);
      const index_t chunk = codes_at_once / detail::sparse_unit / most;
      for (index_t first = 0; first < nonzeros; first += most)
        for (index_t u = units.begin; u < units.end; u += chunk) {
          const row_range here{u, std::min(u + chunk, units.end)}, non{first, std::min(first + most, nonzeros)};
          draw(plan, block, here, non, nonzeros, width, codes.view().row(worker));
          for (index_t slot = slots.begin; slot < slots.end; ++slot)
            scatter<T>(plan, block, here, non.size(), codes.view().row(worker), g, slot,
                       straight ? z.row(slot) : own + slot * slot_size);
        }
    });
    if (straight) return;

    constexpr index_t piece = 256;  // outputs
    const index_t pieces = (width + piece - 1) / piece;
    const index_t work = plan.slots * pieces;
    cx.team().for_range(work, worth_threads ? 1 : work, [&](index_t from, index_t to, int) {
      for (index_t i = from; i < to; ++i) {
        const index_t slot = i / pieces, begin = i % pieces * piece, end = std::min(begin + piece, width);
        finish<T>(plan, sums.view().middle_cols(slot * slot_size, slot_size), slot, begin, end, z);
      }
    });
  }

 private:
  static constexpr index_t codes_at_once = 128 * detail::sparse_unit;  // 64 KiB

  template <class T>
  static bool has_lanes() {
#if PRISMATIC_X86
    if constexpr (std::same_as<T, float>) return __builtin_cpu_supports("avx2") != 0;
#endif
    return false;
  }

  // Codes of some units and non-zeros, unit by unit, 128 for each t.
  static void draw(const detail::sparse_plan& plan, const sign_block& block, row_range units, row_range non,
                   index_t nonzeros, index_t width, std::uint32_t* codes) {
    for (index_t u = units.begin; u < units.end; ++u)
      for (index_t t = non.begin; t < non.end; ++t, codes += detail::sparse_unit) {
        const index_t first = t * width / nonzeros, end = (t + 1) * width / nonzeros;
        detail::sparse_codes(block.key, block.first_row + u / plan.units_per_row, u % plan.units_per_row, t,
                             first, end - first, codes);
      }
  }

  template <class T>
  static void scatter(const detail::sparse_plan& plan, const sign_block& block, row_range units, index_t count,
                      const std::uint32_t* codes, matrix_view<const T> g, index_t slot, T* sums) {
    for (index_t u = units.begin; u < units.end; ++u, codes += count * detail::sparse_unit) {
      const index_t column = u % plan.units_per_row * detail::sparse_unit;
      const index_t at = u / plan.units_per_row * block.cols + column;
      const index_t width = std::min(detail::sparse_unit, block.cols - column);
#if PRISMATIC_X86
      if constexpr (std::same_as<T, float>)
        if (slot < plan.lane_groups) {
          detail::sparse_scatter_avx2::eight_rows rows;
          for (index_t lane = 0; lane < detail::sparse_lanes; ++lane)  // an empty lane repeats the last sample
            rows[static_cast<std::size_t>(lane)] =
                g.row(std::min(slot * detail::sparse_lanes + lane, g.rows() - 1)) + at;
          detail::sparse_scatter_avx2::run(rows, width, codes, count, sums);
          continue;
        }
#endif
      detail::scatter_entries<T>(g.row(sample_alone(plan, slot)) + at, width, codes, count, sums);
    }
  }

  // Z += the sums of all parts, for one slot and outputs [begin, end).
  template <class T>
  static void finish(const detail::sparse_plan& plan, matrix_view<const T> sums, index_t slot, index_t begin,
                     index_t end, matrix_view<T> z) {
#if PRISMATIC_X86
    if constexpr (std::same_as<T, float>)
      if (slot < plan.lane_groups) {
        const index_t sample = slot * detail::sparse_lanes,
                      count = std::min(detail::sparse_lanes, z.rows() - sample);
        return detail::sparse_scatter_avx2::finish(sums.data(), plan.parts, sums.stride(), begin, end,
                                                   z.middle_rows(sample, count));
      }
#endif
    for (index_t j = begin; j < end; ++j) {
      T sum = sums(0, j);
      for (index_t part = 1; part < plan.parts; ++part) sum += sums(part, j);
      z(sample_alone(plan, slot), j) += sum;
    }
  }

  static index_t sample_alone(const detail::sparse_plan& plan, index_t slot) {
    return slot - plan.lane_groups + plan.lane_groups * detail::sparse_lanes;
  }
};

}  // namespace prismatic
