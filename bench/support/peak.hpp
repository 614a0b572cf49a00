/// What this machine can do at most, measured in this process: the roof that `of_peak` compares with.
#pragma once

#include <prismatic/config.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/parallel.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <vector>

#if PRISMATIC_X86
#include <immintrin.h>
#endif

namespace bench {

using namespace prismatic;

namespace detail {

// Sixteen independent chains of fused multiply-adds; returns something the compiler cannot drop.
#if PRISMATIC_X86
[[gnu::target("avx512f")]] inline float multiply_adds_avx512(index_t rounds) {
  __m512 sum[16];
  for (auto& s : sum) s = _mm512_set1_ps(1.0f);
  const __m512 a = _mm512_set1_ps(0.999f), b = _mm512_set1_ps(0.001f);
  for (index_t i = 0; i < rounds; ++i)
#pragma GCC unroll 16  // or the sums go through memory
    for (auto& s : sum) s = _mm512_fmadd_ps(s, a, b);
  float total = 0;
  for (const auto& s : sum) total += _mm512_cvtss_f32(s);
  return total;
}
[[gnu::target("avx2,fma")]] inline float multiply_adds_avx2(index_t rounds) {
  __m256 sum[12];
  for (auto& s : sum) s = _mm256_set1_ps(1.0f);
  const __m256 a = _mm256_set1_ps(0.999f), b = _mm256_set1_ps(0.001f);
  for (index_t i = 0; i < rounds; ++i)
#pragma GCC unroll 12
    for (auto& s : sum) s = _mm256_fmadd_ps(s, a, b);
  float total = 0;
  for (const auto& s : sum) total += _mm256_cvtss_f32(s);
  return total;
}
#endif

inline float multiply_adds_portable(index_t rounds) {
  std::array<float, 16> sum{};
  for (index_t i = 0; i < rounds; ++i)
    for (float& s : sum) s = s * 0.999f + 0.001f;
  float total = 0;
  for (const float s : sum) total += s;
  return total;
}

template <class F>
double best_of(int times, F&& run) {
  double best = 1e300;
  for (int i = 0; i < times; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    run();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
  }
  return best;
}

}  // namespace detail

/// FLOP/s in float and bytes/s read, of all threads together.
struct peak {
  double flops;
  double bytes;

  static const peak& measured() {
    static const peak found = measure();
    return found;
  }

 private:
  static peak measure() {
    thread_team team;
    std::vector<float> sink(static_cast<std::size_t>(team.size()));
    constexpr index_t rounds = 20'000'000;
    double per_round = 2 * 16;
    float (*kernel)(index_t) = detail::multiply_adds_portable;
#if PRISMATIC_X86
    if (__builtin_cpu_supports("avx512f")) {
      kernel = detail::multiply_adds_avx512;
      per_round = 2 * 16 * 16;
    } else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
      kernel = detail::multiply_adds_avx2;
      per_round = 2 * 12 * 8;
    }
#endif
    const double compute = detail::best_of(
        5, [&] { team.run([&](int worker) { sink[static_cast<std::size_t>(worker)] = kernel(rounds); }); });

    matrix<double> block(1, index_t{64} << 20);  // 512 MiB
    std::fill_n(block.data(), block.size(), 1.0);  // pages of its own: those never written share one of zeros
    std::vector<double> sums(sink.size());
    const double read = detail::best_of(5, [&] {
      team.for_range(block.size(), 1, [&](index_t begin, index_t end, int worker) {
        std::array<double, 16> parts{};
        for (index_t i = begin; i + 16 <= end; i += 16)
          for (index_t k = 0; k < 16; ++k) parts[static_cast<std::size_t>(k)] += block.data()[i + k];
        for (const double p : parts) sums[static_cast<std::size_t>(worker)] += p;
      });
    });
    return {per_round * static_cast<double>(rounds) * team.size() / compute,
            static_cast<double>(block.size()) * sizeof(double) / read};
  }
};

}  // namespace bench
