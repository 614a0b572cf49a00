/// Inputs that benchmarks share.
#pragma once

#include <prismatic/backend/default.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/philox.hpp>
#include <prismatic/transformer/batch.hpp>

#include <cstdint>
#include <string_view>
#include <vector>

namespace bench {

using namespace prismatic;
using B = default_backend;

inline matrix<float> gaussian(index_t rows, index_t cols, std::string_view name) {
  const random_stream random(1, name);
  matrix<float> out(rows, cols);
  for (index_t i = 0; i < out.size(); ++i) out.data()[i] = static_cast<float>(random.normal(static_cast<std::uint64_t>(i)));
  return out;
}

/// n sequences of `length` inputs over a vocabulary, every prediction carrying loss.
inline std::vector<token_sequence> sequences(index_t n, index_t length, index_t vocabulary) {
  const random_stream random(1, "bench/tokens");
  std::vector<token_sequence> out(static_cast<std::size_t>(n));
  std::uint64_t at = 0;
  for (token_sequence& s : out)
    for (index_t t = 0; t <= length; ++t) {
      s.tokens.push_back(static_cast<token_id>(random.below(at++, vocabulary)));
      s.carries_loss.push_back(true);
    }
  return out;
}

}  // namespace bench
