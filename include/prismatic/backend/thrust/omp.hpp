/// Thrust's OpenMP system: host memory, threads, and the CPU's products tile by tile. Compile with -fopenmp.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/cpu/multiply.hpp>
#include <prismatic/backend/thrust.hpp>
#include <prismatic/backend/thrust/context.hpp>
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
  static constexpr bool has_tf32 = false;  ///< whether products of floats with 11 significant bits are faster

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

    [[nodiscard]] static index_t usual_activation_bytes() noexcept { return prismatic::usual_activation_bytes; }
    void synchronize() noexcept {}
    void recover() noexcept {}

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

  /// C <- alpha op(A) op(B) + beta C. Determinism: bitwise in threads.
  template <real T, class Context>
  static void gemm(Context& cx, op a_op, op b_op, T alpha, matrix_view<const T> a, matrix_view<const T> b, T beta,
                   matrix_view<T> c) {
    multiply(cx, product_tile<T>{a_op, b_op, alpha, a, b, beta, c, false});
  }

  /// The lower triangle of C <- alpha op(A) op(A)' + beta C; what lies above it is left as it may.
  template <real T, class Context>
  static void symmetric_product(Context& cx, op a_op, T alpha, matrix_view<const T> a, T beta, matrix_view<T> c) {
    const op other = a_op == op::none ? op::transpose : op::none;
    multiply(cx, product_tile<T>{a_op, other, alpha, a, a, beta, c, true});
  }

  /// P_p <- X_p' X_p, the lower triangle, for X(parts n, m) and P(parts m, m) cut into parts that lie below one another.
  template <real T, class Context>
  static void column_products(Context& cx, bool /*rounded*/, matrix_view<const T> x, index_t parts, matrix_view<T> p) {
    const index_t n = x.rows() / parts, m = x.cols();
    for (index_t i = 0; i < parts; ++i)
      symmetric_product<T>(cx, op::transpose, T{1}, x.middle_rows(i * n, n), T{0}, p.middle_rows(i * m, m));
  }

 private:
  // A tile of C a call; with `lower_only`, none of the tiles above the diagonal.
  template <class T>
  struct product_tile {
    static constexpr index_t side = 128;
    op a_op, b_op;
    T alpha;
    matrix_view<const T> a, b;
    T beta;
    matrix_view<T> c;
    bool lower_only;

    [[nodiscard]] index_t depth() const noexcept { return a_op == op::none ? a.cols() : a.rows(); }
    [[nodiscard]] index_t across() const noexcept { return (c.cols() + side - 1) / side; }
    [[nodiscard]] index_t count() const noexcept { return (c.rows() + side - 1) / side * across(); }

    void operator()(index_t task) const {
      const index_t i = task / across() * side, j = task % across() * side;
      if (lower_only && j > i) return;
      const index_t rows = std::min(side, c.rows() - i), cols = std::min(side, c.cols() - j);
      detail::multiply<T>(a_op, b_op, alpha, a_op == op::none ? a.middle_rows(i, rows) : a.middle_cols(i, rows),
                          b_op == op::none ? b.middle_cols(j, cols) : b.middle_rows(j, cols), beta,
                          c.middle_rows(i, rows).middle_cols(j, cols));
    }
  };

  template <class T, class Context>
  static void multiply(Context& cx, const product_tile<T>& tile) {
    detail::for_each_index(cx, tile.count(), tile.c.size() * tile.depth(), tile);
  }
};

static_assert(backend<thrust_backend<thrust_omp>, float> && backend<thrust_backend<thrust_omp>, double>);

}  // namespace prismatic
