/// A case for kernels of attention's adjoint that are run on the host: inputs, what they add to, and what should be there then.
#pragma once

#include "oracle/attention.hpp"
#include "support/numeric.hpp"

#include <prismatic/backend/cpu.hpp>
#include <prismatic/backend/functors/attention.hpp>

#include <algorithm>

namespace test {

using namespace prismatic;

/// The largest differences from the oracle.
struct attend_back_errors {
  double dq, dk, dv;
};

/// @param numbers  numbers(rows, cols, name): an input
/// @param run      run(pair, dq, dk, dv): the kernels, which add to the gradients
template <class T, class Numbers, class Run>
attend_back_errors attend_back(const attention_shape& shape, const layout& sequences, Numbers&& numbers, Run&& run) {
  const index_t rows = sequences.rows(), width = shape.heads * shape.head_dim, narrow = shape.kv_heads * shape.head_dim;
  const matrix<T> q = numbers(rows, width, "q"), k = numbers(rows, narrow, "k"), v = numbers(rows, narrow, "v"),
                  d_o = numbers(rows, width, "do");
  matrix<T> o(rows, width), l(rows, shape.heads), d(rows, shape.heads);
  const matrix<T>&kept_o = o, &kept_l = l, &kept_d = d;  // read only
  context<cpu_backend<>> cx({.threads = 1});
  cpu_backend<>::attention<T>(cx, shape, q, k, v, sequences.ranges(), sequences.ranges(), o.view(), l.view());
  const detail::attention_delta<T> delta{shape.head_dim, kept_o.view(), d_o.view(), d.view()};
  for (index_t t = 0; t < rows; ++t)
    for (index_t h = 0; h < shape.heads; ++h) delta(t, h);

  const auto start_q = gaussian<T>(rows, width, "dq"), start_k = gaussian<T>(rows, narrow, "dk"),
             start_v = gaussian<T>(rows, narrow, "dv");
  matrix<T> dq = start_q.clone(), dk = start_k.clone(), dv = start_v.clone();
  run(detail::attention_pair<T>{shape.heads / shape.kv_heads, shape.head_dim, static_cast<T>(shape.scale), q.view(), k.view(),
                                v.view(), d_o.view(), kept_l.view(), kept_d.view()},
      dq.view(), dk.view(), dv.view());

  auto expected = oracle::attention_adjoint(shape, widened(q), widened(k), widened(v), widened(d_o), sequences.ranges());
  const auto error = [](matrix<double>& sum, const matrix<T>& start, const matrix<T>& found) {
    for (index_t i = 0; i < sum.size(); ++i) sum.data()[i] += static_cast<double>(start.data()[i]);
    return largest_difference(found, sum);
  };
  return {error(expected.dq, start_q, dq), error(expected.dk, start_k, dk), error(expected.dv, start_v, dv)};
}

}  // namespace test
