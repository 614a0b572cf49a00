/// The sink that adds up: the gradient of a whole batch, for training.
#pragma once

#include <prismatic/autodiff/parameter.hpp>
#include <prismatic/autodiff/sink.hpp>
#include <prismatic/backend/backend.hpp>
#include <prismatic/core/matrix.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace prismatic {

/// G_p += the sum over sequences of their gradients, for every parameter p.
template <class B, real T>
class accumulate_sink {
 public:
  accumulate_sink(context<B>& cx, std::span<const parameter_info> infos) : context_(cx) {
    for (const parameter_info& info : infos) sums_.emplace_back(info.rows, info.cols);
  }

  /// Sets every gradient to zero.
  void clear() {
    for (auto& g : sums_) B::fill(context_, T{0}, g.view());
  }

  [[nodiscard]] bool wants(parameter_id) const noexcept { return true; }

  void outer(parameter_id p, matrix_view<const T, B::space> dy, matrix_view<const T, B::space> x, const layout&) {
    B::gemm(context_, op::transpose, op::none, T{1}, dy, x, T{1}, gradient(p));
  }

  void rows(parameter_id p, std::span<const token_id> ids, matrix_view<const T, B::space> dy, const layout&) {
    B::scatter_rows(context_, dy, ids, gradient(p));
  }

  void dense(parameter_id p, matrix_view<const T, B::space> g) {
    B::segment_sum(context_, g, layout{g.rows()}, gradient(p));
  }

  /// Parameter p's gradient, its own shape.
  [[nodiscard]] matrix_view<T, B::space> gradient(parameter_id p) {
    return sums_[static_cast<std::size_t>(p.index)].view();
  }

 private:
  context<B>& context_;
  std::vector<matrix<T, B::space>> sums_;
};

}  // namespace prismatic
