#include "support/catch.hpp"
#include "transformer/models.hpp"

#include <prismatic/gradient/gram.hpp>
#include <prismatic/gradient/materialise.hpp>

#include <algorithm>

using namespace prismatic;

namespace {

// So wide that most gradients of a short sequence are smaller in factors.
decoder_config wide(bool tied) {
  return {.vocabulary = 61, .width = 32, .layers = 1, .heads = 2, .kv_heads = 1, .head_dim = 16, .ffn = 40,
          .context = 16, .qkv_bias = true, .qk_norm = true, .tied = tied};
}

template <class B, class T>
matrix<double> materialised_gram(context<B>& cx, const decoder<B, T>& model, const std::vector<token_sequence>& data) {
  const auto n = static_cast<index_t>(data.size());
  materialise_sink<B, T> sink(cx, model.parameters().infos());
  sink.begin(n);
  test::sweep(cx, model, test::pack_all(data), sink);
  matrix<double> gram(n, n);
  for (index_t s = 0; s < n; ++s)
    for (index_t t = 0; t < n; ++t)
      for (index_t k = 0; k < sink.gradients().cols(); ++k)
        gram(s, t) += double(sink.gradients()(s, k)) * double(sink.gradients()(t, k));
  return gram;
}

// |found - expected| over the product of the two gradients' norms.
double cosine_error(const matrix<double>& found, const matrix<double>& expected) {
  double worst = 0;
  for (index_t s = 0; s < expected.rows(); ++s)
    for (index_t t = 0; t < expected.cols(); ++t)
      worst = std::max(worst, std::abs(found(s, t) - expected(s, t)) / std::sqrt(expected(s, s) * expected(t, t)));
  return worst;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("the Gram matrix is that of the materialised gradients, however they are kept",
                        "[gradient][gram]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = GENERATE(1, 3)});
  // Narrow layers and long sequences are kept whole, wide ones factored, 2 to 16 tokens mixed.
  for (const decoder_config& config : {test::qwen2_like(), test::qwen3_like(), test::llama_like(), wide(true), wide(false)}) {
    CAPTURE(B::name, config.width, config.tied);
    const auto model = test::random_decoder<B, T>(config);
    const auto data = test::random_sequences(config.vocabulary, {5, 2, 16, 3, 9});
    const matrix<double> expected = materialised_gram(cx, model, data);
    const double bound = test::rounding_bound<T>(64, 1);

    gram_sink<B, T> sink(cx, model.parameters().infos());
    sink.begin(5);
    test::sweep(cx, model, test::pack_all(data), sink);
    const matrix<double> found = sink.gram();
    CHECK(cosine_error(found, expected) <= bound);
    const std::vector<double> norms = sink.squared_norms();
    for (index_t s = 0; s < 5; ++s) CHECK(norms[static_cast<std::size_t>(s)] == Approx(found(s, s)).epsilon(bound));
    for (index_t s = 0; s < 5; ++s)
      for (index_t t = 0; t < s; ++t) CHECK(found(s, t) == found(t, s));

    // The same sequences over three batches.
    gram_sink<B, T> batched(cx, model.parameters().infos());
    for (const std::vector<std::size_t>& part : {std::vector<std::size_t>{0, 1}, {2}, {3, 4}}) {
      batched.begin(static_cast<index_t>(part.size()));
      test::sweep(cx, model, test::pack_some(data, part), batched);
    }
    CHECK(cosine_error(batched.gram(), expected) <= bound);
  }
}

namespace {

// A Gram sink deaf to one use of the table, or to both.
template <bool Head, bool Table>
struct partly_deaf : gram_sink<cpu_backend<>, double> {
  using gram_sink<cpu_backend<>, double>::gram_sink;
  void outer(parameter_id p, matrix_view<const double> dy, matrix_view<const double> x, const layout& seq) {
    if (Head || p.index != 0) gram_sink::outer(p, dy, x, seq);
  }
  void rows(parameter_id p, std::span<const token_id> ids, matrix_view<const double> dy, const layout& seq) {
    if (Table) gram_sink::rows(p, ids, dy, seq);
  }
};

}  // namespace

TEST_CASE("the cross terms of a tied table are part of the answer", "[gradient][gram]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  const auto model = test::random_decoder<B, double>(wide(true));
  const auto data = test::random_sequences(61, {2});
  const auto square = [&]<class Sink>(Sink sink) {
    sink.begin(1);
    test::sweep(cx, model, test::pack_all(data), sink);
    return sink.gram()(0, 0);
  };
  const auto& infos = model.parameters().infos();
  const double both = square(partly_deaf<true, true>(cx, infos)), head = square(partly_deaf<true, false>(cx, infos)),
               table = square(partly_deaf<false, true>(cx, infos)), neither = square(partly_deaf<false, false>(cx, infos));
  CHECK(both == Approx(materialised_gram(cx, model, data)(0, 0)).epsilon(1e-12));
  CHECK(std::abs(both - (head + table - neither)) > 1e-6 * both);
}

TEST_CASE("restricted to some parameters, the inner products are theirs", "[gradient][gram]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  const auto model = test::random_decoder<B, double>(test::llama_like());
  const auto data = test::random_sequences(11, {5, 2});
  const auto count = model.parameters().infos().size();
  const auto inner = [&](auto&& chosen) {
    std::vector<bool> wanted;
    for (std::size_t p = 0; p < count; ++p) wanted.push_back(chosen(p));
    gram_sink<B, double> sink(cx, model.parameters().infos());
    sink.restrict_to(wanted);
    sink.begin(2);
    test::sweep(cx, model, test::pack_all(data), sink);
    return sink.gram()(1, 0);
  };
  double sum = 0;
  for (std::size_t one = 0; one < count; ++one) sum += inner([=](std::size_t p) { return p == one; });
  CHECK(sum == Approx(inner([](std::size_t) { return true; })).epsilon(1e-12));
  CHECK(inner([](std::size_t) { return false; }) == 0);
  gram_sink<B, double> sink(cx, model.parameters().infos());
  CHECK_THROWS_AS(sink.restrict_to({true}), shape_error);
}

TEST_CASE("clear forgets every sequence", "[gradient][gram]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  const auto model = test::random_decoder<B, double>(test::qwen3_like());
  const auto data = test::random_sequences(11, {5, 2});
  gram_sink<B, double> sink(cx, model.parameters().infos());
  for (int round = 0; round < 2; ++round) {
    sink.clear();
    CHECK(sink.gram().rows() == 0);
    sink.begin(2);
    test::sweep(cx, model, test::pack_all(data), sink);
    CHECK(cosine_error(sink.gram(), materialised_gram(cx, model, data)) <= 1e-13);
  }
}
