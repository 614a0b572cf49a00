/// Named, trainable matrices: what a model is made of and what a gradient sink hears about.
#pragma once

#include <prismatic/core/checked.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/types.hpp>

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

/// A parameter as an operation takes it.
template <class T, memory Space>
struct parameter_ref {
  parameter_id id;
  matrix_view<const T, Space> value;
};

/// All parameters of a model, in the order they were added.
template <class T, memory Space = memory::host>
class parameter_set {
 public:
  /// Adds a parameter of zeros. @throws size_error
  parameter_id add(std::string name, index_t rows, index_t cols) {
    values_.emplace_back(rows, cols);
    infos_.push_back({std::move(name), rows, cols});
    return parameter_id{size() - 1};  // nvcc loses the braces without a name
  }

  [[nodiscard]] index_t size() const noexcept { return static_cast<index_t>(infos_.size()); }
  [[nodiscard]] const std::vector<parameter_info>& infos() const noexcept { return infos_; }
  [[nodiscard]] const parameter_info& info(parameter_id p) const { return infos_[static_cast<std::size_t>(p.index)]; }
  [[nodiscard]] matrix_view<T, Space> value(parameter_id p) { return values_[static_cast<std::size_t>(p.index)].view(); }
  [[nodiscard]] matrix_view<const T, Space> value(parameter_id p) const {
    return values_[static_cast<std::size_t>(p.index)].view();
  }
  [[nodiscard]] parameter_ref<T, Space> operator[](parameter_id p) const { return {p, value(p)}; }

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
  std::vector<matrix<T, Space>> values_;
};

}  // namespace prismatic
