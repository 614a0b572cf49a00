#include "support/catch.hpp"
#include "transformer/models.hpp"

#include <prismatic/gradient/materialise.hpp>
#include <prismatic/gradient/squared_norm.hpp>

using namespace prismatic;

TEMPLATE_LIST_TEST_CASE("squared norms are those of the materialised gradients, batch after batch",
                        "[gradient][squared_norm]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = GENERATE(1, 3)});
  for (const decoder_config& config : {test::qwen2_like(), test::llama_like()}) {
    const auto model = test::random_decoder<B, T>(config);
    const auto data = test::random_sequences(config.vocabulary, {5, 2, 16, 9});
    squared_norm_sink<B, T> sink(cx, model.parameters().infos());
    materialise_sink<B, T> full(cx, model.parameters().infos());
    for (const std::vector<std::size_t>& part : {std::vector<std::size_t>{0, 1, 2, 3}, {2, 0}, {1}}) {
      const packed_batch batch = test::pack_some(data, part);
      sink.begin(static_cast<index_t>(part.size()));
      full.begin(static_cast<index_t>(part.size()));
      test::sweep(cx, model, batch, sink);
      test::sweep(cx, model, batch, full);
      const std::vector<double> found = sink.squared_norms();
      REQUIRE(found.size() == part.size());
      for (std::size_t s = 0; s < part.size(); ++s) {
        double expected = 0;
        for (index_t k = 0; k < full.gradients().cols(); ++k) {
          const double g = double(full.gradients()(static_cast<index_t>(s), k));
          expected += g * g;
        }
        CHECK(std::abs(found[s] - expected) <= test::rounding_bound<T>(64, expected));
      }
    }
  }
}
