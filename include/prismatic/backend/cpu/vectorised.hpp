/// Plain loops compiled for the vector registers the processor has, whatever the program is compiled for.
#pragma once

#include <prismatic/config.hpp>

namespace prismatic {

namespace detail {

#if PRISMATIC_X86
#if defined(__clang__)
#define PRISMATIC_VECTORISE gnu::flatten, gnu::noinline
#else
#define PRISMATIC_VECTORISE gnu::flatten, gnu::noinline, gnu::optimize("O3")  // at -O2 g++ 12 leaves most loops scalar
#endif
template <class F>
[[gnu::target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma"), PRISMATIC_VECTORISE]] void with_avx512(const F& loops) {
  loops();
}
template <class F>
[[gnu::target("avx2,fma"), PRISMATIC_VECTORISE]] void with_avx2(const F& loops) {
  loops();
}
#undef PRISMATIC_VECTORISE
#endif

}  // namespace detail

/// Runs `loops()`, compiled three times: for AVX-512, for AVX2, and as the program is. Everything it calls
/// becomes part of it, so it should hold the loops and little else. With vectors a product and a sum are one
/// rounding: results may differ between processors, never between runs.
template <class F>
inline void vectorised(const F& loops) {
#if PRISMATIC_X86
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq"))
    return detail::with_avx512(loops);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return detail::with_avx2(loops);
#endif
  loops();
}

}  // namespace prismatic
