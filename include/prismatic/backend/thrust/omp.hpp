/// Thrust's OpenMP system: host memory, threads, and products tile by tile. Compile with -fopenmp.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/thrust.hpp>
#include <prismatic/backend/thrust/context.hpp>
#include <prismatic/backend/thrust/host_product.hpp>
#include <prismatic/backend/thrust/launch.hpp>
#include <prismatic/core/matrix_view.hpp>

#include <omp.h>
#include <thrust/system/omp/execution_policy.h>

#include <algorithm>
#include <string_view>
#include <thread>

namespace prismatic {

struct thrust_omp {
  static constexpr std::string_view name = "thrust-omp";
  static constexpr memory space = memory::host;
  static constexpr index_t chunk = 1024;  ///< neighbouring elements that one call of a functor takes
  static constexpr index_t lanes = 1;     ///< threads that share a row's fold

  class resources {
   public:
    explicit resources(const context_options& options)
        : threads_(options.threads > 0 ? options.threads
                                       : std::max(1, static_cast<int>(std::thread::hardware_concurrency()))) {}

    /// use(policy) on this context's number of threads, or on one for little work. OpenMP keeps that number for each
    /// calling thread by itself; it is put back.
    template <class F>
    void run(index_t work, F&& use) {
      const team_size size(work < worth_threads ? 1 : threads_);
      use(::thrust::omp::par);
    }

    void synchronize() noexcept {}

   private:
    static constexpr index_t worth_threads = 1 << 14;  // operations: some 10 microseconds

    class team_size {
     public:
      explicit team_size(int threads) : before_(::omp_get_max_threads()) { ::omp_set_num_threads(threads); }
      team_size(const team_size&) = delete;
      team_size& operator=(const team_size&) = delete;
      ~team_size() { ::omp_set_num_threads(before_); }

     private:
      int before_;
    };

    int threads_;
  };

  /// C <- alpha op(A) op(B) + beta C. Determinism: bitwise in threads, tiles depend on shapes alone.
  template <real T, class Context>
  static void gemm(Context& cx, op a_op, op b_op, T alpha, matrix_view<const T> a, matrix_view<const T> b, T beta,
                   matrix_view<T> c) {
    multiply(cx, detail::host_product_tile<T>{a_op, b_op, alpha, a, b, beta, c, false});
  }

  /// The lower triangle of C <- alpha op(A) op(A)' + beta C; what lies above it is left as it may.
  template <real T, class Context>
  static void symmetric_product(Context& cx, op a_op, T alpha, matrix_view<const T> a, T beta, matrix_view<T> c) {
    const op other = a_op == op::none ? op::transpose : op::none;
    multiply(cx, detail::host_product_tile<T>{a_op, other, alpha, a, a, beta, c, true});
  }

 private:
  template <class T, class Context>
  static void multiply(Context& cx, const detail::host_product_tile<T>& tile) {
    detail::for_each_index(cx, tile.count(), tile.c.size() * tile.depth(), tile);
  }
};

static_assert(backend<thrust_backend<thrust_omp>, float> && backend<thrust_backend<thrust_omp>, double>);

}  // namespace prismatic
