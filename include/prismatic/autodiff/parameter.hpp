/// Named, trainable matrices: what a model is made of and what a gradient sink hears about.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/core/bfloat16.hpp>
#include <prismatic/core/checked.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/types.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prismatic {

/// Position of a parameter in its parameter_set.
struct parameter_id {
  index_t index;
  friend constexpr bool operator==(parameter_id, parameter_id) noexcept = default;
};

/// A parameter's name and shape: a weight is (out, in), an embedding table (vocabulary, width), a gain or
/// bias (1, width).
struct parameter_info {
  std::string name;
  index_t rows;
  index_t cols;
  [[nodiscard]] index_t size() const { return checked_mul(rows, cols, name); }
};

/// A parameter as an operation takes it. One that is held as bfloat16 has numbers in `rounded`, every other in `value`.
template <class T, memory Space>
struct parameter_ref {
  parameter_id id;
  matrix_view<const T, Space> value;
  matrix_view<const bf16, Space> rounded = {};

  [[nodiscard]] index_t rows() const noexcept { return rounded.empty() ? value.rows() : rounded.rows(); }
  [[nodiscard]] index_t cols() const noexcept { return rounded.empty() ? value.cols() : rounded.cols(); }
};

/// use(numbers) for the numbers of a weight, as they are held.
template <class B, class T, class F>
void with_numbers(const parameter_ref<T, B::space>& weight, F&& use) {
  if constexpr (reads_bfloat16<B, T>)
    if (!weight.rounded.empty()) return use(weight.rounded);
  use(weight.value);
}

/// All parameters of a model, in the order they were added.
template <class T, memory Space = memory::host>
class parameter_set {
 public:
  /// Adds a parameter of zeros. @throws size_error
  parameter_id add(std::string name, index_t rows, index_t cols) {
    values_.emplace_back(rows, cols);
    rounded_.emplace_back();
    infos_.push_back({std::move(name), rows, cols});
    return parameter_id{size() - 1};  // nvcc loses the braces without a name
  }

  [[nodiscard]] index_t size() const noexcept { return static_cast<index_t>(infos_.size()); }
  [[nodiscard]] const std::vector<parameter_info>& infos() const noexcept { return infos_; }
  [[nodiscard]] const parameter_info& info(parameter_id p) const { return infos_[static_cast<std::size_t>(p.index)]; }
  /// To be changed: numbers that are held as bfloat16 become T first, for as long as the parameter lives.
  [[nodiscard]] matrix_view<T, Space> value(parameter_id p) {
    matrix<T, Space>& held = values_[static_cast<std::size_t>(p.index)];
    if constexpr (Space == memory::host)
      if (matrix<bf16>& rounded = rounded_[static_cast<std::size_t>(p.index)]; !rounded.empty()) {
        matrix<T> wide(rounded.rows(), rounded.cols());
        std::copy_n(rounded.data(), rounded.size(), wide.data());
        held = std::move(wide);
        rounded = {};
      }
    return held.view();
  }
  /// @throws model_error  the numbers are held as bfloat16
  [[nodiscard]] matrix_view<const T, Space> value(parameter_id p) const {
    if (!rounded(p).empty())
      throw model_error("parameters: found tensor '" + info(p).name + "' held as bfloat16, expected it held in full");
    return values_[static_cast<std::size_t>(p.index)].view();
  }
  [[nodiscard]] parameter_ref<T, Space> operator[](parameter_id p) const {
    return {p, values_[static_cast<std::size_t>(p.index)].view(), rounded(p)};
  }

  /// The numbers of a parameter that is held as bfloat16; else empty.
  [[nodiscard]] matrix_view<const bf16, Space> rounded(parameter_id p) const {
    return rounded_[static_cast<std::size_t>(p.index)].view();
  }
  [[nodiscard]] bool any_rounded() const {
    return std::ranges::any_of(rounded_, [](const auto& numbers) { return !numbers.empty(); });
  }
  /// Holds a weight as bfloat16 from now on, in half the memory of float: zeros, to be filled. For a backend that `reads_bfloat16`.
  matrix_view<bf16> hold_rounded(parameter_id p)
    requires(Space == memory::host)
  {
    matrix<bf16> zeros(info(p).rows, info(p).cols);
    values_[static_cast<std::size_t>(p.index)] = {};
    return (rounded_[static_cast<std::size_t>(p.index)] = std::move(zeros)).view();
  }

  /// P: the number of scalars.
  [[nodiscard]] index_t scalars() const {
    index_t total = 0;
    for (const parameter_info& info : infos_) total = checked_add(total, info.size(), "parameters");
    return total;
  }

  /// The parameter called `name`. @throws model_error
  [[nodiscard]] parameter_id find(std::string_view name) const {
    for (index_t i = 0; i < size(); ++i)
      if (infos_[static_cast<std::size_t>(i)].name == name) return {i};
    throw model_error("parameters: no tensor called '" + std::string(name) + "'");
  }

 private:
  std::vector<parameter_info> infos_;
  std::vector<matrix<T, Space>> values_;           // of each parameter one is empty,
  std::vector<matrix<bf16, Space>> rounded_;  // unless it has no numbers
};

}  // namespace prismatic
