#include "support/catch.hpp"
#include "support/numeric.hpp"

#include <prismatic/gradient/sample_rows.hpp>
#include <prismatic/projection/rademacher.hpp>
#include <prismatic/transformer/auto_proxy.hpp>

#include <limits>
#include <memory>
#include <string>
#include <vector>

using namespace prismatic;
using B = cpu_backend<eigen_kernels>;

TEST_CASE("samples without a row are set aside by name, the others keep their order", "[gradient][sample_rows]") {
  context<B> cx({.threads = 2});
  decoder_config config = auto_proxy_config();
  config.tied = false;  // a tied table would spoil everybody's logits
  proxy<B, float> p{decoder<B, float>(config), std::make_shared<byte_encoder>(), "test"};
  p.model.initialise(1);
  p.model.parameters().value({0})('~', 0) = std::numeric_limits<float>::quiet_NaN();  // spoils who says ~
  const std::vector<sample> samples{make_sample("a", "one", "two"), make_sample("b", "x", std::string(5000, 'y')),
                                    make_sample("c", "~", "three"), make_sample("d", "four", "five")};
  const rademacher projection(16);
  const auto found = collect_samples(cx, p, samples, projection, {.file = "data.jsonl"}, {.batch_tokens = 1});
  CHECK(found.used == std::vector<index_t>{0, 3});
  REQUIRE(found.refused.size() == 2);
  CHECK(found.refused[0].index == 1);
  CHECK(found.refused[1].index == 2);
  CHECK(found.refused[1].reason == "sample 'c': found a gradient that is zero or not finite");
  REQUIRE(found.gradients.rows.rows() == 2);
  REQUIRE(found.gradients.losses.size() == 2);
  const auto alone = collect_samples(cx, p, std::span(&samples[3], 1), projection);
  for (index_t j = 0; j < 16; ++j) CHECK(found.gradients.rows(1, j) == Approx(alone.gradients.rows(0, j)).epsilon(1e-4));
  CHECK(collect_samples(cx, p, std::span<const sample>{}, projection).used.empty());
}
