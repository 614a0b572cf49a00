/// Thrust's CUDA system: device memory, a stream, products by cuBLAS. Compile with nvcc.
#pragma once

#include <prismatic/backend/cuda/check.cuh>
#include <prismatic/backend/cuda/dense.cuh>
#include <prismatic/backend/cuda/memory.cuh>
#include <prismatic/backend/cuda/stream.cuh>
#include <prismatic/backend/thrust.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/workspace.hpp>

#include <thrust/system/cuda/execution_policy.h>
#include <thrust/system_error.h>

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

  class resources : public cuda_stream {
   public:
    explicit resources(const context_options&) {}

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

  template <real T, class Context>
  static void gemm(Context& cx, op a_op, op b_op, T alpha, matrix_view<const T, space> a, matrix_view<const T, space> b,
                   T beta, matrix_view<T, space> c) {
    detail::cublas_gemm<T>(cx.resources(), a_op, b_op, alpha, a, b, beta, c);
  }

  /// The lower triangle of C <- alpha op(A) op(A)' + beta C.
  template <real T, class Context>
  static void symmetric_product(Context& cx, op a_op, T alpha, matrix_view<const T, space> a, T beta,
                                matrix_view<T, space> c) {
    detail::cublas_syrk<T>(cx.resources(), a_op, alpha, a, beta, c);
  }
};

static_assert(backend<thrust_backend<thrust_cuda>, float> && backend<thrust_backend<thrust_cuda>, double>);

}  // namespace prismatic
