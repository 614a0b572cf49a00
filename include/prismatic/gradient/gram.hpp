/// The sink that gives exact inner products without any projection: the ground truth by which every
/// projection is judged.
#pragma once

#include <prismatic/autodiff/parameter.hpp>
#include <prismatic/autodiff/sink.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/gradient/pieces.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace prismatic {

/// Keeps every sequence's gradient, factored where that is smaller, over one batch after another.
template <class B, real T>
class gram_sink {
 public:
  /// The referenced infos must outlive the sink.
  gram_sink(context<B>& cx, std::span<const parameter_info> infos)
      : context_(cx), infos_(infos), wanted_(infos.size(), true), kept_(infos.size()) {}

  /// Asks for some parameters only: `wanted[p]` for parameter p. @throws shape_error
  void restrict_to(std::vector<bool> wanted) {
    require_equal(static_cast<index_t>(wanted.size()), static_cast<index_t>(infos_.size()), "gram: wanted flags");
    wanted_ = std::move(wanted);
  }

  /// Starts a batch whose sequences follow those already kept.
  void begin(index_t sequences) {
    first_ = count_;
    count_ += sequences;
    for (auto& gradients : kept_) gradients.resize(static_cast<std::size_t>(count_));
  }

  /// Forgets every sequence.
  void clear() {
    for (auto& gradients : kept_) gradients.clear();
    first_ = count_ = 0;
  }

  [[nodiscard]] bool wants(parameter_id p) const { return wanted_[static_cast<std::size_t>(p.index)]; }

  void outer(parameter_id p, matrix_view<const T> dy, matrix_view<const T> x, const layout& seq) {
    for (index_t s = 0; s < seq.sequences(); ++s)
      at(p, first_ + s).add_outer(context_, info(p), dy.middle_rows(seq[s].begin, seq[s].size()),
                                  x.middle_rows(seq[s].begin, seq[s].size()));
  }

  void rows(parameter_id p, std::span<const token_id> ids, matrix_view<const T> dy, const layout& seq) {
    for (index_t s = 0; s < seq.sequences(); ++s)
      at(p, first_ + s)
          .add_rows(context_, info(p),
                    ids.subspan(static_cast<std::size_t>(seq[s].begin), static_cast<std::size_t>(seq[s].size())),
                    dy.middle_rows(seq[s].begin, seq[s].size()));
  }

  void dense(parameter_id p, matrix_view<const T> g) {
    for (index_t s = 0; s < g.rows(); ++s) at(p, first_ + s).add_dense(context_, info(p), g.middle_rows(s, 1));
  }

  /// <g_s, g_t> over all sequences kept so far (n, n). Cost: n^2 P FLOP where gradients are kept whole,
  /// 2 T_s T_t (rows + cols) per pair and parameter where they are factored.
  [[nodiscard]] matrix<double> gram() const {
    matrix<double> sum(count_, count_);
    for (std::size_t p = 0; p < kept_.size(); ++p) add(kept_[p], infos_[p], sum);
    for (index_t s = 0; s < count_; ++s)
      for (index_t t = 0; t < s; ++t) sum(t, s) = sum(s, t);
    return sum;
  }

  /// |g_s|^2 of every sequence kept so far.
  [[nodiscard]] std::vector<double> squared_norms() const {
    std::vector<double> norms(static_cast<std::size_t>(count_));
    for (const auto& gradients : kept_)
      for (std::size_t s = 0; s < norms.size(); ++s)
        norms[s] += gradient_pieces<B, T>::inner(context_, gradients[s], gradients[s]);
    return norms;
  }

 private:
  using gradients_of = std::vector<gradient_pieces<B, T>>;

  [[nodiscard]] const parameter_info& info(parameter_id p) const { return infos_[static_cast<std::size_t>(p.index)]; }
  gradient_pieces<B, T>& at(parameter_id p, index_t s) {
    return kept_[static_cast<std::size_t>(p.index)][static_cast<std::size_t>(s)];
  }

  // The lower triangle of sum += the Gram matrix of one parameter.
  void add(const gradients_of& gradients, const parameter_info& info, matrix<double>& sum) const {
    const bool all_whole = std::ranges::all_of(gradients, [](const auto& g) { return !g.whole().empty(); });
    if (all_whole) {
      matrix<T> stacked(count_, info.size()), products(count_, count_);
      for (index_t s = 0; s < count_; ++s)
        std::copy_n(gradients[static_cast<std::size_t>(s)].whole().data(), info.size(), stacked.view().row(s));
      B::syrk(context_, op::none, T{1}, stacked, T{0}, products.view());
      for (index_t s = 0; s < count_; ++s)
        for (index_t t = 0; t <= s; ++t) sum(s, t) += static_cast<double>(products(s, t));
    } else {
      for (index_t s = 0; s < count_; ++s)
        for (index_t t = 0; t <= s; ++t)
          sum(s, t) += gradient_pieces<B, T>::inner(context_, gradients[static_cast<std::size_t>(s)],
                                                    gradients[static_cast<std::size_t>(t)]);
    }
  }

  context<B>& context_;
  std::span<const parameter_info> infos_;
  std::vector<bool> wanted_;
  std::vector<gradients_of> kept_;  // by parameter, then by sequence
  index_t first_ = 0;
  index_t count_ = 0;
};

}  // namespace prismatic
