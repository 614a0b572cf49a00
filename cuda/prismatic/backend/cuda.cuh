/// The CUDA backend: cuBLAS, cuSOLVER, kernels of our own, and Thrust's CUDA system for the other verbs. For nvcc.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/cuda/attention.cuh>
#include <prismatic/backend/cuda/attention_units.cuh>
#include <prismatic/backend/cuda/cross_entropy.cuh>
#include <prismatic/backend/cuda/eigenvalues.cuh>
#include <prismatic/backend/cuda/nearest.cuh>
#include <prismatic/backend/cuda/outer.cuh>
#include <prismatic/backend/cuda/pointwise.cuh>
#include <prismatic/backend/cuda/signs.cuh>
#include <prismatic/backend/cuda/sparse_signs.cuh>
#include <prismatic/backend/host.hpp>
#include <prismatic/backend/thrust/cuda.cuh>

#include <concepts>
#include <span>
#include <string_view>
#include <type_traits>

namespace prismatic {

struct cuda_backend;

/// A stream with its handles and scratch. It belongs to the device that is current where it is made.
template <>
class context<cuda_backend> : public context<thrust_backend<thrust_cuda>> {
 public:
  /// @throws backend_error  no device, or no resources on it
  explicit context(context_options options = {})
      : context<thrust_backend<thrust_cuda>>(options), solver_(resources().get()),
        matrix_unit_(detail::has_matrix_unit(detail::sign_kernel<1, 3>)) {}

  [[nodiscard]] cuda_solver& solver() noexcept { return solver_; }
  /// Whether kernels find tensor cores with bf16: compute capability 8.0 or later, and code compiled for it.
  [[nodiscard]] bool has_matrix_unit() const noexcept { return matrix_unit_; }

 private:
  cuda_solver solver_;
  bool matrix_unit_;
};

/// Verbs that are not named here are those of thrust_backend<thrust_cuda>.
struct cuda_backend : thrust_backend<thrust_cuda>, cuda_pointwise<cuda_backend> {
  using cuda = context<cuda_backend>;
  static constexpr std::string_view name = "cuda";
  static constexpr memory space = memory::device;
  using cuda_pointwise<cuda_backend>::rms_norm, cuda_pointwise<cuda_backend>::rms_norm_adjoint;
  using cuda_pointwise<cuda_backend>::rope;
  using cuda_pointwise<cuda_backend>::swiglu, cuda_pointwise<cuda_backend>::swiglu_adjoint;

  /// w(m) <- the eigenvalues of the symmetric C, ascending; C is left as scratch. In T throughout, whatever error, relative
  /// to their mean, is allowed. @throws numeric_error
  template <real T>
  static void eigenvalues(cuda& cx, matrix_view<T, space> c, vector_view<T, space> w, double /*of_mean*/ = 0) {
    cx.solver().eigensystem<T>(cx.scratch(), c, w, false);
  }

  /// Of a matrix on the host: there while that is a matter of milliseconds, and by cuSOLVER from an order of 4096 on.
  /// @throws numeric_error
  static void eigenvalues(cuda& cx, matrix_view<double> c, vector_view<double> w, double of_mean = 0) {
    if (c.rows() < 4096) return thrust_backend<thrust_cuda>::eigenvalues(cx, c, w, of_mean);
    matrix<double, space> there = on_backend(cx, c);
    write_to_host(cx, std::span<double>(w.data(), static_cast<std::size_t>(w.size())),
                  [&](vector_view<double, space> found) { eigenvalues<double>(cx, there.view(), found); });
  }

  /// The same with eigenvectors: row i of C becomes the unit eigenvector of w[i]. @throws numeric_error
  template <real T>
  static void eigensystem(cuda& cx, matrix_view<T, space> c, vector_view<T, space> w) {
    cx.solver().eigensystem<T>(cx.scratch(), c, w, true);
  }

