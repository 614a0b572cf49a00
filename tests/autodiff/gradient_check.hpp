/// What every test of an operation shares: inputs as leaves of a tape, and its gradients against central
/// differences, sequence by sequence.
#pragma once

#include "autodiff/recording_sink.hpp"
#include "support/numeric.hpp"

#include <prismatic/autodiff/embedding.hpp>
#include <prismatic/autodiff/parameter.hpp>
#include <prismatic/autodiff/tape.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <numeric>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace test {

/// Central differences need double.
using built_in_double = std::tuple<on<cpu_backend<eigen_kernels>, double>
#if PRISMATIC_HAS_BLAS
                                   ,
                                   on<cpu_backend<blas_kernels>, double>
#endif
                                   >;

/// A parameter of standard normal entries.
template <class T>
parameter_id add_gaussian(parameter_set<T>& parameters, const std::string& name, index_t rows, index_t cols) {
  const parameter_id p = parameters.add(name, rows, cols);
  const matrix<T> values = gaussian<T>(rows, cols, name);
  std::copy_n(values.data(), values.size(), parameters.value(p).data());
  return p;
}

/// A parameter's rows as a value on the tape: one row per token.
template <class Tape, class T>
variable leaf(Tape& t, const parameter_set<T>& parameters, parameter_id p, const layout& sequences) {
  std::vector<token_id> ids(static_cast<std::size_t>(parameters.info(p).rows));
  std::iota(ids.begin(), ids.end(), 0);
  return embedding(t, ids, parameters[p], std::make_shared<layout>(sequences));
}

/// l_t = sum_j c_tj y_tj with fixed numbers c: makes a loss of any matrix.
template <class Tape>
variable probe(Tape& t, variable y) {
  using T = typename Tape::scalar;
  const auto c = std::make_shared<matrix<T>>(gaussian<T>(t.value(y).rows(), t.value(y).cols(), "probe"));
  const variable loss = t.result(1, {y});
  for (index_t i = 0; i < c->rows(); ++i) {
    t.fill(loss)(i, 0) = 0;
    for (index_t j = 0; j < c->cols(); ++j) t.fill(loss)(i, 0) += (*c)(i, j) * t.value(y)(i, j);
  }
  t.on_backward(loss, [=](auto& tape) {
    const auto dy = tape.gradient(y);
    for (index_t i = 0; i < c->rows(); ++i)
      for (index_t j = 0; j < c->cols(); ++j) dy(i, j) += tape.gradient(loss)(i, 0) * (*c)(i, j);
  });
  return loss;
}

/// Equal to the bit, shapes given.
inline bool identical(const matrix<double>& a, const matrix<double>& b) {
  return std::equal(a.data(), a.data() + a.size(), b.data(), b.data() + b.size());
}

/// The largest |found - expected| over the largest |expected|. Gradients below 1e-4 are judged as if they were
/// as large: the differences themselves are off by some 1e-11.
inline double relative_error(const matrix<double>& found, const matrix<double>& expected) {
  double worst = 0, largest = 1e-4;
  for (index_t i = 0; i < found.size(); ++i) {
    const double d = std::abs(found.data()[i] - expected.data()[i]);
    worst = d <= worst ? worst : d;  // NaN is kept
    largest = std::max(largest, std::abs(expected.data()[i]));
  }
  return worst / largest;
}

/// The largest relative error, over sequences and parameters, of the gradients that `build(tape)`'s losses
/// leave with a sink. Each loss belongs to the sequence of its row.
template <class B, class Build>
double gradient_error(context<B>& cx, parameter_set<double>& parameters, index_t sequences, Build&& build) {
  recording_sink<double> sink(parameters.infos(), sequences);
  {
    tape<B, double, recording_sink<double>> t(cx, sink);
    t.backward(build(t));
  }
  const auto loss_of = [&](index_t s) {
    no_sink none;
    tape<B, double, no_sink> t(cx, none);
    const variable losses = build(t);
    double sum = 0;
    for (index_t i = t.sequences(losses)[s].begin; i < t.sequences(losses)[s].end; ++i) sum += t.value(losses)(i, 0);
    return sum;
  };
  double worst = 0;
  for (index_t p = 0; p < parameters.size(); ++p) {
    const matrix_view<double> value = parameters.value({p});
    std::vector<matrix<double>> expected;
    for (index_t s = 0; s < sequences; ++s) expected.emplace_back(value.rows(), value.cols());
    constexpr double step = 1e-5;
    for (index_t i = 0; i < value.size(); ++i) {
      const double before = value.data()[i];
      for (const double sign : {1.0, -1.0}) {
        value.data()[i] = before + sign * step;
        for (index_t s = 0; s < sequences; ++s)
          expected[static_cast<std::size_t>(s)].data()[i] += sign * loss_of(s) / (2 * step);
      }
      value.data()[i] = before;
    }
    for (index_t s = 0; s < sequences; ++s) {
      const double error = relative_error(sink.of(s, {p}), expected[static_cast<std::size_t>(s)]);
      worst = error <= worst ? worst : error;  // NaN is kept
    }
  }
  return worst;
}

/// The error the issue allows a gradient.
inline constexpr double allowed = 1e-6;

}  // namespace test
