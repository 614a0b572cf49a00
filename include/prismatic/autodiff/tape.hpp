/// Reverse-mode differentiation over matrix operations: a list of nodes, swept once, backwards.
#pragma once

#include <prismatic/autodiff/sink.hpp>
#include <prismatic/backend/backend.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/layout.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/workspace.hpp>

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

namespace prismatic {

/// A value on a tape: one row per token, the sequences of a packed batch end to end.
struct variable {
  index_t index;
};

/// Records matrix operations as they are computed and sweeps them once in reverse. Nodes are matrices,
/// never scalars; the sweep is a loop, never a recursion over paths. Parameter gradients go to the sink as
/// they are found; values and gradients return to the context's scratch pool as soon as the sweep has
/// passed them.
///
/// An operation is a function: it makes its result with `result`, computes it, and leaves the adjoint with
/// `on_backward`. With no_sink nothing is recorded.
///
/// The tape refers to its context and its sink; both must outlive it.
template <class B, real T, class Sink>
class tape {
 public:
  using backend_type = B;
  using scalar = T;
  using view = matrix_view<T, B::space>;
  using const_view = matrix_view<const T, B::space>;
  static constexpr bool records = !std::same_as<Sink, no_sink>;

  tape(context<B>& cx, Sink& sink) : context_(cx), sink_(sink) {
    static_assert(gradient_sink<Sink, B, T>, "a sink has wants, outer, rows and dense: see autodiff/sink.hpp");
  }

  [[nodiscard]] context<B>& cx() noexcept { return context_; }
  [[nodiscard]] Sink& sink() noexcept { return sink_; }

  /// A given matrix, not owned, with no gradient of its own. @throws shape_error
  variable constant(const_view values, const std::shared_ptr<const layout>& sequences) {
    return input(values, sequences, false);
  }

  /// A given matrix, not owned, that may need a gradient: take it with on_backward. @throws shape_error
  variable input(const_view values, const std::shared_ptr<const layout>& sequences, bool needs_gradient) {
    require_equal(values.rows(), sequences->rows(), "tape: rows of an input");
    nodes_.push_back(node{.value = values, .sequences = sequences, .needs_gradient = needs_gradient});
    return {static_cast<index_t>(nodes_.size()) - 1};
  }

  /// An uninitialised value an operation is about to fill, with the sequences of its first input. It needs
  /// a gradient when an input does, or when the operation has a parameter the sink wants.
  variable result(index_t cols, std::initializer_list<variable> inputs, bool wanted_parameter = false) {
    return result(cols, at(*inputs.begin()).sequences, inputs, wanted_parameter);
  }

  /// The same with sequences of its own.
  variable result(index_t cols, const std::shared_ptr<const layout>& sequences, std::initializer_list<variable> inputs,
                  bool wanted_parameter = false) {
    node n{.storage = scratch(sequences->rows(), cols), .sequences = sequences};
    n.value = n.storage;
    n.needs_gradient = wanted_parameter;
    for (const variable v : inputs) n.needs_gradient |= at(v).needs_gradient;
    nodes_.push_back(std::move(n));
    return {static_cast<index_t>(nodes_.size()) - 1};
  }

  /// Leaves the adjoint of the operation that made `out`: called as f(tape) when the sweep reaches it, with
  /// gradient(out) complete. Dropped when `out` needs no gradient.
  template <std::invocable<tape&> F>
  void on_backward(variable out, F f) {
    if constexpr (records)
      if (at(out).needs_gradient) at(out).adjoint = std::make_unique<adjoint_of<F>>(std::move(f));
  }

  [[nodiscard]] const_view value(variable v) const { return at(v).value; }
  /// The value an operation has just made, to be filled.
  [[nodiscard]] view fill(variable v) { return at(v).storage; }
  [[nodiscard]] const layout& sequences(variable v) const { return *at(v).sequences; }
  [[nodiscard]] std::shared_ptr<const layout> shared_sequences(variable v) const { return at(v).sequences; }
  [[nodiscard]] bool needs_gradient(variable v) const { return at(v).needs_gradient; }

