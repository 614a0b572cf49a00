#include "support/catch.hpp"
#include "support/numeric.hpp"

#include <prismatic/transformer/auto_proxy.hpp>
#include <prismatic/transformer/proxy.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

using namespace prismatic;
using B = cpu_backend<eigen_kernels>;

namespace {

proxy<B, float> untrained() {
  proxy<B, float> p{decoder<B, float>(auto_proxy_config()), std::make_shared<byte_encoder>(), "test"};
  p.model.initialise(1);
  return p;
}

}  // namespace

TEST_CASE("encoding lists what it refuses and keeps everybody's place", "[transformer][proxy]") {
  const proxy<B, float> p = untrained();
  std::vector<sample> samples{make_sample("a", "question", "answer"), make_sample("b", "q", std::string(5000, 'x')),
                              make_sample("c", std::string(5000, 'y'), "answer")};
  samples[1].line = 2;
  const encoded_samples out = encode(p, samples, {.file = "data.jsonl"});
  REQUIRE(out.sequences.size() == 3);
  REQUIRE(out.refused.size() == 1);
  CHECK(out.refused[0].index == 1);
  CHECK(out.refused[0].reason.find("data.jsonl:2: found") == 0);
  CHECK(out.sequences[1].size() == 0);
  CHECK(out.truncated == 1);
  CHECK(out.sequences[2].size() == p.model.config().context + 1);
  CHECK(out.tokens == out.sequences[0].size() + out.sequences[2].size());
}

TEST_CASE("a sample without anything to predict is refused", "[transformer][proxy]") {
  sample s;
  s.id = "silent";
  s.messages = {{"user", "hello"}};
  const encoded_samples out = encode(untrained(), std::vector<sample>{s});
  REQUIRE(out.refused.size() == 1);
  CHECK(out.refused[0].reason == "sample 'silent': found no token that carries loss, expected a completion");
}

TEST_CASE("the fingerprint follows every weight", "[transformer][proxy]") {
  proxy<B, float> p = untrained();
  const std::string before = weights_fingerprint(p.model.parameters());
  CHECK(before.size() == 32);
  CHECK(weights_fingerprint(untrained().model.parameters()) == before);
  p.model.parameters().value({3})(0, 0) += 1e-3f;
  CHECK(weights_fingerprint(p.model.parameters()) != before);
}

TEST_CASE("the fingerprint does not depend on how a weight is held", "[transformer][proxy]") {
  proxy<B, float> p = untrained();
  auto& parameters = p.model.parameters();
  const auto narrow = test::rounded(test::gaussian<float>(parameters.info({0}).rows, parameters.info({0}).cols, "table"));
  std::copy_n(narrow.data(), narrow.size(), parameters.value({0}).data());
  const std::string in_full = weights_fingerprint(parameters);
  std::copy_n(narrow.data(), narrow.size(), parameters.hold_rounded({0}).data());
  CHECK(weights_fingerprint(parameters) == in_full);
  parameters.hold_rounded({0});
  CHECK(weights_fingerprint(parameters) != in_full);
}
