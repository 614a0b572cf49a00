/// The sink that writes everything out: the full per-sample gradient, for tests and tiny models.
#pragma once

#include <prismatic/autodiff/parameter.hpp>
#include <prismatic/autodiff/sink.hpp>
#include <prismatic/backend/backend.hpp>
#include <prismatic/core/checked.hpp>
#include <prismatic/core/matrix.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace prismatic {

/// Row s is the gradient of sequence s: every parameter, flattened row-major, one after the other.
/// Memory: S P scalars.
template <class B, real T>
class materialise_sink {
 public:
  materialise_sink(context<B>& cx, std::span<const parameter_info> infos)
      : context_(cx), infos_(infos.begin(), infos.end()) {
    for (const parameter_info& info : infos_) {
      offsets_.push_back(total_);
      total_ = checked_add(total_, info.size(), "materialise: parameters");
    }
  }

  /// Starts a batch: gradients of zero.
  void begin(index_t sequences) { gradients_ = matrix<T, B::space>(sequences, total_); }

  [[nodiscard]] bool wants(parameter_id) const noexcept { return true; }

  void outer(parameter_id p, matrix_view<const T, B::space> dy, matrix_view<const T, B::space> x, const layout& seq) {
    for (index_t s = 0; s < seq.sequences(); ++s)
      B::gemm(context_, op::transpose, op::none, T{1}, dy.middle_rows(seq[s].begin, seq[s].size()),
              x.middle_rows(seq[s].begin, seq[s].size()), T{1}, gradient(s, p));
  }

  void rows(parameter_id p, std::span<const token_id> ids, matrix_view<const T, B::space> dy, const layout& seq) {
    for (index_t s = 0; s < seq.sequences(); ++s)
      B::scatter_rows(context_, dy.middle_rows(seq[s].begin, seq[s].size()),
                      ids.subspan(static_cast<std::size_t>(seq[s].begin), static_cast<std::size_t>(seq[s].size())),
                      gradient(s, p));
  }

  void dense(parameter_id p, matrix_view<const T, B::space> g) {
    B::axpy(context_, T{1}, g, gradients_.view().middle_cols(offset(p), g.cols()));
  }

  /// All gradients (S, P).
  [[nodiscard]] matrix_view<const T, B::space> gradients() const { return gradients_.view(); }

  /// The gradient of sequence s with respect to parameter p, its own shape.
  [[nodiscard]] matrix_view<T, B::space> gradient(index_t s, parameter_id p) {
    const parameter_info& info = infos_[static_cast<std::size_t>(p.index)];
    return {gradients_.view().row(s) + offset(p), info.rows, info.cols};
  }

 private:
  [[nodiscard]] index_t offset(parameter_id p) const { return offsets_[static_cast<std::size_t>(p.index)]; }

  context<B>& context_;
  std::vector<parameter_info> infos_;
  std::vector<index_t> offsets_;
  index_t total_ = 0;
  matrix<T, B::space> gradients_;
};

}  // namespace prismatic