  /// Row s of G(S, m n) = vec of A_s' X_s. Floats on tensor cores, all sequences by one launch: 12 m n FLOP a position for
  /// single precision (six products of bf16), half that or a sixth where the context's precision allows it. Doubles, and
  /// devices without tensor cores, by a product a sequence. Determinism: bitwise in the batch.
  template <real T>
  static void segment_outer(cuda& cx, input_matrix<T, space> a, input_matrix<T, space> x, const layout& seq,
                            matrix_view<T, space> g) {
    if constexpr (std::same_as<T, float>)
      if (cx.has_matrix_unit()) return detail::segment_outer(cx, cx.products(), a, x, seq.ranges(), g);
    thrust_backend<thrust_cuda>::segment_outer<T>(cx, a, x, seq, g);
  }

  /// As cpu_nearest, scores of single precision. Floats by products of bf16 on tensor cores, 2 n k d FLOP, 64 MiB of them in
  /// memory at a time (256 MiB where that would be few rows), and exact scores of the few rows that rounding leaves in question;
  /// a row for which those are more than 32 by Thrust. Waits for the device once. Doubles, and devices without tensor cores, by Thrust. Determinism:
  /// bitwise.
  template <real T>
  static void nearest(cuda& cx, input_matrix<T, space> a, input_matrix<T, space> b, input_vector<T, space> bias,
                      vector_view<label_t, space> labels, vector_view<T, space> best) {
    if constexpr (std::same_as<T, float>)
      if (cx.has_matrix_unit()) return detail::find_nearest(cx, a, b, bias, labels, best);
    thrust_backend<thrust_cuda>::nearest<T>(cx, a, b, bias, labels, best);
  }

  /// As cpu_attention. Heads of up to 128 floats or 64 doubles by our kernels, from compute capability 8.0 on: 4 nq nk head_dim
  /// FLOP a head and half that for a square causal block, keys and values read once for 32 queries; at bf16 on tensor cores,
  /// once for 64 queries. Others by Thrust. Determinism: bitwise in the batch.
  template <real T>
  static void attention(cuda& cx, const attention_shape& shape, input_matrix<T, space> q, input_matrix<T, space> k,
                        input_matrix<T, space> v, std::span<const row_range> queries, std::span<const row_range> keys,
                        matrix_view<T, space> o, matrix_view<T, space> l) {
    by_head<T>(
        cx, shape.head_dim,
        [&]<int Dim>(std::integral_constant<int, Dim>) {
          if constexpr (std::same_as<T, float>)
            if (forward_products(cx) == product_precision::bf16)
              return detail::attend_on_units<Dim>(cx, shape, q, k, v, queries, keys, o, l);
          detail::attend_in_blocks<Dim, T>(cx, shape, q, k, v, queries, keys, o, l);
        },
        [&] { thrust_backend<thrust_cuda>::attention<T>(cx, shape, q, k, v, queries, keys, o, l); });
  }

  /// As cpu_attention_adjoint. Heads of up to 128 floats or 64 doubles by our kernels, from compute capability 8.0 on: P and dS
  /// are computed twice, once for dQ and once for dK and dV; 14 nq nk head_dim FLOP a head and half that for a square causal
  /// block; at bf16 and bf16_backward on tensor cores. Others by Thrust. Determinism: bitwise.
  template <real T>
  static void attention_adjoint(cuda& cx, const attention_shape& shape, input_matrix<T, space> q, input_matrix<T, space> k,
                                input_matrix<T, space> v, input_matrix<T, space> o, input_matrix<T, space> l,
                                input_matrix<T, space> d_o, std::span<const row_range> sequences,
                                matrix_view<T, space> dq, matrix_view<T, space> dk, matrix_view<T, space> dv) {
    by_head<T>(
        cx, shape.head_dim,
        [&]<int Dim>(std::integral_constant<int, Dim>) {
          if constexpr (std::same_as<T, float>)
            if (thrust_cuda::rounds(cx.products()))
              return detail::attend_back_on_units<Dim>(cx, shape, q, k, v, o, l, d_o, sequences, dq, dk, dv);
          detail::attend_back_in_blocks<Dim, T>(cx, shape, q, k, v, o, l, d_o, sequences, dq, dk, dv);
        },
        [&] { thrust_backend<thrust_cuda>::attention_adjoint<T>(cx, shape, q, k, v, o, l, d_o, sequences, dq, dk, dv); });
  }

