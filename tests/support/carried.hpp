/// A device backend as one in host memory: every verb carries its matrices to the device and its results back, so that
/// the typed tests, which look at host memory, run on it as they are.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/workspace.hpp>

#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

namespace test {

template <class B>
struct carried;

}  // namespace test

namespace prismatic {

template <class B>
class context<test::carried<B>> {
 public:
  explicit context(context_options options = {}) : inner(options) {}
  [[nodiscard]] workspace<memory::host>& scratch() noexcept { return inner.host_scratch(); }
  [[nodiscard]] std::uint64_t seed() const noexcept { return inner.seed(); }
  [[nodiscard]] index_t activation_bytes() const noexcept { return inner.activation_bytes(); }
  void synchronize() { inner.synchronize(); }

  context<B> inner;
};

}  // namespace prismatic

namespace test {

using namespace prismatic;

template <class B>
struct carried {
  using own = context<carried>;
  static constexpr std::string_view name = B::name;
  static constexpr memory space = memory::host;

  // A matrix on the device whose rows lie apart; with a mutable view, what becomes of it comes back at the end.
  template <class T>
  class device {
    using value = std::remove_const_t<T>;

   public:
    explicit device(matrix_view<T> host) : host_(host), there_(host.rows(), host.cols() + 3) {
      copy_from_host<value>(host, whole());
    }
    explicit device(vector_view<T> host) : device(matrix_view<T>(host.data(), 1, host.size())) {}
    device(const device&) = delete;
    device& operator=(const device&) = delete;
    ~device() {
      if constexpr (!std::is_const_v<T>) copy_to_host(whole(), host_);
    }
    operator matrix_view<T, B::space>() { return whole(); }
    operator vector_view<T, B::space>() { return {whole().data(), host_.cols()}; }

   private:
    matrix_view<value, B::space> whole() { return there_.view().middle_cols(2, host_.cols()); }
    matrix_view<T> host_;
    matrix<value, B::space> there_;
  };
  template <class T>
  using in = device<const T>;
  template <class T>
  using out = matrix_view<T, B::space>;
  template <class T>
  using vector_out = vector_view<T, B::space>;

  template <real T>
  static void gemm(own& cx, op a_op, op b_op, input_scalar<T> alpha, input_matrix<T> a, input_matrix<T> b, input_scalar<T> beta,
                   matrix_view<T> c) {
    in<T> da(a), db(b);
    device<T> dc(c);
    B::gemm(cx.inner, a_op, b_op, alpha, da, db, beta, out<T>(dc));
  }
  template <real T>
  static void syrk(own& cx, op a_op, input_scalar<T> alpha, input_matrix<T> a, input_scalar<T> beta, matrix_view<T> c) {
    in<T> da(a);
    device<T> dc(c);
    B::syrk(cx.inner, a_op, alpha, da, beta, out<T>(dc));
  }
  template <real T>
  static void syrk_of_rows(own& cx, double alpha, matrix_view<const T> a, std::span<const index_t> rows, std::span<const double> factors,
                           double beta, matrix_view<double> c) {
    in<T> da(a);
    B::syrk_of_rows(cx.inner, alpha, matrix_view<const T, B::space>(da), rows, factors, beta, c);
  }
  template <real T>
  static void segment_outer(own& cx, input_matrix<T> a, input_matrix<T> x, const layout& seq, matrix_view<T> g) {
    in<T> da(a), dx(x);
    device<T> dg(g);
    B::segment_outer(cx.inner, da, dx, seq, out<T>(dg));
  }
  template <real T>
  static void eigenvalues(own& cx, matrix_view<T> c, vector_view<T> w, double of_mean = 0) {
    device<T> dc(c), dw(w);
    B::eigenvalues(cx.inner, out<T>(dc), vector_out<T>(dw), of_mean);
  }
  template <real T>
  static void eigensystem(own& cx, matrix_view<T> c, vector_view<T> w) {
    device<T> dc(c), dw(w);
    B::eigensystem(cx.inner, out<T>(dc), vector_out<T>(dw));
  }

