#include "support/catch.hpp"

#include <prismatic/gradient/flops.hpp>

using namespace prismatic;

namespace {

// Multiply-adds of the forward products, one loop a product, as a naive implementation would run them.
double counted(const decoder_config& c, index_t tokens, index_t predictions) {
  double out = 0;
  const auto product = [&](index_t rows, index_t inner, index_t cols) {
    for (index_t i = 0; i < rows; ++i)
      for (index_t j = 0; j < cols; ++j) out += static_cast<double>(inner);
  };
  for (index_t layer = 0; layer < c.layers; ++layer) {
    product(tokens, c.width, c.heads * c.head_dim);                                    // queries
    for (int twice = 0; twice < 2; ++twice) product(tokens, c.width, c.kv_heads * c.head_dim);  // keys, values
    for (index_t head = 0; head < c.heads; ++head)
      for (index_t t = 0; t < tokens; ++t) {
        product(1, c.head_dim, t + 1);  // scores
        product(1, t + 1, c.head_dim);  // their mix of values
      }
    product(tokens, c.heads * c.head_dim, c.width);
    for (int twice = 0; twice < 2; ++twice) product(tokens, c.width, c.ffn);  // gate, up
    product(tokens, c.ffn, c.width);
  }
  product(predictions, c.width, c.vocabulary);
  return out;
}

}  // namespace

TEST_CASE("the products of a sweep are those a naive decoder would run", "[gradient][flops]") {
  const decoder_config c{.vocabulary = 11, .width = 6, .layers = 3, .heads = 4, .kv_heads = 2, .head_dim = 2, .ffn = 5, .context = 32};
  for (const index_t tokens : {1, 2, 17})
    for (const index_t predictions : {0, 1, 9}) {
      CAPTURE(tokens, predictions);
      // 2 for a multiply and an add; once forward, twice backward.
      CHECK(flops_of_gradient(c, tokens, predictions, 0, 0).sweeps == 6 * counted(c, tokens, predictions));
    }
}

TEST_CASE("a projection adds what it is told, and costs add up", "[gradient][flops]") {
  const decoder_config c{.vocabulary = 11, .width = 6, .layers = 1, .heads = 1, .kv_heads = 1, .head_dim = 2, .ffn = 5, .context = 32};
  gradient_flops sum = flops_of_gradient(c, 3, 1, 1000, 4);
  CHECK(sum.projection == 4000);
  const double sweeps = sum.sweeps;
  sum += flops_of_gradient(c, 3, 1, 1000, 1024);
  CHECK(sum.projection == 1028000);
  CHECK(sum.sweeps == 2 * sweeps);
  CHECK(sum.total() == 2 * sweeps + 1028000);
}
