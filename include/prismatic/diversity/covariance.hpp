/// The covariance of unit rows as a running sum: rows come in blocks, sums of shards merge.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/diversity/unit_rows.hpp>

#include <span>
#include <string>
#include <utility>

namespace prismatic {

/// Sums w_i z_i z_i' over rows of unit length, in double on the host.
///
/// Float rows are multiplied in float, some thousand at a time, and these products are added up in double (the verb
/// syrk_of_rows): the error of an entry does not grow with their number. d (d + 1) FLOP a row; 8 d^2 bytes held.
/// Determinism: bitwise for the same blocks in the same order, whatever the number of threads; other blocks
/// or orders agree to rounding.
template <class B, real T>
class covariance_accumulator {
 public:
  /// @throws shape_error  width < 1
  explicit covariance_accumulator(index_t width, row_options options = {})
      : sum_(checked_width(width), width), options_(options) {}

  /// Adds the rows of a block, each brought to unit length first unless options say they are.
  /// @param rows     (n, d), n >= 0
  /// @param weights  n numbers from 0 up, or empty for 1 each; a row of weight 0 is ignored
  /// @throws shape_error, option_error  the width or the weights do not fit
  /// @throws numeric_error  a zero or non-finite row that may not be skipped, named by its index in this
  ///                        block; nothing has been added then
  void add(context<B>& cx, const viewable auto& rows, std::span<const double> weights = {}) {
    include(cx, matrix_view(rows), weights, 1);
  }

  /// Takes out rows that were added, with the weights they had. Leaves rounding of the order of epsilon(T).
  /// @throws as add, and option_error when more rows would go than are there
  void remove(context<B>& cx, const viewable auto& rows, std::span<const double> weights = {}) {
    include(cx, matrix_view(rows), weights, -1);
  }

  /// Adds what another accumulator of the same width has seen. @throws shape_error
  void merge(const covariance_accumulator& other) {
    require_equal(other.width(), width(), "covariance_accumulator: merge: width");
    for (index_t i = 0; i < sum_.size(); ++i) sum_.data()[i] += other.sum_.data()[i];
    weights_.add(other.weights_);
    skipped_ += other.skipped_;
  }

  [[nodiscard]] index_t width() const noexcept { return sum_.cols(); }
  [[nodiscard]] index_t rows() const noexcept { return weights_.rows; }
  [[nodiscard]] index_t skipped() const noexcept { return skipped_; }
  [[nodiscard]] const weight_sums& weights() const noexcept { return weights_; }
  /// (d, d): the sum of w_i z_i z_i', not divided. From an accumulator that is moved from, the sum itself.
  [[nodiscard]] matrix_view<const double> sum() const& noexcept { return sum_; }
  [[nodiscard]] matrix<double> sum() && noexcept { return std::move(sum_); }

  /// (d, d): sum divided by the total weight; its trace is 1.
  /// @throws numeric_error  no row was added
  [[nodiscard]] matrix<double> covariance() const {
    if (!(weights_.total > 0))
      throw numeric_error(
          "covariance_accumulator: found no usable row of positive weight, expected at least 1");
    matrix<double> sum = sum_.clone();
    const double share = 1 / weights_.total;
    for (index_t i = 0; i < sum.size(); ++i) sum.data()[i] *= share;
    return sum;
  }

 private:
  static index_t checked_width(index_t width) {
    if (width >= 1) return width;
    throw shape_error("covariance_accumulator: width: found " + std::to_string(width) +
                      ", expected at least 1");
  }

  void include(context<B>& cx, matrix_view<const T, B::space> rows, std::span<const double> weights, int sign) {
    require_equal(rows.cols(), width(), "covariance_accumulator: columns");
    const row_plan plan = plan_rows<B, T>(cx, rows, weights, options_);
    if (sign < 0 && plan.weights.rows > weights_.rows)
      throw option_error("covariance_accumulator: remove: found " + std::to_string(plan.weights.rows) +
                         " rows, expected at most the " + std::to_string(weights_.rows) + " it holds");
    if (plan.weights.rows > 0)  // zeros need not be read
      B::template syrk_of_rows<T>(cx, sign, rows, plan.rows, plan.factors, weights_.rows == 0 ? 0 : 1, sum_.view());
    weights_.add(plan.weights, sign);
    skipped_ += sign * plan.skipped;
    if (weights_.rows == 0) {  // what is left is rounding
      sum_ = matrix<double>(width(), width());
      weights_ = {};
    }
  }

  matrix<double> sum_;
  row_options options_;
  weight_sums weights_;
  index_t skipped_ = 0;
};

}  // namespace prismatic