  template <real T>
  static void copy(own& cx, input_matrix<T> a, matrix_view<T> c) {
    in<T> da(a);
    device<T> dc(c);
    B::copy(cx.inner, da, out<T>(dc));
  }
  template <real T>
  static void fill(own& cx, input_scalar<T> value, matrix_view<T> c) {
    device<T> dc(c);
    B::fill(cx.inner, value, out<T>(dc));
  }
  template <real T>
  static void axpy(own& cx, input_scalar<T> alpha, input_matrix<T> x, matrix_view<T> y) {
    in<T> dx(x);
    device<T> dy(y);
    B::axpy(cx.inner, alpha, dx, out<T>(dy));
  }
  template <real T>
  static void scale_rows(own& cx, input_vector<T> factors, matrix_view<T> c) {
    in<T> df(factors);
    device<T> dc(c);
    B::scale_rows(cx.inner, df, out<T>(dc));
  }
  template <real T>
  static void row_norms(own& cx, input_matrix<T> x, vector_view<T> norms) {
    in<T> dx(x);
    device<T> dn(norms);
    B::row_norms(cx.inner, dx, vector_out<T>(dn));
  }
  template <real T>
  static void row_dots(own& cx, input_matrix<T> a, input_matrix<T> b, vector_view<T> dots) {
    in<T> da(a), db(b);
    device<T> dd(dots);
    B::row_dots(cx.inner, da, db, vector_out<T>(dd));
  }
  template <real T>
  static void segment_sum(own& cx, input_matrix<T> x, const layout& seq, matrix_view<T> c) {
    in<T> dx(x);
    device<T> dc(c);
    B::segment_sum(cx.inner, dx, seq, out<T>(dc));
  }
  template <real T>
  static void gather_rows(own& cx, input_matrix<T> x, std::span<const token_id> ids, matrix_view<T> c) {
    in<T> dx(x);
    device<T> dc(c);
    B::gather_rows(cx.inner, dx, ids, out<T>(dc));
  }
  template <real T>
  static void scatter_rows(own& cx, input_matrix<T> x, std::span<const token_id> ids, matrix_view<T> c) {
    in<T> dx(x);
    device<T> dc(c);
    B::scatter_rows(cx.inner, dx, ids, out<T>(dc));
  }
  template <real T>
  static void nearest(own& cx, input_matrix<T> a, input_matrix<T> b, input_vector<T> bias, vector_view<label_t> labels,
                      vector_view<T> best) {
    in<T> da(a), db(b), dbias(bias);
    device<label_t> dl(labels);
    device<T> dw(best);
    B::nearest(cx.inner, da, db, dbias, vector_out<label_t>(dl), vector_out<T>(dw));
  }

