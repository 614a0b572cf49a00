/// A matrix whose rows lie apart, and comparisons bit by bit.
#pragma once

#include <prismatic/core/matrix.hpp>

#include <algorithm>

namespace test {

using namespace prismatic;

/// rows x cols elements inside a wider matrix; the elements around them must stay as they are.
template <class T>
class strided {
 public:
  strided(index_t rows, index_t cols) : store_(rows, cols + 5), cols_(cols) {
    std::fill_n(store_.data(), store_.size(), padding);
  }
  explicit strided(const matrix<T>& from) : strided(from.rows(), from.cols()) {
    for (index_t i = 0; i < from.rows(); ++i)
      for (index_t j = 0; j < from.cols(); ++j) view()(i, j) = from(i, j);
  }

  [[nodiscard]] matrix_view<T> view() { return store_.view().middle_cols(2, cols_); }

  [[nodiscard]] matrix<T> packed() const {
    matrix<T> out(store_.rows(), cols_);
    for (index_t i = 0; i < out.rows(); ++i)
      for (index_t j = 0; j < cols_; ++j) out(i, j) = store_(i, j + 2);
    return out;
  }

  [[nodiscard]] bool padding_untouched() const {
    bool same = true;
    for (index_t i = 0; i < store_.rows(); ++i)
      for (index_t j = 0; j < store_.cols(); ++j)
        if (j < 2 || j >= cols_ + 2) same = same && store_(i, j) == padding;
    return same;
  }

 private:
  static constexpr T padding = T{12345};
  matrix<T> store_;
  index_t cols_;
};

/// Same shape and the same values, NaN nowhere.
template <class T>
bool identical(matrix_view<const T> a, matrix_view<const T> b) {
  bool same = a.rows() == b.rows() && a.cols() == b.cols();
  for (index_t i = 0; same && i < a.rows(); ++i) same = std::equal(a.row(i), a.row(i) + a.cols(), b.row(i));
  return same;
}
template <class T>
bool identical(const matrix<T>& a, const matrix<T>& b) {
  return identical<T>(a.view(), b.view());
}

}  // namespace test
