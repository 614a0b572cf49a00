#include "autodiff/recording_sink.hpp"
#include "support/catch.hpp"
#include "support/strided.hpp"
#include "transformer/models.hpp"

#include <prismatic/gradient/materialise.hpp>

using namespace prismatic;

TEMPLATE_LIST_TEST_CASE("every sequence's gradient is written out in full", "[gradient][materialise]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = GENERATE(1, 3)});
  for (const decoder_config& config : {test::qwen2_like(), test::qwen3_like()}) {
    const auto model = test::random_decoder<B, T>(config);
    const auto& infos = model.parameters().infos();
    const packed_batch batch = test::pack_all(test::random_sequences(config.vocabulary, {5, 2, 16}));
    materialise_sink<B, T> sink(cx, infos);
    test::recording_sink<T> naive(infos, 3);
    sink.begin(3);
    test::sweep(cx, model, batch, sink);
    test::sweep(cx, model, batch, naive);
    REQUIRE(sink.gradients().rows() == 3);
    REQUIRE(sink.gradients().cols() == model.parameters().scalars());
    for (index_t s = 0; s < 3; ++s) {
      index_t offset = 0;
      for (index_t p = 0; p < model.parameters().size(); ++p) {
        const auto g = sink.gradient(s, {p});
        CHECK(test::largest_difference<T>(g, naive.of(s, {p}).view()) <= test::rounding_bound<T>(15, 4));
        CHECK(g.data() == sink.gradients().row(s) + offset);
        offset += g.size();
      }
    }
  }
}

TEST_CASE("a new batch starts from zero", "[gradient][materialise]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  const auto model = test::random_decoder<B, double>(test::qwen2_like());
  const packed_batch batch = test::pack_all(test::random_sequences(11, {5, 2}));
  materialise_sink<B, double> sink(cx, model.parameters().infos());
  sink.begin(2);
  test::sweep(cx, model, batch, sink);
  matrix<double> first(2, sink.gradients().cols());
  B::copy(cx, sink.gradients(), first.view());
  sink.begin(2);
  test::sweep(cx, model, batch, sink);
  CHECK(test::identical<double>(first.view(), sink.gradients()));
}
