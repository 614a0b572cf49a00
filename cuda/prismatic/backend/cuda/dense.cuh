/// Products by cuBLAS. Ours are row-major, which cuBLAS takes for the transposes of column-major matrices.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/cuda/check.cuh>
#include <prismatic/backend/cuda/stream.cuh>
#include <prismatic/core/bfloat16.hpp>
#include <prismatic/core/matrix_view.hpp>

#include <cublas_v2.h>

#include <algorithm>
#include <concepts>

namespace prismatic::detail {

[[nodiscard]] inline cublasOperation_t cublas_op(op o) noexcept { return o == op::none ? CUBLAS_OP_N : CUBLAS_OP_T; }

template <real T>
[[nodiscard]] cublasComputeType_t cublas_compute(product_precision precision) noexcept {
  if constexpr (std::same_as<T, double>) return CUBLAS_COMPUTE_64F;
  switch (precision) {
    case product_precision::tf32: return CUBLAS_COMPUTE_32F_FAST_TF32;
    case product_precision::bf16_backward:
    case product_precision::bf16: return CUBLAS_COMPUTE_32F_FAST_16BF;
    default: return CUBLAS_COMPUTE_32F;
  }
}

/// Elements between rows, at least what cuBLAS asks of an empty matrix.
template <class T>
[[nodiscard]] index_t leading(matrix_view<T, memory::device> m) noexcept {
  return std::max({m.stride(), m.cols(), index_t{1}});
}

/// C <- alpha op(A) op(B) + beta C, as C' = op(B)' op(A)'. Sizes are 64 bits all the way. Floats are multiplied
/// as precisely as the stream asks.
template <real T>
void cublas_gemm(const cuda_stream& stream, op a_op, op b_op, T alpha, matrix_view<const T, memory::device> a,
                 matrix_view<const T, memory::device> b, T beta, matrix_view<T, memory::device> c) {
  if (c.empty()) return;
  const index_t k = a_op == op::none ? a.cols() : a.rows();
  constexpr cudaDataType type = std::same_as<T, float> ? CUDA_R_32F : CUDA_R_64F;
  check_cublas(::cublasGemmEx_64(stream.blas(), cublas_op(b_op), cublas_op(a_op), c.cols(), c.rows(), k, &alpha, b.data(),
                                 type, leading(b), a.data(), type, leading(a), &beta, c.data(), type, leading(c),
                                 cublas_compute<T>(stream.products()), CUBLAS_GEMM_DEFAULT),
               "gemm");
}

/// The lower triangle of C <- alpha op(A) op(A)' + beta C: the upper one of cuBLAS's C'. In the full precision of T:
/// covariances come from it.
template <real T>
void cublas_syrk(const cuda_stream& stream, op a_op, T alpha, matrix_view<const T, memory::device> a, T beta,
                 matrix_view<T, memory::device> c) {
  if (c.empty()) return;
  const index_t k = a_op == op::none ? a.cols() : a.rows();
  const auto call = [&](auto* syrk) {
    check_cublas(syrk(stream.blas(), CUBLAS_FILL_MODE_UPPER, a_op == op::none ? CUBLAS_OP_T : CUBLAS_OP_N, c.rows(), k, &alpha,
                      a.data(), leading(a), &beta, c.data(), leading(c)),
                 "syrk");
  };
  if constexpr (std::same_as<T, float>)
    call(&::cublasSsyrk_64);
  else
    call(&::cublasDsyrk_64);
}

/// The same of bf16 numbers, summed in float.
inline void cublas_gemm(const cuda_stream& stream, op a_op, op b_op, float alpha, matrix_view<const bf16, memory::device> a,
                        matrix_view<const bf16, memory::device> b, float beta, matrix_view<float, memory::device> c) {
  if (c.empty()) return;
  const index_t k = a_op == op::none ? a.cols() : a.rows();
  check_cublas(::cublasGemmEx_64(stream.blas(), cublas_op(b_op), cublas_op(a_op), c.cols(), c.rows(), k, &alpha, b.data(),
                                 CUDA_R_16BF, leading(b), a.data(), CUDA_R_16BF, leading(a), &beta, c.data(), CUDA_R_32F,
                                 leading(c), CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT),
               "gemm");
}

/// P_p <- X_p' X_p for X(parts n, m) and P(parts m, m) cut into parts that lie below one another, in one call that fills the
/// device where a single product of so few columns would not. Floats in TF32 where they are rounded to it: it would cut them off.
template <real T>
void cublas_column_products(const cuda_stream& stream, bool rounded, matrix_view<const T, memory::device> x, index_t parts,
                            matrix_view<T, memory::device> p) {
  if (p.empty() || x.empty()) return;
  const index_t n = x.rows() / parts, m = x.cols();
  constexpr cudaDataType type = std::same_as<T, float> ? CUDA_R_32F : CUDA_R_64F;
  const T one{1}, zero{0};
  const cublasComputeType_t compute = cublas_compute<T>(rounded ? product_precision::tf32 : product_precision::full);
  check_cublas(::cublasGemmStridedBatchedEx_64(stream.blas(), CUBLAS_OP_N, CUBLAS_OP_T, m, m, n, &one, x.data(), type, leading(x),
                                               n * leading(x), x.data(), type, leading(x), n * leading(x), &zero, p.data(), type,
                                               leading(p), m * leading(p), parts, compute, CUBLAS_GEMM_DEFAULT),
               "covariance");
}

}  // namespace prismatic::detail
