/// Thrust's CUDA system: device memory, a stream, products by cuBLAS. Compile with nvcc.
#pragma once

#include <prismatic/backend/cuda/check.cuh>
#include <prismatic/backend/cuda/dense.cuh>
#include <prismatic/backend/cuda/memory.cuh>
#include <prismatic/backend/cuda/stream.cuh>
#include <prismatic/backend/functors/rounding.hpp>
#include <prismatic/backend/thrust.hpp>
#include <prismatic/core/bfloat16.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/memory_budget.hpp>
#include <prismatic/core/workspace.hpp>

#include <thrust/system/cuda/execution_policy.h>
#include <thrust/system_error.h>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prismatic {

/// Verbs are launched on the context's stream and not waited for; copies to the host and synchronize() wait. A context
/// belongs to the device that is current where it is made, and that must be current where it is used.
struct thrust_cuda {
  static constexpr std::string_view name = "thrust-cuda";
  static constexpr memory space = memory::device;
  static constexpr index_t chunk = 1;   ///< neighbouring threads take neighbouring elements
  static constexpr index_t lanes = 32;  ///< threads that share a row's fold: a warp
  static constexpr bool has_tf32 = true;  ///< products of floats with 11 significant bits are faster

  class resources : public cuda_stream {
   public:
    explicit resources(const context_options&) {}

    /// Half of what could be allocated now. @throws backend_error
    [[nodiscard]] static index_t usual_activation_bytes() {
      std::size_t free = 0, total = 0;
      check_cuda(::cudaMemGetInfo(&free, &total), "CUDA context");
      const index_t room = std::min(static_cast<index_t>(free), memory_budget::limit() - memory_budget::held());
      return std::max<index_t>(1, room / 2);
    }

    /// Waits, and forgets an allocation that was refused: CUDA reports it once more after the next launch.
    void recover() {
      static_cast<void>(::cudaGetLastError());
      synchronize();
    }

    /// use(policy), for any amount of work. @throws backend_error
    template <class F>
    void run(index_t, F&& use) {
      try {
        use(::thrust::cuda::par_nosync(temporaries_).on(get()));
      } catch (const ::thrust::system_error& failed) {
        throw backend_error(std::string("thrust: ") + failed.what());
      }
    }

   private:
    // What Thrust's sort asks for: blocks of a pool, used again in the order of the stream.
    class allocator {
     public:
      using value_type = char;

      char* allocate(std::ptrdiff_t bytes) {
        lent_.push_back(pool_.take(bytes));
        return static_cast<char*>(lent_.back().data());
      }
      void deallocate(char* p, std::size_t) noexcept {
        for (auto& lease : lent_)
          if (lease.data() == p) {
            std::swap(lease, lent_.back());
            lent_.pop_back();
            return;
          }
      }

     private:
      workspace<memory::device> pool_;
      std::vector<workspace<memory::device>::lease> lent_;  // goes before its pool
    };

    allocator temporaries_;
  };

  /// Whether floats are multiplied as bf16.
  [[nodiscard]] static bool rounds(product_precision wanted) noexcept {
    return wanted == product_precision::bf16 || wanted == product_precision::bf16_backward;
  }

  /// C <- alpha op(A) op(B) + beta C as precisely as the stream asks. At bf16 operands of 128 rows and columns of C or more are rounded
  /// first, to be multiplied at the full rate of bf16; cuBLAS rounds smaller ones as it reads them.
  template <real T, class Context>
  static void gemm(Context& cx, op a_op, op b_op, T alpha, matrix_view<const T, space> a, matrix_view<const T, space> b,
                   T beta, matrix_view<T, space> c) {
    if constexpr (std::same_as<T, float>)
      if (rounds(cx.resources().products()) && std::min(c.rows(), c.cols()) >= worth_rounding) {
        const rounded<Context> a16(cx, a), b16(cx, b);
        return detail::cublas_gemm(cx.resources(), a_op, b_op, alpha, a16.view(), b16.view(), beta, c);
      }
    detail::cublas_gemm<T>(cx.resources(), a_op, b_op, alpha, a, b, beta, c);
  }

  /// The lower triangle of C <- alpha op(A) op(A)' + beta C.
  template <real T, class Context>
  static void symmetric_product(Context& cx, op a_op, T alpha, matrix_view<const T, space> a, T beta,
                                matrix_view<T, space> c) {
    detail::cublas_syrk<T>(cx.resources(), a_op, alpha, a, beta, c);
  }

  /// P_p <- X_p' X_p for X(parts n, m) and P(parts m, m) cut into parts that lie below one another; floats that are `rounded` as TF32.
  template <real T, class Context>
  static void column_products(Context& cx, bool rounded, matrix_view<const T, space> x, index_t parts, matrix_view<T, space> p) {
    detail::cublas_column_products<T>(cx.resources(), rounded, x, parts, p);
  }

 private:
  // Rounding an operand moves 6 bytes a number: less than what is gained from so many products with each.
  static constexpr index_t worth_rounding = 128;

  // A copy in bf16; rows begin at multiples of 16 bytes, as tensor cores want them.
  template <class Context>
  class rounded {
   public:
    rounded(Context& cx, matrix_view<const float, space> x) : rows_(cx.scratch(), x.rows(), (x.cols() + 7) / 8 * 8), cols_(x.cols()) {
      const detail::round_eight round{x.cols(), x, rows_.view()};
      const index_t calls = x.rows() * round.calls_a_row();
      detail::for_each_index(cx, calls, 8 * calls, round);
    }
    [[nodiscard]] matrix_view<const bf16, space> view() const { return rows_.view().middle_cols(0, cols_); }

   private:
    scratch_matrix<bf16, space> rows_;
    index_t cols_;
  };
};

static_assert(backend<thrust_backend<thrust_cuda>, float> && backend<thrust_backend<thrust_cuda>, double>);

}  // namespace prismatic
