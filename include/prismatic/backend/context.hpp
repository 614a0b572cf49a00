/// The execution resources of one backend: threads or a stream, scratch memory, the base seed.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>

#include <cstdint>
#include <string>

namespace prismatic {

struct context_options {
  int threads = 0;         ///< CPU threads, the caller's included; 0 takes one per hardware thread
  std::uint64_t seed = 0;  ///< every random stream of the context derives from it
  /// Bytes of activations that sweeps may keep at a time. One that would keep more computes them again on its way back:
  /// the same numbers, for about a third more time. 0: 2 GiB in host memory, half of what is free on a device.
  index_t activation_bytes = 0;
};

/// What a context in host memory takes unless options say otherwise.
inline constexpr index_t usual_activation_bytes = index_t{2} << 30;

/// Specialised by each backend. Move-free, one per calling thread, created by the user and passed first.
/// Every specialisation has `workspace<B::space>& scratch()`, `std::uint64_t seed() const`, `index_t
/// activation_bytes() const` and `void synchronize()`, the only call that waits for a device.
template <class Backend>
class context;

/// What `gemm` and `segment_outer` make of float operands; dense signs may then be looked up in tables of 16 bits
/// (backend/cpu/fixed_signs_x86.hpp). Double ignores it.
enum class product_precision : std::uint8_t {
  full,           ///< they are taken as they are
  tf32,           ///< rounded to 11 significant bits: devices only
  bf16_backward,  ///< rounded to bfloat16, 8 significant bits, in the backward sweep; sums stay in float
  bf16            ///< in the forward sweep too: the gradient is taken at activations that are a little off
};

/// A context's products at one precision while this lives, as before it afterwards. A context that has
/// `product_precision products() const` and `void set_products(product_precision)` has both.
template <class B>
class products_at {
 public:
  /// @throws option_error  the backend has no such products
  products_at(context<B>& cx, product_precision wanted) : context_(cx) {
    if constexpr (has_both) {
      before_ = cx.products();
      cx.set_products(wanted);
    } else {
      require_option(wanted == product_precision::full,
                     "products: found bf16, expected full: the backend " + std::string(B::name) + " has no other");
    }
  }
  products_at(const products_at&) = delete;
  products_at& operator=(const products_at&) = delete;
  ~products_at() {
    if constexpr (has_both) context_.set_products(before_);
  }

 private:
  static constexpr bool has_both = requires(context<B>& cx) { cx.set_products(cx.products()); };

  context<B>& context_;
  product_precision before_ = product_precision::full;
};

/// While this lives, `gemm` and `segment_outer` of a context with `bool matrix_units() const` and `void set_matrix_units(bool)`
/// multiply floats by multiply-adds alone, which read a matrix of floats once for a few rows faster than units do. For decoding:
/// steps of few rows and of many then give the same bits at the speed of memory.
template <class B>
class without_matrix_units {
 public:
  explicit without_matrix_units(context<B>& cx) : context_(cx) {
    if constexpr (has_both) {
      before_ = cx.matrix_units();
      cx.set_matrix_units(false);
    }
  }
  without_matrix_units(const without_matrix_units&) = delete;
  without_matrix_units& operator=(const without_matrix_units&) = delete;
  ~without_matrix_units() {
    if constexpr (has_both) context_.set_matrix_units(before_);
  }

 private:
  static constexpr bool has_both = requires(context<B>& cx) { cx.set_matrix_units(cx.matrix_units()); };

  context<B>& context_;
  bool before_ = true;
};

/// The precision of a forward product: what bf16_backward leaves at full.
template <class B>
[[nodiscard]] product_precision forward_products(const context<B>& cx) {
  if constexpr (requires { cx.products(); })
    if (cx.products() != product_precision::bf16_backward) return cx.products();
  return product_precision::full;
}

}  // namespace prismatic
