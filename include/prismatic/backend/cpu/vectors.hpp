/// Kernels written once for vectors of any length, and run at the longest the processor has.
#pragma once

#include <prismatic/config.hpp>
#include <prismatic/core/types.hpp>

namespace prismatic::detail {

/// `size` numbers that are added and multiplied as one. A `vector` is never an argument or a result by value:
/// no calling convention may depend on it. g++ 12 keeps named vectors in registers, but not arrays of them
/// that a loop outside the innermost one goes through.
template <class T, int Bytes>
struct lanes_of {
  typedef T vector __attribute__((vector_size(Bytes)));
  /// A vector among the elements of an array, wherever it begins: as a structure, since clang forgets what a type says of
  /// its alignment in a template.
  struct [[gnu::packed, gnu::may_alias]] in_memory {
    vector v;
  };
  static constexpr index_t size = Bytes / static_cast<int>(sizeof(T));

  [[gnu::always_inline]] static in_memory& at(T* p) noexcept { return *reinterpret_cast<in_memory*>(p); }
  [[gnu::always_inline]] static const in_memory& at(const T* p) noexcept {
    return *reinterpret_cast<const in_memory*>(p);
  }

  /// C <- alpha sum + beta C, which is not read where beta is 0.
  [[gnu::always_inline]] static void put(const vector& sum, T alpha, T beta, T* c) noexcept {
    if (beta == 0)
      at(c).v = alpha * sum;
    else
      at(c).v = alpha * sum + beta * at(c).v;
  }

  /// The sum of the lanes, by halves.
  [[gnu::always_inline]] static T total(const vector& v) noexcept {
    if constexpr (size == 2) {
      return v[0] + v[1];
    } else {
      using half = lanes_of<T, Bytes / 2>;
      const T* const p = reinterpret_cast<const T*>(&v);
      const typename half::vector sum = half::at(p).v + half::at(p + half::size).v;
      return half::total(sum);
    }
  }

  /// out[i] <- the sum of the lanes of v[i], for `Count` = `size` vectors: neighbours are added, then those sums, ...
  template <index_t Count = size>
  [[gnu::always_inline]] static void totals(const vector* v, vector& out) noexcept {
    if constexpr (Count == 1) {
      out = *v;
    } else {
      vector a, b;
      totals<Count / 2>(v, a);
      totals<Count / 2>(v + Count / 2, b);
      // Spelt out: nvcc loses a pack among these arguments.
      if constexpr (size == 2)
        out = __builtin_shufflevector(a, b, 0, 2) + __builtin_shufflevector(a, b, 1, 3);
      else if constexpr (size == 4)
        out = __builtin_shufflevector(a, b, 0, 2, 4, 6) + __builtin_shufflevector(a, b, 1, 3, 5, 7);
      else if constexpr (size == 8)
        out = __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14) +
              __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15);
      else
        out = __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30) +
              __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    }
  }
};

#if PRISMATIC_X86
template <class Kernel, class... Args>
[[gnu::target("avx512f")]] void run_avx512(Args... args) {
  Kernel::template run<64>(args...);
}
template <class Kernel, class... Args>
[[gnu::target("avx2,fma")]] void run_avx2(Args... args) {
  Kernel::template run<32>(args...);
}
#endif

/// Kernel::run<Bytes>(args...), which must be always_inline and free of lambdas: it takes on the instruction
/// set of the function it is inlined into.
template <class Kernel, class... Args>
void on_widest_vectors(Args... args) {
#if PRISMATIC_X86
  if (__builtin_cpu_supports("avx512f")) return run_avx512<Kernel>(args...);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return run_avx2<Kernel>(args...);
#endif
  Kernel::template run<16>(args...);
}

}  // namespace prismatic::detail
