/// A sink that writes every piece out, naively and in double, and counts what it hears.
#pragma once

#include <prismatic/autodiff/parameter.hpp>
#include <prismatic/autodiff/sink.hpp>
#include <prismatic/core/matrix.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace test {

using namespace prismatic;

template <class T>
struct recording_sink {
  explicit recording_sink(std::span<const parameter_info> parameters, index_t sequences = 1)
      : infos(parameters), wanted(parameters.size(), true), calls(parameters.size()) {
    for (index_t s = 0; s < sequences; ++s) {
      gradients.emplace_back();
      for (const parameter_info& info : infos) gradients.back().emplace_back(info.rows, info.cols);
    }
  }

  [[nodiscard]] bool wants(parameter_id p) const { return wanted[at(p)]; }

  void outer(parameter_id p, matrix_view<const T> dy, matrix_view<const T> x, const layout& seq) {
    ++calls[at(p)];
    for (index_t s = 0; s < seq.sequences(); ++s)
      for (index_t t = seq[s].begin; t < seq[s].end; ++t)
        for (index_t i = 0; i < dy.cols(); ++i)
          for (index_t j = 0; j < x.cols(); ++j) of(s, p)(i, j) += double(dy(t, i)) * double(x(t, j));
  }

  void rows(parameter_id p, std::span<const token_id> ids, matrix_view<const T> dy, const layout& seq) {
    ++calls[at(p)];
    for (index_t s = 0; s < seq.sequences(); ++s)
      for (index_t t = seq[s].begin; t < seq[s].end; ++t)
        for (index_t j = 0; j < dy.cols(); ++j) of(s, p)(ids[static_cast<std::size_t>(t)], j) += double(dy(t, j));
  }

  void dense(parameter_id p, matrix_view<const T> g) {
    ++calls[at(p)];
    for (index_t s = 0; s < g.rows(); ++s)
      for (index_t j = 0; j < g.cols(); ++j) of(s, p)(0, j) += double(g(s, j));
  }

  /// The gradient of sequence s with respect to parameter p.
  [[nodiscard]] matrix<double>& of(index_t s, parameter_id p) { return gradients[static_cast<std::size_t>(s)][at(p)]; }

  static std::size_t at(parameter_id p) { return static_cast<std::size_t>(p.index); }

  std::span<const parameter_info> infos;
  std::vector<bool> wanted;
  std::vector<int> calls;                              // by parameter
  std::vector<std::vector<matrix<double>>> gradients;  // by sequence, then by parameter
};

}  // namespace test
