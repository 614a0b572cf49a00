/// Non-owning views: a row-major matrix or a vector, with the memory space in the type.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>

#include <concepts>
#include <cstddef>
#include <span>
#include <type_traits>
#include <vector>

namespace prismatic {

/// Eigen and look-alikes: row-major storage with an explicit leading stride. Column-major storage is
/// refused by the constraint, never copied behind the user's back.
template <class M, class T>
concept row_major_storage = requires(M& m) {
  { m.data() } -> std::convertible_to<T*>;
  { m.rows() } -> std::convertible_to<index_t>;
  { m.cols() } -> std::convertible_to<index_t>;
  { m.outerStride() } -> std::convertible_to<index_t>;
  requires bool(std::remove_cvref_t<M>::IsRowMajor);
};

/// xtensor and look-alikes: N-d containers whose rank and strides are known at run time.
template <class M, class T>
concept strided_array = requires(M& m) {
  { m.data() } -> std::convertible_to<T*>;
  { m.dimension() } -> std::convertible_to<std::size_t>;
  { m.shape()[0] } -> std::convertible_to<index_t>;
  { m.strides()[0] } -> std::convertible_to<index_t>;
};

/// A dense matrix somebody else owns: `rows` x `cols` elements, row i at `data() + i * stride()`.
template <class T, memory Space = memory::host>
class matrix_view {
 public:
  using element_type = T;
  using value_type = std::remove_const_t<T>;
  static constexpr memory space = Space;

  constexpr matrix_view() noexcept = default;

  constexpr matrix_view(T* data, index_t rows, index_t cols, index_t stride) noexcept
      : data_(data), rows_(rows), cols_(cols), stride_(stride) {}

  constexpr matrix_view(T* data, index_t rows, index_t cols) noexcept
      : matrix_view(data, rows, cols, cols) {}

  /// Views an Eigen row-major lvalue; a temporary could dangle and is refused.
  template <class M>
    requires(Space == memory::host) && row_major_storage<M, T>
  constexpr matrix_view(M& m) : matrix_view(m.data(), m.rows(), m.cols(), m.outerStride()) {}

  /// Views a two-dimensional xtensor container. @throws shape_error for another rank or column-major strides
  template <class M>
    requires(Space == memory::host) && strided_array<M, T> && (!row_major_storage<M, T>)
  constexpr matrix_view(M& m) {
    require_equal(static_cast<index_t>(m.dimension()), 2, "matrix_view: array dimensions");
    rows_ = static_cast<index_t>(m.shape()[0]);
    cols_ = static_cast<index_t>(m.shape()[1]);
    if (cols_ > 1) require_equal(static_cast<index_t>(m.strides()[1]), 1, "matrix_view: column stride");
    stride_ = rows_ > 1 ? static_cast<index_t>(m.strides()[0]) : cols_;
    data_ = m.data();
  }

  /// mutable -> const
  template <class U>
    requires std::same_as<const U, T>
  constexpr matrix_view(matrix_view<U, Space> m) noexcept
      : matrix_view(m.data(), m.rows(), m.cols(), m.stride()) {}

  [[nodiscard]] constexpr T* data() const noexcept { return data_; }
  [[nodiscard]] constexpr index_t rows() const noexcept { return rows_; }
  [[nodiscard]] constexpr index_t cols() const noexcept { return cols_; }
  [[nodiscard]] constexpr index_t stride() const noexcept { return stride_; }
  [[nodiscard]] constexpr index_t size() const noexcept { return rows_ * cols_; }
  [[nodiscard]] constexpr bool empty() const noexcept { return rows_ == 0 || cols_ == 0; }
  [[nodiscard]] constexpr bool contiguous() const noexcept { return stride_ == cols_ || rows_ <= 1; }

  [[nodiscard]] constexpr T* row(index_t i) const noexcept { return data_ + i * stride_; }

  constexpr T& operator()(index_t i, index_t j) const noexcept
    requires(Space == memory::host)
  {
    return data_[i * stride_ + j];
  }

