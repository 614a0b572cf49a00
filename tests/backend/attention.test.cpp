#include "oracle/attention.hpp"
#include "oracle/central_difference.hpp"
#include "support/catch.hpp"
#include "support/numeric.hpp"
#include "support/strided.hpp"

#include <cmath>
#include <cstddef>
#include <vector>

using namespace prismatic;

namespace {

template <class T>
struct inputs {
  matrix<T> q, k, v;
};

template <class T>
inputs<T> random_inputs(const attention_shape& shape, index_t queries, index_t keys) {
  return {test::gaussian<T>(queries, shape.heads * shape.head_dim, "q"),
          test::gaussian<T>(keys, shape.kv_heads * shape.head_dim, "k"),
          test::gaussian<T>(keys, shape.kv_heads * shape.head_dim, "v")};
}

template <class T>
struct result {
  matrix<T> o, l;
};

template <class B, class T>
result<T> attend(context<B>& cx, const attention_shape& shape, const inputs<T>& in, const layout& queries,
                 const layout& keys) {
  result<T> out{matrix<T>(in.q.rows(), in.q.cols()), matrix<T>(in.q.rows(), shape.heads)};
  B::attention(cx, shape, in.q, in.k, in.v, queries.ranges(), keys.ranges(), out.o.view(), out.l.view());
  return out;
}

attention_shape grouped(index_t heads, index_t kv_heads, index_t head_dim) {
  return {heads, kv_heads, head_dim, 1 / std::sqrt(static_cast<double>(head_dim))};
}

template <class T>
matrix<T> rows_of(const matrix<T>& m, index_t first, index_t count) {
  matrix<T> out(count, m.cols());
  std::copy_n(m.data() + first * m.cols(), count * m.cols(), out.data());
  return out;
}

// A score is a sum of head_dim products and moves an output by as much, relative to |v| <= 5.
template <class T>
double output_bound(const attention_shape& shape, index_t longest) {
  return test::rounding_bound<T>(shape.head_dim + longest, 20);
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("attention agrees with the oracle", "[backend][attention]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = GENERATE(1, 3)});
  const layout sequences{1, 63, 0, 64, 65, 130, 2};
  for (const attention_shape& shape : {grouped(4, 2, 8), grouped(4, 1, 5), grouped(2, 2, 16)}) {
    CAPTURE(B::name, shape.heads, shape.kv_heads);
    const auto in = random_inputs<T>(shape, sequences.rows(), sequences.rows());
    test::strided<T> q(in.q), k(in.k), v(in.v), o(in.q), l(sequences.rows(), shape.heads);
    B::attention(cx, shape, q.view(), k.view(), v.view(), sequences.ranges(), sequences.ranges(), o.view(),
                 l.view());
    const auto expected = test::oracle::attention(shape, test::widened(in.q), test::widened(in.k),
                                                  test::widened(in.v), sequences.ranges(), sequences.ranges());
    CHECK(test::largest_difference(o.packed(), expected.o) <= output_bound<T>(shape, 130));
    CHECK(test::largest_difference(l.packed(), expected.l) <= output_bound<T>(shape, 1));
    CHECK((o.padding_untouched() && l.padding_untouched()));
  }
}

TEMPLATE_LIST_TEST_CASE("attention over a cache agrees with the oracle and the full pass",
                        "[backend][attention]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 2});
  const attention_shape shape = grouped(4, 2, 8);
  const layout keys{130, 5, 64, 66};
  const layout queries{1, 5, 0, 65};
  const auto full = random_inputs<T>(shape, keys.rows(), keys.rows());
  inputs<T> cached{matrix<T>(queries.rows(), full.q.cols()), full.k.clone(), full.v.clone()};
  for (index_t s = 0; s < keys.sequences(); ++s)
    for (index_t i = 0; i < queries[s].size(); ++i)
      std::copy_n(full.q.view().row(keys[s].end - queries[s].size() + i), full.q.cols(),
                  cached.q.view().row(queries[s].begin + i));
  const auto all = attend<B, T>(cx, shape, full, keys, keys);
  const auto last = attend<B, T>(cx, shape, cached, queries, keys);
  const auto expected = test::oracle::attention(shape, test::widened(cached.q), test::widened(cached.k),
                                                test::widened(cached.v), queries.ranges(), keys.ranges());
  const double bound = output_bound<T>(shape, 130);
  CHECK(test::largest_difference(last.o, expected.o) <= bound);
  CHECK(test::largest_difference(last.l, expected.l) <= bound);
  for (index_t s = 0; s < keys.sequences(); ++s) {
    const index_t count = queries[s].size();
    CHECK(test::largest_difference(rows_of(last.o, queries[s].begin, count),
                                   test::widened(rows_of(all.o, keys[s].end - count, count))) <= bound);
  }
}

TEMPLATE_LIST_TEST_CASE("a sequence attends the same alone and in a batch, on any threads",
                        "[backend][attention]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> one({.threads = 1}), three({.threads = 3});
  const attention_shape shape = grouped(4, 2, 8);
  const layout sequences{1, 130, 65, 7};
  const auto in = random_inputs<T>(shape, sequences.rows(), sequences.rows());
  const auto batch = attend<B, T>(three, shape, in, sequences, sequences);
  const auto again = attend<B, T>(one, shape, in, sequences, sequences);
  CHECK(test::identical(batch.o, again.o));
  CHECK(test::identical(batch.l, again.l));
  for (index_t s = 0; s < sequences.sequences(); ++s) {
    CAPTURE(B::name, s);
    const row_range r = sequences[s];
    const inputs<T> alone{rows_of(in.q, r.begin, r.size()), rows_of(in.k, r.begin, r.size()),
                          rows_of(in.v, r.begin, r.size())};
    const auto own = attend<B, T>(one, shape, alone, layout{r.size()}, layout{r.size()});
    CHECK(test::identical(own.o, rows_of(batch.o, r.begin, r.size())));
    CHECK(test::identical(own.l, rows_of(batch.l, r.begin, r.size())));
  }
}

TEMPLATE_LIST_TEST_CASE("attention is finite and shift invariant for scores of 1e4", "[backend][attention]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 1});
  const attention_shape shape{1, 1, 2, 1.0};
  const layout sequence{3};
  // The scores of the last query are (shift, shift + 1, shift + 2), all exact.
  const auto run = [&](double shift) {
    inputs<T> in{matrix<T>(3, 2), matrix<T>(3, 2), matrix<T>(3, 2)};
    for (index_t t = 0; t < 3; ++t) {
      in.q(t, 0) = T(1);
      in.q(t, 1) = static_cast<T>(shift);
      in.k(t, 0) = static_cast<T>(t);
      in.k(t, 1) = T(1);
      in.v(t, 0) = static_cast<T>(t * t);
    }
    return attend<B, T>(cx, shape, in, sequence, sequence);
  };
  const auto plain = run(0), high = run(1e4), low = run(-1e4);
  const double e = std::exp(1.0), sum = 1 + e + e * e;
  CHECK(static_cast<double>(plain.o(2, 0)) == Approx((e + 4 * e * e) / sum).epsilon(1e-6));
  CHECK(static_cast<double>(plain.l(2, 0)) == Approx(std::log(sum)).epsilon(1e-6));
  CHECK(test::identical(plain.o, high.o));
  CHECK(test::identical(plain.o, low.o));
  CHECK(static_cast<double>(high.l(2, 0)) == Approx(1e4 + std::log(sum)).epsilon(1e-6));
  CHECK(static_cast<double>(low.l(2, 0)) == Approx(-1e4 + std::log(sum)).epsilon(1e-6));
}

TEMPLATE_LIST_TEST_CASE("the adjoint of attention agrees with the oracle and adds", "[backend][attention]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> one({.threads = 1}), three({.threads = 3});
  const layout sequences{1, 63, 0, 64, 65, 130};
  for (const attention_shape& shape : {grouped(4, 2, 8), grouped(4, 1, 5), grouped(2, 2, 16)}) {
    CAPTURE(B::name, shape.heads, shape.kv_heads);
    const auto in = random_inputs<T>(shape, sequences.rows(), sequences.rows());
    const auto forward = attend<B, T>(three, shape, in, sequences, sequences);
    const auto d_o = test::gaussian<T>(in.q.rows(), in.q.cols(), "do");
    const auto start_q = test::gaussian<T>(in.q.rows(), in.q.cols(), "dq");
    const auto start_k = test::gaussian<T>(in.k.rows(), in.k.cols(), "dk");
    test::strided<T> dq(start_q), dk(start_k), dv(start_k), sdo(d_o);
    B::attention_adjoint(three, shape, in.q, in.k, in.v, forward.o, forward.l, sdo.view(), sequences.ranges(),
                         dq.view(), dk.view(), dv.view());
    auto expected =
        test::oracle::attention_adjoint(shape, test::widened(in.q), test::widened(in.k), test::widened(in.v),
                                        test::widened(d_o), sequences.ranges());
    const auto add = [](matrix<double>& to, const matrix<T>& from) {
      for (index_t i = 0; i < to.size(); ++i) to.data()[i] += static_cast<double>(from.data()[i]);
    };
    add(expected.dq, start_q);
    add(expected.dk, start_k);
    add(expected.dv, start_k);
    // Up to heads / kv_heads x 130 terms meet in a gradient of a key.
    const double bound = test::rounding_bound<T>(4 * 130, 50);
    CHECK(test::largest_difference(dq.packed(), expected.dq) <= bound);
    CHECK(test::largest_difference(dk.packed(), expected.dk) <= bound);
    CHECK(test::largest_difference(dv.packed(), expected.dv) <= bound);
    CHECK((dq.padding_untouched() && dk.padding_untouched() && dv.padding_untouched()));

    matrix<T> dq1 = start_q.clone(), dk1 = start_k.clone(), dv1 = start_k.clone();
    B::attention_adjoint(one, shape, in.q, in.k, in.v, forward.o, forward.l, d_o, sequences.ranges(),
                         dq1.view(), dk1.view(), dv1.view());
    CHECK(test::identical(dq1, dq.packed()));
    CHECK(test::identical(dk1, dk.packed()));
    CHECK(test::identical(dv1, dv.packed()));
  }
}

TEST_CASE("the adjoint of attention is its derivative", "[backend][attention]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  const attention_shape shape = grouped(4, 2, 4);
  const layout sequences{3, 1, 6};
  auto in = random_inputs<double>(shape, sequences.rows(), sequences.rows());
  const auto d_o = test::gaussian<double>(in.q.rows(), in.q.cols(), "do");
  const auto forward = attend<B, double>(cx, shape, in, sequences, sequences);
  matrix<double> dq(in.q.rows(), in.q.cols()), dk(in.k.rows(), in.k.cols()), dv(in.v.rows(), in.v.cols());
  B::attention_adjoint(cx, shape, in.q, in.k, in.v, forward.o, forward.l, d_o, sequences.ranges(), dq.view(),
                       dk.view(), dv.view());
  const auto loss = [&] {
    return test::oracle::inner(attend<B, double>(cx, shape, in, sequences, sequences).o, d_o);
  };
  // Truncation of order 1e-10, rounding of order 1e-11: nine digits are left.
  CHECK(test::oracle::relative_error(dq, test::oracle::central_difference(in.q, loss)) <= 1e-6);
  CHECK(test::oracle::relative_error(dk, test::oracle::central_difference(in.k, loss)) <= 1e-6);
  CHECK(test::oracle::relative_error(dv, test::oracle::central_difference(in.v, loss)) <= 1e-6);
}

TEMPLATE_LIST_TEST_CASE("attention over nothing", "[backend][attention]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = 2});
  const attention_shape shape = grouped(2, 1, 4);
  const auto in = random_inputs<T>(shape, 0, 0);
  CHECK(attend<B, T>(cx, shape, in, {}, {}).o.empty());
  CHECK(attend<B, T>(cx, shape, in, {0, 0}, {0, 0}).o.empty());
}
