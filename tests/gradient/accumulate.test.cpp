#include "support/catch.hpp"
#include "transformer/models.hpp"

#include <prismatic/gradient/accumulate.hpp>
#include <prismatic/gradient/materialise.hpp>

using namespace prismatic;

TEMPLATE_LIST_TEST_CASE("the gradient of a batch is the sum of its samples' gradients", "[gradient][accumulate]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = GENERATE(1, 3)});
  for (const decoder_config& config : {test::qwen2_like(), test::qwen3_like(), test::llama_like()}) {
    CAPTURE(B::name, config.tied);
    const auto model = test::random_decoder<B, T>(config);
    const auto& infos = model.parameters().infos();
    const auto sequences = test::random_sequences(config.vocabulary, {5, 2, 16, 9});
    materialise_sink<B, T> samples(cx, infos);
    samples.begin(4);
    test::sweep(cx, model, test::pack_all(sequences), samples);
    accumulate_sink<B, T> whole(cx, infos), parts(cx, infos);
    test::sweep(cx, model, test::pack_all(sequences), whole);
    test::sweep(cx, model, test::pack_some(sequences, {3, 0}), parts);  // two batches, another order
    test::sweep(cx, model, test::pack_some(sequences, {2, 1}), parts);
    for (index_t p = 0; p < model.parameters().size(); ++p) {
      matrix<double> sum(infos[static_cast<std::size_t>(p)].rows, infos[static_cast<std::size_t>(p)].cols);
      double largest = 1e-3;
      for (index_t s = 0; s < 4; ++s)
        for (index_t i = 0; i < sum.size(); ++i) sum.data()[i] += double(samples.gradient(s, {p}).data()[i]);
      for (index_t i = 0; i < sum.size(); ++i) largest = std::max(largest, std::abs(sum.data()[i]));
      // Sums over 28 tokens of what a few dozen sums made; some cancel.
      const double bound = test::rounding_bound<T>(28 * 16, largest);
      CHECK(test::largest_difference<T>(whole.gradient({p}), sum.view()) <= bound);
      CHECK(test::largest_difference<T>(parts.gradient({p}), sum.view()) <= bound);
    }
  }
}
