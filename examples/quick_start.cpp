/// From a JSONL file to G-Vendi. The region below is the README's: a test keeps the two the same.
// [quick start]
#include <prismatic/prismatic.hpp>

#include <iostream>

int main(int argc, char** argv) {
  using namespace prismatic;
  using B = default_backend;  // chosen by the target you link; name one to be explicit
  if (argc != 2) return 2;

  context<B> cx({.seed = 1});
  const dataset data = read_samples(argv[1]);                       // any schema people use
  const auto proxy = train_auto_proxy<float>(cx, data.samples);     // or a checkpoint of your own
  const auto encoded = encode(proxy, data.samples);
  const rademacher projection(1024);                                // the paper's: dense random signs
  const auto gradients = collect_rows(cx, proxy.model, encoded.sequences, projection);
  const vendi_result diversity = vendi(cx, gradients.rows);         // exp of the spectrum's entropy
  const auto clusters = kmeans(cx, gradients.rows, {.clusters = std::max<index_t>(1, data.size() / 10)});

  std::cout << "G-Vendi " << diversity.score << " of at most " << diversity.ceiling << " for "
            << diversity.rows << " samples in " << clusters.sizes.size() << " clusters\n";
}
// [quick start]
