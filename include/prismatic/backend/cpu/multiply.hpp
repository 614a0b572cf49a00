/// Products of blocks on the calling thread, by whatever of the processor multiplies fastest.
#pragma once

#include <prismatic/backend/cpu/bf16_product.hpp>
#include <prismatic/backend/cpu/gemv.hpp>
#include <prismatic/backend/cpu/product.hpp>
#include <prismatic/backend/cpu/unit_gemv.hpp>
#include <prismatic/backend/cpu/unit_product.hpp>
#include <prismatic/core/workspace.hpp>

#include <concepts>
#include <type_traits>

namespace prismatic::detail {

/// Whether sums of k products of numbers T are formed on matrix units: k alone decides, so that an element of a product
/// does not depend on the others.
template <real T>
bool multiplies_on_units([[maybe_unused]] index_t k) {
  return std::same_as<T, float> && k >= least_unit_depth && has_matrix_units();
}

/// C(m,n) <- alpha op(A)(m,k) op(B)(k,n) + beta C, B of numbers T or of bfloat16. 2 m n k FLOP. On matrix units floats are multiplied as six products of
/// bfloat16 parts, in sums of 16 added up: the error is no larger than that of multiply-adds one after the other.
///
/// Determinism: an element of C depends on its row of op(A), its column of op(B) and the scalars alone, not on how B is held.
template <real T, class W = T>
void multiply(op a_op, op b_op, std::type_identity_t<T> alpha, input_matrix<T> a, input_matrix<W> b,
              std::type_identity_t<T> beta, matrix_view<T> c) {
#if PRISMATIC_X86 && defined(__linux__)
  if constexpr (std::same_as<T, float>)
    if (multiplies_on_units<T>(a_op == op::none ? a.cols() : a.rows()))
      return multiply_on_units<3, W>(a_op, b_op, alpha, a, b, beta, c);
#endif
  multiply_by_vectors<T, W>(a_op, b_op, alpha, a, b, beta, c);
}

/// Rows of X(m,k) for which `multiply_few` is worth its while.
template <real T, class W = T>
index_t most_few_rows([[maybe_unused]] index_t k) {
#if PRISMATIC_X86 && defined(__linux__)
  if (multiplies_on_units<T>(k)) return few_rows_on_units<W>;
#endif
  return few_rows;
}

/// C(m,n) <- alpha X(m,k) W(n,k)' + beta C for at most `most_few_rows` rows of X, on all threads: W is read once. The bits of
/// `multiply`.
template <real T, class W = T>
void multiply_few(thread_team& team, [[maybe_unused]] workspace<memory::host>& scratch, std::type_identity_t<T> alpha,
                  input_matrix<T> x, input_matrix<W> w, std::type_identity_t<T> beta, matrix_view<T> c) {
#if PRISMATIC_X86 && defined(__linux__)
  if constexpr (std::same_as<T, float>)
    if (multiplies_on_units<T>(x.cols())) return multiply_few_rows_on_units<W>(team, scratch, alpha, x, w, beta, c);
#endif
  multiply_few_rows<T, W>(team, alpha, x, w, beta, c);
}

/// C(m,n) <- alpha op(A) op(B) + beta C with every number of A and B rounded to bfloat16, to nearest even, and sums in float.
///
///   |C - exact| <= (2^-7 + 2^-16 + (k + 2) 2^-24) (|alpha| sum_l |a_l b_l| + |beta C|), to first order
///
/// Determinism: as `multiply`.
template <class W = float>
void multiply_bf16(op a_op, op b_op, float alpha, input_matrix<float> a, input_matrix<W> b, float beta, matrix_view<float> c) {
#if PRISMATIC_X86 && defined(__linux__)
  if (multiplies_on_units<float>(a_op == op::none ? a.cols() : a.rows()))
    return multiply_on_units<1, W>(a_op, b_op, alpha, a, b, beta, c);
#endif
  multiply_bf16_by_vectors<W>(a_op, b_op, alpha, a, b, beta, c);
}

}  // namespace prismatic::detail
