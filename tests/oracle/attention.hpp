/// Causal grouped-query attention and its adjoint, one query at a time, in double.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/core/matrix.hpp>

#include <cmath>
#include <span>
#include <vector>

namespace test::oracle {

using namespace prismatic;

struct attention_result {
  matrix<double> o, l;
};
struct attention_gradients {
  matrix<double> dq, dk, dv;
};

/// Calls body(query row, head, first key row, probabilities of the keys it sees, log-sum-exp).
template <class F>
void each_query(const attention_shape& shape, const matrix<double>& q, const matrix<double>& k,
                std::span<const row_range> queries, std::span<const row_range> keys, F&& body) {
  for (std::size_t s = 0; s < queries.size(); ++s)
    for (index_t h = 0; h < shape.heads; ++h)
      for (index_t i = 0; i < queries[s].size(); ++i) {
        const index_t qc = h * shape.head_dim, kc = h * shape.kv_heads / shape.heads * shape.head_dim;
        std::vector<double> p(static_cast<std::size_t>(keys[s].size() - queries[s].size() + i + 1));
        double sum = 0;
        for (std::size_t j = 0; j < p.size(); ++j) {
          for (index_t c = 0; c < shape.head_dim; ++c)
            p[j] += shape.scale * q(queries[s].begin + i, qc + c) *
                    k(keys[s].begin + static_cast<index_t>(j), kc + c);
          sum += std::exp(p[j]);
        }
        for (double& x : p) x = std::exp(x) / sum;
        body(queries[s].begin + i, h, keys[s].begin, p, std::log(sum));
      }
}

inline attention_result attention(const attention_shape& shape, const matrix<double>& q,
                                  const matrix<double>& k, const matrix<double>& v,
                                  std::span<const row_range> queries, std::span<const row_range> keys) {
  attention_result out{matrix<double>(q.rows(), q.cols()), matrix<double>(q.rows(), shape.heads)};
  each_query(
      shape, q, k, queries, keys, [&](index_t t, index_t h, index_t first, const auto& p, double log_sum) {
        out.l(t, h) = log_sum;
        for (std::size_t j = 0; j < p.size(); ++j)
          for (index_t c = 0; c < shape.head_dim; ++c)
            out.o(t, h * shape.head_dim + c) += p[j] * v(first + static_cast<index_t>(j),
                                                         h * shape.kv_heads / shape.heads * shape.head_dim + c);
      });
  return out;
}

inline attention_gradients attention_adjoint(const attention_shape& shape, const matrix<double>& q,
                                             const matrix<double>& k, const matrix<double>& v,
                                             const matrix<double>& d_o, std::span<const row_range> sequences) {
  attention_gradients g{matrix<double>(q.rows(), q.cols()), matrix<double>(k.rows(), k.cols()),
                        matrix<double>(v.rows(), v.cols())};
  each_query(shape, q, k, sequences, sequences,
             [&](index_t t, index_t h, index_t first, const auto& p, double) {
               const index_t qc = h * shape.head_dim, kc = h * shape.kv_heads / shape.heads * shape.head_dim;
               std::vector<double> dp(p.size());
               double mean = 0;
               for (std::size_t j = 0; j < p.size(); ++j) {
                 for (index_t c = 0; c < shape.head_dim; ++c)
                   dp[j] += d_o(t, qc + c) * v(first + static_cast<index_t>(j), kc + c);
                 mean += p[j] * dp[j];
               }
               for (std::size_t j = 0; j < p.size(); ++j)
                 for (index_t c = 0; c < shape.head_dim; ++c) {
                   const index_t key = first + static_cast<index_t>(j);
                   const double ds = shape.scale * p[j] * (dp[j] - mean);
                   g.dq(t, qc + c) += ds * k(key, kc + c);
                   g.dk(key, kc + c) += ds * q(t, qc + c);
                   g.dv(key, kc + c) += p[j] * d_o(t, qc + c);
                 }
             });
  return g;
}

}  // namespace test::oracle