  /// As cpu_cross_entropy: a block a row, two reads of the logits and one write. Determinism: bitwise.
  template <real T>
  static void cross_entropy(cuda& cx, matrix_view<T, space> logits, std::span<const token_id> targets,
                            input_vector<T, space> weights, vector_view<T, space> losses) {
    detail::cross_entropy_by_rows<T>(cx, logits, targets, weights, losses);
  }

  /// Z(S,d) += G(S, rows cols) R(rows cols, d), no scaling. Floats on tensor cores, for 64 samples at a time: three products
  /// of bf16 (2 S d rows cols FLOP each), two or one where the context's precision allows it, and one call of the generator
  /// for 128 entries. Doubles, and devices without tensor cores, by Thrust. Scratch: 6 bytes an entry and sample, 2^19
  /// entries at most, and partial sums. Determinism: bitwise in the batch.
  template <real T>
  static void sign_accumulate(cuda& cx, const sign_block& block, input_matrix<T, space> g, matrix_view<T, space> z) {
    if constexpr (std::same_as<T, float>)
      if (cx.has_matrix_unit()) return detail::accumulate_signs(cx, cx.products(), block, g, z);
    thrust_backend<thrust_cuda>::sign_accumulate<T>(cx, block, g, z);
  }

  /// Z(S,d) += G(S, rows cols) R(rows cols, d), R having `nonzeros` entries +-1 a row, the same as on the CPU; no scaling. Floats
  /// by our kernel, from compute capability 8.0 on, where sums of d / nonzeros outputs for 32 lanes fit into shared memory;
  /// others by Thrust.
  /// Cost: G is read once for each four non-zeros, 8 bytes of shared memory are moved an entry, sample and non-zero, a call of
  /// the generator serves 8 entries of 8 samples. For P = 4.94e8, 32 samples and 4 non-zeros that is 63 GB of device memory, 15 ms
  /// at 4.3 TB/s, and 506 GB of shared memory, 17 ms at 128 bytes a clock of 1.75 GHz and multiprocessor of 132: bounds, not
  /// measurements. Scratch: about an eighth of the size of G for each four non-zeros, and 12 bytes a sum at least.
  /// Determinism: bitwise in the batch.
  template <real T>
  static void sparse_sign_accumulate(cuda& cx, const sign_block& block, index_t nonzeros, input_matrix<T, space> g,
                                     matrix_view<T, space> z) {
    if constexpr (std::same_as<T, float>)
      if (cx.has_matrix_unit() && detail::accumulate_sparse_signs(cx, block, nonzeros, g, z)) return;
    thrust_backend<thrust_cuda>::sparse_sign_accumulate<T>(cx, block, nonzeros, g, z);
  }

 private:
  /// What blocks have room for in shared memory, from compute capability 8.0 on.
  template <real T, class Blocks, class Otherwise>
  static void by_head(cuda& cx, index_t head_dim, Blocks&& in_blocks, Otherwise&& otherwise) {
    constexpr int widest = std::same_as<T, float> ? 128 : 64;
    if (!cx.has_matrix_unit() || head_dim > widest)
      otherwise();
    else if (head_dim <= 16)
      in_blocks(std::integral_constant<int, 16>());
    else if (head_dim <= 64)
      in_blocks(std::integral_constant<int, 64>());
    else
      in_blocks(std::integral_constant<int, widest>());
  }
};

static_assert(backend<cuda_backend, float> && backend<cuda_backend, double>);

}  // namespace prismatic
