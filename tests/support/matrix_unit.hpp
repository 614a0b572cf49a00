/// A matrix unit on the host: what the lanes of a warp hold, and the product of a tile.
#pragma once

#include "support/numeric.hpp"

#include <prismatic/backend/functors/bf16.hpp>
#include <prismatic/backend/functors/unit_tiles.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>

namespace test {

inline float widened_bf16(std::uint32_t bits) { return std::bit_cast<float>(bits << 16); }

/// The registers of a warp, a row a lane.
struct fragments {
  float c[32][4];
  std::uint32_t a[32][4], b[32][2];
};

/// C += A B as the PTX ISA lays mma.m16n8k16 out: lane 4 g + t holds, two to a register, rows g and g + 8 of A at columns
/// 2 t, 2 t + 1 and those plus 8; rows 2 t, 2 t + 1 and those plus 8 of B at column g; rows g and g + 8 of C at 2 t, 2 t + 1.
inline void multiply_tile(fragments& f) {
  double a[16][16], b[16][8];
  for (int lane = 0; lane < 32; ++lane)
    for (int half = 0; half < 2; ++half) {
      const int g = lane / 4, t = lane % 4;
      const auto value = [&](std::uint32_t word) { return double(widened_bf16(word >> (16 * half) & 0xFFFFu)); };
      for (int e = 0; e < 4; ++e) a[g + e % 2 * 8][2 * t + half + e / 2 * 8] = value(f.a[lane][e]);
      for (int e = 0; e < 2; ++e) b[2 * t + half + e * 8][g] = value(f.b[lane][e]);
    }
  for (int lane = 0; lane < 32; ++lane)
    for (int e = 0; e < 4; ++e) {
      double sum = double(f.c[lane][e]);
      for (int k = 0; k < 16; ++k) sum += a[lane / 4 + e / 2 * 8][k] * b[k][lane % 4 * 2 + e % 2];
      f.c[lane][e] = static_cast<float>(sum);
    }
}

/// C += A B of a warp: a lane's words of the factors, and its numbers of C.
template <class Left, class Right, class Sums>
void multiply_lanes(Left&& left, Right&& right, Sums&& sums) {
  fragments f;
  for (int lane = 0; lane < 32; ++lane) {
    left(lane, f.a[lane]);
    right(lane, f.b[lane]);
    std::copy_n(sums(lane), 4, f.c[lane]);
  }
  multiply_tile(f);
  for (int lane = 0; lane < 32; ++lane) std::copy_n(f.c[lane], 4, sums(lane));
}

/// Numbers that lose nothing as bf16.
inline prismatic::matrix<float> bf16_gaussian(prismatic::index_t rows, prismatic::index_t cols, const char* name) {
  prismatic::matrix<float> out = gaussian<float>(rows, cols, name);
  for (prismatic::index_t i = 0; i < out.size(); ++i)
    out.data()[i] = widened_bf16(prismatic::detail::bf16_parts<1>(out.data()[i]).bits[0]);
  return out;
}

/// What the 32 lanes of a warp do with a stage of unit_tiles between its phases.
template <int Parts, class State>
void multiply_stage(const prismatic::detail::four_words* words, int warp, State* lanes) {
  using tiles = prismatic::detail::unit_tiles<Parts>;
  for (int q = 0; q < Parts; ++q)
    for (int p = 0; p + q < Parts; ++p)
      for (int m = 0; m < 4; ++m)
        for (int n = 0; n < 4; ++n) {
          fragments f;
          for (int lane = 0; lane < 32; ++lane) {
            const auto& a = words[tiles::place_a(warp, m, p, lane)].word;
            const auto& b = words[tiles::place_b(warp, n / 2, q, lane)].word;
            std::copy_n(lanes[lane].sums[m][n], 4, f.c[lane]);
            std::copy_n(a, 4, f.a[lane]);
            f.b[lane][0] = b[n % 2];
            f.b[lane][1] = b[n % 2 + 2];
          }
          multiply_tile(f);
          for (int lane = 0; lane < 32; ++lane) std::copy_n(f.c[lane], 4, lanes[lane].sums[m][n]);
        }
}

}  // namespace test
