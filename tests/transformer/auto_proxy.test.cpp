#include "support/catch.hpp"
#include "support/numeric.hpp"
#include "support/temporary_directory.hpp"

#include <prismatic/io/atomic_file.hpp>
#include <prismatic/transformer/auto_proxy.hpp>

#include <string>
#include <vector>

using namespace prismatic;
using B = cpu_backend<eigen_kernels>;

namespace {

std::vector<sample> sums() {
  std::vector<sample> out;
  for (int a = 0; a < 5; ++a)
    out.push_back(make_sample(std::to_string(a), "What is " + std::to_string(a) + " + 1?", "It is " + std::to_string(a + 1)));
  return out;
}

}  // namespace

TEST_CASE("an embedded proxy is a function of its data and seed, and survives a file", "[transformer][auto_proxy]") {
  const test::temporary_directory directory;
  context<B> cx({.threads = 2});
  const auto train = [&](std::uint64_t seed) {
    return train_auto_proxy<float>(cx, sums(), {.steps = 3, .batch_tokens = 128, .seed = seed});
  };
  const auto first = train(1);
  const std::string print = weights_fingerprint(first.model.parameters());
  CHECK(weights_fingerprint(train(1).model.parameters()) == print);
  CHECK(weights_fingerprint(train(2).model.parameters()) != print);

  const std::string path = directory / "proxy.safetensors";
  save_auto_proxy(first, path);
  CHECK(weights_fingerprint(load_auto_proxy<float>(cx, path).model.parameters()) == print);
}

TEST_CASE("a file that is no embedded proxy is refused", "[transformer][auto_proxy]") {
  const test::temporary_directory directory;
  context<B> cx({.threads = 1});
  const std::string path = directory / "other.safetensors";
  write_safetensors(path, {tensor_of("x", std::vector<float>{1, 2})});
  CHECK_THROWS_AS(load_auto_proxy<float>(cx, path), model_error);
  write_file(directory / "junk.safetensors", "not a tensor");
  CHECK_THROWS_AS(load_auto_proxy<float>(cx, directory / "junk.safetensors"), data_error);
}

TEST_CASE("data without a usable sample trains nothing", "[transformer][auto_proxy]") {
  context<B> cx({.threads = 1});
  const std::vector<sample> samples{make_sample("a", "q", std::string(6000, 'x'))};
  CHECK_THROWS_AS(train_auto_proxy<float>(cx, samples, {.steps = 1}), data_error);
}
