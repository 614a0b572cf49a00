/// The backend policy: the closed list of verbs that every algorithm of the library is written over.
///
/// A backend is a stateless type with a `name`, a memory `space` and the static verbs below. Verbs check
/// nothing but their own invariants (public entry points have checked shapes before), write into views
/// their caller owns, and take scratch from the context only. An adjoint ADDS to the gradients it writes.
/// Token ids, labels' layouts and positions are small and live on the host for every backend.
///
/// Shapes use: m, n, k matrix sizes; T tokens; S sequences; c columns; d sketch width; H heads.
#pragma once

#include <prismatic/backend/context.hpp>
#include <prismatic/core/bfloat16.hpp>
#include <prismatic/core/layout.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/philox.hpp>
#include <prismatic/core/types.hpp>

#include <concepts>
#include <cstdint>
#include <span>
#include <string_view>

namespace prismatic {

/// Whether a product reads its operand as it lies or transposed.
enum class op : std::uint8_t { none, transpose };

/// Sizes of causal grouped-query attention: `heads` query heads share `kv_heads` key-value heads.
struct attention_shape {
  index_t heads;
  index_t kv_heads;
  index_t head_dim;
  double scale;  ///< multiplies the scores, 1 / sqrt(head_dim) as a rule
};

/// One AdamW step [Loshchilov & Hutter 2019, algorithm 2]; all fields in the units of that paper.
struct adamw_step {
  double learning_rate;
  double beta1;
  double beta2;
  double epsilon;
  double weight_decay;
  double gradient_scale;  ///< multiplies the gradient first (clipping)
  index_t step;           ///< 1 for the first
};

/// A block of one parameter tensor in a projection by random signs: rows [first_row, first_row + rows) of a tensor
/// with `cols` columns. In the matching gradients each row of G holds those entries, row-major.
struct sign_block {
  philox_key key;  ///< stream_key(seed, tensor name)
  index_t first_row;
  index_t rows;
  index_t cols;
};

/// Backends that read weights of bfloat16 where they lie: `gemm`'s B and the rows that are gathered. To the bits of the same
/// numbers as floats.
template <class B, class T>
concept reads_bfloat16 =
    requires(context<B>& cx, T s, op o, matrix_view<const T, B::space> a, matrix_view<const bf16, B::space> b,
             matrix_view<T, B::space> c, std::span<const token_id> ids) {
      B::gemm(cx, o, o, s, a, b, s, c);
      B::gather_rows(cx, b, ids, c);
    };

template <class B, class T>
concept backend =
    real<T> &&
    requires(context<B>& cx, T s, op o, matrix_view<const T, B::space> a, matrix_view<T, B::space> c,
             vector_view<const T, B::space> u, vector_view<T, B::space> w, vector_view<label_t, B::space> labels,
             std::span<const token_id> ids, std::span<const std::int32_t> positions, const layout& seq,
             std::span<const row_range> ranges, attention_shape shape, const adamw_step& step,
             const sign_block& block, philox_key key, index_t n, double x, std::span<const index_t> rows,
             std::span<const double> factors, matrix_view<double> sum) {
      { B::name } -> std::convertible_to<std::string_view>;
      { B::space } -> std::convertible_to<memory>;

      // --- dense linear algebra
      { B::gemm(cx, o, o, s, a, a, s, c) } -> std::same_as<void>;  // C(m,n) <- s op(A)(m,k) op(B)(k,n) + s' C
      { B::syrk(cx, o, s, a, s, c) } -> std::same_as<void>;        // C <- s op(A) op(A)' + s' C, both triangles
      { B::syrk_of_rows(cx, x, a, rows, factors, x, sum) } -> std::same_as<void>;
      // on the host: sum <- x S + x' sum, S = the sum of factors[t]^2 a_t' a_t over the rows a_t of A that `rows` names (empty: all;
      // factors empty: 1 each), summed in double but for a few thousand rows at a time
      { B::segment_outer(cx, a, a, seq, c) } -> std::same_as<void>;  // row s of C = vec of A_s' X_s
      { B::eigenvalues(cx, c, w) } -> std::same_as<void>;          // w(m) ascending; C(m,m) is destroyed
      { B::eigenvalues(cx, c, w, 1e-7) } -> std::same_as<void>;    // the same, or errors of 1e-7 times their mean
      { B::eigensystem(cx, c, w) } -> std::same_as<void>;          // the same; row i of C becomes eigenvector i

      // --- rows
      { B::copy(cx, a, c) } -> std::same_as<void>;                 // C = A
      { B::fill(cx, s, c) } -> std::same_as<void>;                 // every element of C = s
      { B::axpy(cx, s, a, c) } -> std::same_as<void>;              // C += s A
      { B::scale_rows(cx, u, c) } -> std::same_as<void>;           // row i of C *= u[i]
      { B::row_norms(cx, a, w) } -> std::same_as<void>;            // w[i] = |row i|_2
      { B::row_dots(cx, a, a, w) } -> std::same_as<void>;          // w[i] = <row i of A, row i of B>
      { B::segment_sum(cx, a, seq, c) } -> std::same_as<void>;     // row s of C += the sum of A's rows in s
      { B::gather_rows(cx, a, ids, c) } -> std::same_as<void>;     // row t of C = row ids[t] of A
      { B::scatter_rows(cx, a, ids, c) } -> std::same_as<void>;    // row ids[t] of C += row t of A, in order of t
      { B::nearest(cx, a, a, u, labels, w) } -> std::same_as<void>;  // labels[i] = the first argmax_j <a_i, b_j> + u[j]
                                                                     // (u empty: 0), w[i] = the maximum

      // --- the transformer's operations and their adjoints
      { B::rms_norm(cx, a, u, s, c, w) } -> std::same_as<void>;  // C = A diag(w) diag(u), w = 1/sqrt(mean a^2 + s)
      { B::rms_norm_adjoint(cx, a, u, u, a, seq, c, c) } -> std::same_as<void>;
      // (x, gain, 1/rms, dy, sequences): dx(T,c) += ..., dgain(S,c) += the sum of each sequence
      { B::rope(cx, o, n, positions, a, a, a, c) } -> std::same_as<void>;
      // rotates each head (n = head_dim) of A by its position; tables cos, sin (positions, n / 2);
      // op::transpose turns back (the adjoint). C = result
      { B::swiglu(cx, a, a, c) } -> std::same_as<void>;                 // C = silu(gate) * up
      { B::swiglu_adjoint(cx, a, a, a, c, c) } -> std::same_as<void>;   // (gate, up, dy): dgate =, dup =
      { B::attention(cx, shape, a, a, a, ranges, ranges, c, c) } -> std::same_as<void>;
      // (Q, K, V, query ranges, key ranges): O(T, H head_dim), L(T, H) = log-sum-exp of the scaled scores.
      // The queries of a sequence are the last of its keys: query i sees the keys up to its own position
      { B::attention_adjoint(cx, shape, a, a, a, a, a, a, ranges, c, c, c) } -> std::same_as<void>;
      // (Q, K, V, O, L, dO, ranges): dQ +=, dK +=, dV +=
      { B::cross_entropy(cx, c, ids, u, w) } -> std::same_as<void>;
      // (logits(T,V), targets, weights): w[t] = weights[t] nll_t; the logits become weights[t] (softmax - onehot)

      // --- training
      { B::adamw(cx, step, a, c, c, c) } -> std::same_as<void>;  // (gradient): parameter, first, second moment

      // --- projections: Z(S,d) += G(S, rows cols) R, R the random matrix that `block` names
      { B::sign_accumulate(cx, block, a, c) } -> std::same_as<void>;            // every entry +-1
      { B::sparse_sign_accumulate(cx, block, n, a, c) } -> std::same_as<void>;  // n entries +-1 a row, others 0
      { B::sign_factor(cx, key, n, n, c) } -> std::same_as<void>;
      // (key, side 0 or 1, first row): C = rows of the +-1 factor of that side (projection/kronecker.hpp)
    };

}  // namespace prismatic