  /// A gradient to add to: `fresh` until something has been written, when it holds no numbers yet.
  struct slot {
    view gradient;
    bool fresh;
    [[nodiscard]] T beta() const noexcept { return fresh ? T{0} : T{1}; }
  };

  /// Where an adjoint that can overwrite (a product) puts its part of v's gradient.
  slot gradient_slot(variable v) {
    node& n = at(v);
    const bool fresh = !n.gradient.held();
    if (fresh) n.gradient = scratch(n.value.rows(), n.value.cols());
    return {n.gradient, fresh};
  }

  /// v's gradient, zero at first: what an adjoint adds to.
  view gradient(variable v) {
    const slot s = gradient_slot(v);
    if (s.fresh) B::fill(context_, T{0}, s.gradient);
    return s.gradient;
  }

  /// v's gradient becomes, or grows by, the given one, whose storage is taken.
  void give_gradient(variable v, scratch_matrix<T, B::space> given) {
    node& n = at(v);
    if (!n.gradient.held())
      n.gradient = std::move(given);
    else
      B::axpy(context_, T{1}, given, n.gradient.view());
  }

  /// Takes the gradient of a node the sweep has reached, to hand it on without a copy.
  scratch_matrix<T, B::space> take_gradient(variable v) { return std::exchange(at(v).gradient, {}); }

  /// Takes a value nobody reads again, storage and all.
  scratch_matrix<T, B::space> take_value(variable v) { return std::exchange(at(v).storage, {}); }

  /// Frees a value nobody reads again, its own adjoint and its consumers' included. Its shape stays.
  void forget(variable v) {
    node& n = at(v);
    n.storage = {};
    n.value = const_view(nullptr, n.value.rows(), n.value.cols());
  }

  /// An uninitialised matrix from the context's pool.
  [[nodiscard]] scratch_matrix<T, B::space> scratch(index_t rows, index_t cols) {
    return {context_.scratch(), rows, cols};
  }

  /// Sweeps back from `root`, whose gradient is one in every entry. @throws what an adjoint or the sink throws
  void backward(variable root)
    requires records
  {
    scratch_matrix<T, B::space> ones = scratch(at(root).value.rows(), at(root).value.cols());
    B::fill(context_, T{1}, ones.view());
    backward(root, std::move(ones));
  }

  /// Sweeps back from `root`, whose gradient is given.
  void backward(variable root, scratch_matrix<T, B::space> gradient)
    requires records
  {
    give_gradient(root, std::move(gradient));
    for (index_t i = root.index; i >= 0; --i) {
      node& n = nodes_[static_cast<std::size_t>(i)];
      if (n.adjoint && n.gradient.held()) n.adjoint->run(*this);
      n = node{.sequences = std::move(n.sequences)};
    }
  }

  /// Without a sweep to come, frees every value but `kept`; with one, does nothing.
  void keep_only(variable kept) {
    if constexpr (!records)
      for (std::size_t i = 0; i < nodes_.size(); ++i)
        if (static_cast<index_t>(i) != kept.index) nodes_[i].storage = {};
  }

 private:
  struct adjoint_base {
    virtual ~adjoint_base() = default;
    virtual void run(tape&) = 0;  // one indirect call a matrix operation
  };
  template <class F>
  struct adjoint_of final : adjoint_base {
    explicit adjoint_of(F f) : body(std::move(f)) {}
    void run(tape& t) override { body(t); }
    F body;
  };
  struct node {
    scratch_matrix<T, B::space> storage = {};
    const_view value = {};
    scratch_matrix<T, B::space> gradient = {};
    std::shared_ptr<const layout> sequences = {};
    std::unique_ptr<adjoint_base> adjoint = {};
    bool needs_gradient = false;
  };

  [[nodiscard]] node& at(variable v) { return nodes_[static_cast<std::size_t>(v.index)]; }
  [[nodiscard]] const node& at(variable v) const { return nodes_[static_cast<std::size_t>(v.index)]; }

  context<B>& context_;
  Sink& sink_;
  std::vector<node> nodes_;
};

}  // namespace prismatic
