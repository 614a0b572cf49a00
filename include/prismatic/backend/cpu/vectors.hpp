/// Kernels written once for vectors of any length, and run at the longest the processor has.
#pragma once

#include <prismatic/config.hpp>
#include <prismatic/core/types.hpp>

#include <utility>

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

  /// out[i] <- the sum of the lanes of v[i], for `size` vectors: neighbours are added, then those sums, ...
  [[gnu::always_inline]] static void totals(const vector* v, vector& out) noexcept {
    add_neighbours<size>(v, out, std::make_integer_sequence<int, size>());
  }

 private:
  template <index_t Count, int... I>
  [[gnu::always_inline]] static void add_neighbours(const vector* v, vector& out, std::integer_sequence<int, I...> lanes) noexcept {
    if constexpr (Count == 1) {
      out = *v;
    } else {
      vector a, b;
      add_neighbours<Count / 2>(v, a, lanes);
      add_neighbours<Count / 2>(v + Count / 2, b, lanes);
      out = __builtin_shufflevector(a, b, 2 * I...) + __builtin_shufflevector(a, b, 2 * I + 1 ...);
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
