/// What a projection must offer: a random linear map from a model's P parameters to d numbers that keeps
/// inner products on average.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/core/layout.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/types.hpp>

#include <concepts>
#include <span>
#include <string_view>

namespace prismatic {

/// Part of one named parameter tensor of `cols` columns: rows [first_row, first_row + rows).
struct tensor_block {
  std::string_view name;
  index_t first_row;
  index_t rows;
  index_t cols;
};

/// A linear map R^P -> R^d given tensor by tensor. It is a pure function of its own fields and the
/// tensor's name, so blocks may come in any order, from any shard.
///
/// `accumulate(cx, block, G, Z)`: Z(S,d) += G(S, rows cols) R_block, unscaled. The image of a gradient is
/// scale() times the sum over all its blocks; then E<z, z'> = <g, g'>.
template <class P, class B, class T>
concept projection = requires(const P& p, context<B>& cx, const tensor_block& block,
                              matrix_view<const T, B::space> g, matrix_view<T, B::space> z) {
  { p.width() } -> std::convertible_to<index_t>;
  { p.scale() } -> std::convertible_to<double>;
  { P::name } -> std::convertible_to<std::string_view>;
  { p.accumulate(cx, block, g, z) } -> std::same_as<void>;
};

/// A projection that takes rows of one tensor by one call, each under its own row of R, for backends to which a call is dear:
/// on a device each launches kernels, and a batch has as many such rows as different tokens.
///
/// `accumulate_each(cx, name, ids, G, Z)`: row i of Z += the image of row i of G as row ids[i] of the tensor of that name.
template <class P, class B, class T>
concept row_projection =
    projection<P, B, T> && requires(const P& p, context<B>& cx, std::string_view name, std::span<const token_id> ids,
                                    matrix_view<const T, B::space> g, matrix_view<T, B::space> z) {
      { p.accumulate_each(cx, name, ids, g, z) } -> std::same_as<void>;
    };

/// A projection that can do without the gradient matrix: it takes the factors that a backward sweep emits, one piece per
/// sequence (autodiff/sink.hpp), where `takes_factors()` says so.
///
/// `accumulate_outer(cx, tensor, dY, X, seq, Z)`: row s of Z += the image of dY_s' X_s.
/// `accumulate_rows(cx, tensor, ids, dY, seq, Z)`: the same of the matrix whose row ids[t] receives dY_t.
template <class P, class B, class T>
concept factor_projection =
    projection<P, B, T> && requires(const P& p, context<B>& cx, const tensor_block& tensor, std::span<const token_id> ids,
                                    matrix_view<const T, B::space> a, const layout& seq, matrix_view<T, B::space> z) {
      { p.takes_factors() } -> std::same_as<bool>;
      { p.accumulate_outer(cx, tensor, a, a, seq, z) } -> std::same_as<void>;
      { p.accumulate_rows(cx, tensor, ids, a, seq, z) } -> std::same_as<void>;
    };

/// Tokens that a thread sweeps together unless it is told otherwise: enough rows for the products, while what an operation wrote
/// is still in a cache when the next one reads it.
inline constexpr index_t tokens_a_thread = 640;

/// The same for the sake of a projection, which may want more: `usual_tokens()`.
template <class P>
[[nodiscard]] index_t usual_tokens(const P& p) {
  if constexpr (requires { p.usual_tokens(); })
    return p.usual_tokens();
  else
    return tokens_a_thread;
}

}  // namespace prismatic
