/// Products and spectra on the CPU: the team splits the result into blocks. Only eigenvectors depend on `Kernels`.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/cpu/bf16_syrk.hpp>
#include <prismatic/backend/cpu/context.hpp>
#include <prismatic/backend/cpu/eigenvalues.hpp>
#include <prismatic/backend/cpu/multiply.hpp>
#include <prismatic/backend/cpu/syrk.hpp>
#include <prismatic/backend/cpu/unit_syrk.hpp>
#include <prismatic/core/bfloat16.hpp>
#include <prismatic/core/matrix_view.hpp>

#include <algorithm>
#include <concepts>
#include <span>

namespace prismatic {

template <class Kernels>
struct cpu_dense {
  using cpu = context<cpu_backend<Kernels>>;

  /// C(m,n) <- alpha op(A)(m,k) op(B)(k,n) + beta C, at the context's precision of products. 2 m n k FLOP.
  /// Determinism: bitwise in threads, and a row of C does not depend on the others.
  template <real T>
  static void gemm(cpu& cx, op a_op, op b_op, input_scalar<T> alpha, input_matrix<T> a, input_matrix<T> b,
                   input_scalar<T> beta, matrix_view<T> c) {
    product<T, T>(cx, a_op, b_op, alpha, a, b, beta, c);
  }

  /// The same with a B of bfloat16, read where it lies: the bits of the product with its numbers as floats.
  static void gemm(cpu& cx, op a_op, op b_op, float alpha, input_matrix<float> a, matrix_view<const bf16> b, float beta,
                   matrix_view<float> c) {
    product<float, bf16>(cx, a_op, b_op, alpha, a, b, beta, c);
  }

  /// C <- alpha op(A) op(A)' + beta C, C symmetric, both triangles written: op::none gives the Gram matrix
  /// of A's rows, op::transpose of its columns. About m (m + 32) k FLOP. Determinism: bitwise in threads.
  template <real T>
  static void syrk(cpu& cx, op a_op, input_scalar<T> alpha, input_matrix<T> a, input_scalar<T> beta,
                   matrix_view<T> c) {
    symmetric<T, T>(cx, a_op, alpha, a, beta, c);
  }

  /// The same of floats, with C in double: sums of 1024 or 2048 products in float, those sums in double.
  static void syrk(cpu& cx, op a_op, double alpha, matrix_view<const float> a, double beta, matrix_view<double> c) {
    symmetric<float, double>(cx, a_op, alpha, a, beta, c);
  }

  /// C <- alpha sum_t factors[t]^2 a_t' a_t + beta C, a_t the row rows[t] of A; without rows every row, without factors once.
  /// Products are summed in T, 1024 or 2048 at a time, and those sums in double: with T = float an entry of C errs by
  /// some 1e-6 of its rows' lengths squared, however many they are. Where the context's products are bf16 and the processor
  /// has such products, scaled rows are rounded to 8 significant bits first. Determinism: bitwise in threads.
  template <real T>
  static void syrk_of_rows(cpu& cx, double alpha, matrix_view<const T> a, std::span<const index_t> rows,
                           std::span<const double> factors, double beta, matrix_view<double> c) {
    sum_of_rows<T, double>(cx, alpha, {a, rows, factors}, beta, c, cx.products() == product_precision::bf16);
  }

  /// Row s of G(S, m n) = vec of A_s' X_s, where A_s(T_s, m) and X_s(T_s, n) are the rows of sequence s: a
  /// block of every sequence's own weight gradient, at the context's precision of products. 2 T m n FLOP.
  /// Determinism: bitwise in threads.
  template <real T>
  static void segment_outer(cpu& cx, input_matrix<T> a, input_matrix<T> x, const layout& seq,
                            matrix_view<T> g) {
    // Every strip turns all of X into panels again: as few of them as keep the threads busy.
    const index_t m = a.cols(), n = x.cols(), sequences = std::max<index_t>(1, seq.sequences());
    const index_t parts = (2 * cx.team().size() + sequences - 1) / sequences;
    const index_t strip = std::max<index_t>(1, ((m + parts - 1) / parts + 31) / 32 * 32), strips = (m + strip - 1) / strip;
    cx.team().for_each(seq.sequences() * strips, [&](index_t task, int) {
      const index_t s = task / strips, first = task % strips * strip, count = std::min(strip, m - first);
      const auto rows_a = a.middle_rows(seq[s].begin, seq[s].size()).middle_cols(first, count);
      multiply<T>(cx, op::transpose, op::none, T{1}, rows_a, x.middle_rows(seq[s].begin, seq[s].size()), T{0},
                  matrix_view<T>(g.row(s) + first * n, count, n));
    });
  }

  /// w(m) <- the eigenvalues of the symmetric C (its lower triangle is read), ascending, to some epsilon(T)
  /// times the largest and, root mean square, `of_mean` times their mean. C is left as scratch. About 4/3 m^3 FLOP.
  /// Determinism: run_to_run.
  /// @throws numeric_error  an entry is not finite
  template <real T>
  static void eigenvalues(cpu& cx, matrix_view<T> c, vector_view<T> w, double of_mean = 0) {
    detail::symmetric_eigenvalues<T>(cx.team(), cx.scratch(), c, w, of_mean);
  }