  template <real T>
  static void rms_norm(own& cx, input_matrix<T> x, input_vector<T> gain, input_scalar<T> epsilon, matrix_view<T> y,
                       vector_view<T> rstd) {
    in<T> dx(x), dg(gain);
    device<T> dy(y), dr(rstd);
    B::rms_norm(cx.inner, dx, dg, epsilon, out<T>(dy), vector_out<T>(dr));
  }
  template <real T>
  static void rms_norm_adjoint(own& cx, input_matrix<T> x, input_vector<T> gain, input_vector<T> rstd, input_matrix<T> dy,
                               const layout& seq, matrix_view<T> dx, matrix_view<T> dgain) {
    in<T> tx(x), tg(gain), tr(rstd), tdy(dy);
    device<T> tdx(dx), tdg(dgain);
    B::rms_norm_adjoint(cx.inner, tx, tg, tr, tdy, seq, out<T>(tdx), out<T>(tdg));
  }
  template <real T>
  static void rope(own& cx, op direction, index_t head_dim, std::span<const std::int32_t> positions, input_matrix<T> cosine,
                   input_matrix<T> sine, input_matrix<T> x, matrix_view<T> y) {
    in<T> dc(cosine), ds(sine), dx(x);
    device<T> dy(y);
    B::rope(cx.inner, direction, head_dim, positions, dc, ds, dx, out<T>(dy));
  }
  template <real T>
  static void swiglu(own& cx, input_matrix<T> gate, input_matrix<T> up, matrix_view<T> y) {
    in<T> dg(gate), du(up);
    device<T> dy(y);
    B::swiglu(cx.inner, dg, du, out<T>(dy));
  }
  template <real T>
  static void swiglu_adjoint(own& cx, input_matrix<T> gate, input_matrix<T> up, input_matrix<T> dy, matrix_view<T> dgate,
                             matrix_view<T> dup) {
    in<T> tg(gate), tu(up), tdy(dy);
    device<T> tdg(dgate), tdu(dup);
    B::swiglu_adjoint(cx.inner, tg, tu, tdy, out<T>(tdg), out<T>(tdu));
  }
  template <real T>
  static void attention(own& cx, const attention_shape& shape, input_matrix<T> q, input_matrix<T> k, input_matrix<T> v,
                        std::span<const row_range> queries, std::span<const row_range> keys, matrix_view<T> o, matrix_view<T> l) {
    in<T> dq(q), dk(k), dv(v);
    device<T> d_o(o), dl(l);
    B::attention(cx.inner, shape, dq, dk, dv, queries, keys, out<T>(d_o), out<T>(dl));
  }
  template <real T>
  static void attention_adjoint(own& cx, const attention_shape& shape, input_matrix<T> q, input_matrix<T> k, input_matrix<T> v,
                                input_matrix<T> o, input_matrix<T> l, input_matrix<T> d_o, std::span<const row_range> ranges,
                                matrix_view<T> dq, matrix_view<T> dk, matrix_view<T> dv) {
    in<T> tq(q), tk(k), tv(v), to(o), tl(l), tdo(d_o);
    device<T> tdq(dq), tdk(dk), tdv(dv);
    B::attention_adjoint(cx.inner, shape, tq, tk, tv, to, tl, tdo, ranges, out<T>(tdq), out<T>(tdk), out<T>(tdv));
  }
  template <real T>
  static void cross_entropy(own& cx, matrix_view<T> logits, std::span<const token_id> targets, input_vector<T> weights,
                            vector_view<T> losses) {
    in<T> dw(weights);
    device<T> dz(logits), dl(losses);
    B::cross_entropy(cx.inner, out<T>(dz), targets, dw, vector_out<T>(dl));
  }
  template <real T>
  static void adamw(own& cx, const adamw_step& step, input_matrix<T> gradient, matrix_view<T> parameter, matrix_view<T> first,
                    matrix_view<T> second) {
    in<T> dg(gradient);
    device<T> dp(parameter), d1(first), d2(second);
    B::adamw(cx.inner, step, dg, out<T>(dp), out<T>(d1), out<T>(d2));
  }

  template <real T>
  static void sign_accumulate(own& cx, const sign_block& block, input_matrix<T> g, matrix_view<T> z) {
    in<T> dg(g);
    device<T> dz(z);
    B::sign_accumulate(cx.inner, block, dg, out<T>(dz));
  }
  template <real T>
  static void sign_factor(own& cx, philox_key key, index_t side, index_t first, matrix_view<T> c) {
    device<T> dc(c);
    B::sign_factor(cx.inner, key, side, first, out<T>(dc));
  }
  template <real T>
  static void sign_rows(own& cx, philox_key key, std::span<const token_id> ids, input_matrix<T> g, matrix_view<T> z) {
    in<T> dg(g);
    device<T> dz(z);
    B::sign_rows(cx.inner, key, ids, dg, out<T>(dz));
  }
  template <real T>
  static void sign_factor_rows(own& cx, philox_key key, index_t side, std::span<const token_id> ids, matrix_view<T> c) {
    device<T> dc(c);
    B::sign_factor_rows(cx.inner, key, side, ids, out<T>(dc));
  }
  template <real T>
  static void sparse_sign_rows(own& cx, philox_key key, index_t nonzeros, std::span<const token_id> ids, input_matrix<T> g,
                               matrix_view<T> z) {
    in<T> dg(g);
    device<T> dz(z);
    B::sparse_sign_rows(cx.inner, key, nonzeros, ids, dg, out<T>(dz));
  }
  template <real T>
  static void sparse_sign_accumulate(own& cx, const sign_block& block, index_t nonzeros, input_matrix<T> g, matrix_view<T> z) {
    in<T> dg(g);
    device<T> dz(z);
    B::sparse_sign_accumulate(cx.inner, block, nonzeros, dg, out<T>(dz));
  }
};

}  // namespace test