  /// Rows [first, first + count).
  [[nodiscard]] constexpr matrix_view middle_rows(index_t first, index_t count) const noexcept {
    return {data_ + first * stride_, count, cols_, stride_};
  }

  /// Columns [first, first + count).
  [[nodiscard]] constexpr matrix_view middle_cols(index_t first, index_t count) const noexcept {
    return {data_ + first, rows_, count, stride_};
  }

  /// The same elements as another shape. Precondition: contiguous() and rows * cols == size().
  [[nodiscard]] constexpr matrix_view reshaped(index_t rows, index_t cols) const noexcept {
    return {data_, rows, cols, cols};
  }

 private:
  T* data_ = nullptr;
  index_t rows_ = 0;
  index_t cols_ = 0;
  index_t stride_ = 0;
};

template <class M>
  requires requires(M& m) { m.data(); }
matrix_view(M& m) -> matrix_view<std::remove_pointer_t<decltype(m.data())>>;

template <class T>
matrix_view(T*, index_t, index_t) -> matrix_view<T>;

template <class T>
matrix_view(T*, index_t, index_t, index_t) -> matrix_view<T>;

template <class T, memory Space>
matrix_view(matrix_view<T, Space>) -> matrix_view<T, Space>;

/// Anything a public entry point takes as a matrix.
template <class M>
concept viewable = requires(const M& m) { matrix_view(m); };

/// The element type and memory space of a viewable.
template <viewable M>
using view_of = decltype(matrix_view(std::declval<const M&>()));
template <viewable M>
using scalar_of = typename view_of<M>::value_type;

/// A dense vector somebody else owns.
template <class T, memory Space = memory::host>
class vector_view {
 public:
  using element_type = T;
  using value_type = std::remove_const_t<T>;
  static constexpr memory space = Space;

  constexpr vector_view() noexcept = default;
  constexpr vector_view(T* data, index_t size) noexcept : data_(data), size_(size) {}

  /// Views a contiguous host range: std::vector, std::span, std::array, an Eigen or xtensor vector. A
  /// mutable view of a temporary that owns its elements could dangle and is refused.
  template <class R>
    requires(Space == memory::host) &&
            (std::is_const_v<T> || std::is_lvalue_reference_v<R> || std::ranges::borrowed_range<R>) &&
            requires(R& r) {
              { r.data() } -> std::convertible_to<T*>;
              { r.size() } -> std::convertible_to<std::size_t>;
            }
  constexpr vector_view(R&& r) noexcept : data_(r.data()), size_(static_cast<index_t>(r.size())) {}

  template <class U>
    requires std::same_as<const U, T>
  constexpr vector_view(vector_view<U, Space> v) noexcept : data_(v.data()), size_(v.size()) {}

  [[nodiscard]] constexpr T* data() const noexcept { return data_; }
  [[nodiscard]] constexpr index_t size() const noexcept { return size_; }
  [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] constexpr T* begin() const noexcept
    requires(Space == memory::host)
  {
    return data_;
  }
  [[nodiscard]] constexpr T* end() const noexcept
    requires(Space == memory::host)
  {
    return data_ + size_;
  }

  constexpr T& operator[](index_t i) const noexcept
    requires(Space == memory::host)
  {
    return data_[i];
  }

  [[nodiscard]] constexpr vector_view middle(index_t first, index_t count) const noexcept {
    return {data_ + first, count};
  }

 private:
  T* data_ = nullptr;
  index_t size_ = 0;
};

/// How a verb takes its inputs: the element type is deduced from the outputs alone, so a mutable view, an
/// owning matrix or scratch converts to the const view it needs.
template <class T, memory Space = memory::host>
using input_matrix = std::type_identity_t<matrix_view<const T, Space>>;
template <class T, memory Space = memory::host>
using input_vector = std::type_identity_t<vector_view<const T, Space>>;
template <class T>
using input_scalar = std::type_identity_t<T>;

}  // namespace prismatic