  /// The same with eigenvectors, on the calling thread: row i of C becomes the unit eigenvector of w[i]. About
  /// 9 m^3 FLOP. @throws numeric_error  no convergence
  template <real T>
  static void eigensystem(cpu&, matrix_view<T> c, vector_view<T> w) {
    Kernels::eigensystem(c, w);
  }

 private:
  static constexpr index_t least_flop = 1 << 20;  // some 10 microseconds of work: worth waking a thread for

  template <real T, class W>
  static void product(cpu& cx, op a_op, op b_op, T alpha, matrix_view<const T> a, matrix_view<const W> b, T beta, matrix_view<T> c) {
    const index_t m = c.rows(), n = c.cols(), k = a_op == op::none ? a.cols() : a.rows();
    if (a_op == op::none && b_op == op::transpose && !rounds<T>(cx)) {
      if (cx.matrix_units() && m <= detail::most_few_rows<T, W>(k))
        return detail::multiply_few<T, W>(cx.team(), cx.scratch(), alpha, a, b, beta, c);
      if (!cx.matrix_units() && m <= detail::few_rows) return detail::multiply_few_rows<T, W>(cx.team(), alpha, a, b, beta, c);
    }
    const index_t worth = 1 + least_flop / std::max<index_t>(1, 2 * k * std::min(m, n));
    if (m >= n)
      cx.team().for_range(m, worth, [&](index_t begin, index_t end, int) {
        const auto part =
            a_op == op::none ? a.middle_rows(begin, end - begin) : a.middle_cols(begin, end - begin);
        multiply<T, W>(cx, a_op, b_op, alpha, part, b, beta, c.middle_rows(begin, end - begin));
      });
    else
      cx.team().for_range(n, worth, [&](index_t begin, index_t end, int) {
        const auto part =
            b_op == op::none ? b.middle_cols(begin, end - begin) : b.middle_rows(begin, end - begin);
        multiply<T, W>(cx, a_op, b_op, alpha, a, part, beta, c.middle_cols(begin, end - begin));
      });
  }

  template <real T, real S>
  static void symmetric(cpu& cx, op a_op, S alpha, matrix_view<const T> a, S beta, matrix_view<S> c) {
    if (a_op == op::transpose) return sum_of_rows<T, S>(cx, alpha, {a, {}, {}}, beta, c, false);
#if PRISMATIC_X86 && defined(__linux__)
    if constexpr (std::same_as<T, float>)
      if (detail::multiplies_on_units<T>(a.cols()))
        return detail::symmetric_product_on_units<3, S>(cx.team(), cx.scratch(), a.cols(), a, alpha, beta, c);
#endif
    detail::symmetric_product<detail::plain_tiles<T>, S>(
        cx.team(), cx.scratch(), a.cols(),
        [&](index_t from, index_t length, matrix_view<T> panels) {
          detail::pack_rows<T>(cx.team(), a, from, length, panels);
        },
        alpha, beta, c);
  }

  // C <- alpha X'X + beta C, rounded or not
  template <real T, real S>
  static void sum_of_rows(cpu& cx, S alpha, const detail::chosen_rows<T>& x, S beta, matrix_view<S> c, [[maybe_unused]] bool rounded) {
#if PRISMATIC_X86
    if constexpr (std::same_as<T, float>) {
#if defined(__linux__)
      if (detail::multiplies_on_units<T>(x.size()))
        return rounded ? detail::symmetric_product_on_units<1, S>(cx.team(), cx.scratch(), x.size(), x, alpha, beta, c)
                       : detail::symmetric_product_on_units<3, S>(cx.team(), cx.scratch(), x.size(), x, alpha, beta, c);
#endif
      if (rounded && detail::multiplies_bf16())
        return detail::symmetric_product<detail::bf16_pair_tiles, S>(
            cx.team(), cx.scratch(), x.size(),
            [&](index_t from, index_t length, matrix_view<std::uint32_t> panels) {
              detail::pack_column_pairs(cx.team(), x, from, length, panels);
            },
            alpha, beta, c);
    }
#endif
    detail::symmetric_product<detail::plain_tiles<T>, S>(
        cx.team(), cx.scratch(), x.size(),
        [&](index_t from, index_t length, matrix_view<T> panels) {
          detail::pack_columns(cx.team(), x, from, length, panels);
        },
        alpha, beta, c);
  }

  template <real T>
  static bool rounds(const cpu& cx) {
    return std::same_as<T, float> && cx.products() != product_precision::full;
  }

  template <real T, class W = T>
  static void multiply(const cpu& cx, op a_op, op b_op, input_scalar<T> alpha, input_matrix<T> a, input_matrix<W> b,
                       input_scalar<T> beta, matrix_view<T> c) {
    if constexpr (std::same_as<T, float>)
      if (rounds<T>(cx)) return detail::multiply_bf16<W>(a_op, b_op, alpha, a, b, beta, c);
    if (cx.matrix_units())
      detail::multiply<T, W>(a_op, b_op, alpha, a, b, beta, c);
    else
      detail::multiply_by_vectors<T, W>(a_op, b_op, alpha, a, b, beta, c);
  }
};

}  // namespace prismatic
