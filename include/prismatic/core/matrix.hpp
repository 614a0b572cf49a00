/// Owning storage: an aligned block of one memory space, and the matrix that most results come in.
#pragma once

#include <prismatic/core/checked.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/large_blocks.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/memory_budget.hpp>
#include <prismatic/core/types.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <string>
#include <type_traits>
#include <utility>

namespace prismatic {

/// How one memory space allocates. A device backend specialises it for memory::device, with two functions more:
/// from_host(to, to_stride, from, from_stride, width, rows) and to_host of the same arguments copy rows of `width`
/// bytes that lie `stride` bytes apart, after all that was asked of the device before, and wait for it.
template <memory Space>
struct storage;

template <>
struct storage<memory::host> {
  static constexpr std::size_t alignment = 64;  // a cache line, and the widest vector register

  /// @throws std::bad_alloc
  static void* allocate(index_t bytes) {
    if (is_large(bytes)) return detail::large_blocks::of_process().take(bytes).data;
    return aligned(std::malloc(with_room(bytes)));
  }
  /// The same, of zeros. Fresh pages are zero: they are not written here, so the thread that fills them pays for them.
  static void* allocate_zeros(index_t bytes) {
    if (!is_large(bytes)) return aligned(std::calloc(with_room(bytes), 1));
    const auto found = detail::large_blocks::of_process().take(bytes);
    if (!found.is_zero) zero(found.data, bytes);
    return found.data;
  }
  /// `bytes` as they were allocated.
  static void deallocate(void* p, index_t bytes) noexcept {
    if (is_large(bytes)) return detail::large_blocks::of_process().give_back(p, bytes);
    std::free(static_cast<void**>(p)[-1]);
  }
  static void zero(void* p, index_t bytes) noexcept {
    std::fill_n(static_cast<std::byte*>(p), static_cast<std::size_t>(bytes), std::byte{0});
  }

 private:
  static bool is_large(index_t bytes) noexcept { return detail::has_large_blocks && bytes >= index_t{1} << 16; }

  // A block begins at the next multiple of the alignment that leaves room for the address of what was allocated.
  static std::size_t with_room(index_t bytes) noexcept { return static_cast<std::size_t>(bytes) + alignment + sizeof(void*); }
  static void* aligned(void* whole) {
    if (whole == nullptr) throw std::bad_alloc();
    const auto past = reinterpret_cast<std::uintptr_t>(whole) + sizeof(void*);
    void** const block = reinterpret_cast<void**>((past + alignment - 1) / alignment * alignment);
    block[-1] = whole;
    return block;
  }
};

namespace detail {

/// What `new` makes of a class derived from this lies where matrices do, on large pages: scratch that they are copied to.
struct on_large_pages {
  static void* operator new(std::size_t bytes) { return storage<memory::host>::allocate(static_cast<index_t>(bytes)); }
  static void operator delete(void* p, std::size_t bytes) noexcept {
    storage<memory::host>::deallocate(p, static_cast<index_t>(bytes));
  }
};

/// A block of that memory. Device memory is counted by memory_budget; the host's is not.
/// @throws std::bad_alloc, memory_error
template <memory Space>
[[nodiscard]] void* allocate(index_t bytes) {
  if constexpr (Space == memory::host) {
    return storage<Space>::allocate(bytes);
  } else {
    memory_budget::take(bytes);
    try {
      return storage<Space>::allocate(bytes);
    } catch (const backend_error& refused) {
      memory_budget::give_back(bytes);
      throw memory_error("device memory: found " + std::to_string(bytes) + " bytes refused beside " +
                         std::to_string(memory_budget::held()) + " held: " + refused.what());
    }
  }
}

template <memory Space>
void deallocate(void* p, index_t bytes) noexcept {
  storage<Space>::deallocate(p, bytes);
  if constexpr (Space != memory::host) memory_budget::give_back(bytes);
}

}  // namespace detail

/// A contiguous row-major matrix that owns its elements; they start at zero. Move-only: a copy is
/// always written out (`clone`).
template <class T, memory Space = memory::host>
class matrix {
 public:
  using value_type = T;

  matrix() noexcept = default;

  /// @throws size_error, std::bad_alloc, memory_error
  matrix(index_t rows, index_t cols)
      : rows_(rows), cols_(cols) {
    const index_t bytes = checked_mul(checked_mul(rows, cols, "matrix elements"), sizeof(T), "matrix bytes");
    if (bytes == 0) return;
    if constexpr (Space == memory::host) {
      data_ = static_cast<T*>(storage<Space>::allocate_zeros(bytes));
    } else {
      data_ = static_cast<T*>(detail::allocate<Space>(bytes));
      storage<Space>::zero(data_, bytes);
    }
  }

  matrix(matrix&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        rows_(std::exchange(other.rows_, 0)),
        cols_(std::exchange(other.cols_, 0)) {}

  matrix& operator=(matrix&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(rows_, other.rows_);
    std::swap(cols_, other.cols_);
    return *this;
  }

  ~matrix() {
    if (data_ != nullptr) detail::deallocate<Space>(data_, size() * index_t{sizeof(T)});
  }

  [[nodiscard]] T* data() noexcept { return data_; }
  [[nodiscard]] const T* data() const noexcept { return data_; }
  [[nodiscard]] index_t rows() const noexcept { return rows_; }
  [[nodiscard]] index_t cols() const noexcept { return cols_; }
  [[nodiscard]] index_t size() const noexcept { return rows_ * cols_; }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }

  [[nodiscard]] matrix_view<T, Space> view() noexcept { return {data_, rows_, cols_, cols_}; }
  [[nodiscard]] matrix_view<const T, Space> view() const noexcept { return {data_, rows_, cols_, cols_}; }
  operator matrix_view<T, Space>() & noexcept { return view(); }
  operator matrix_view<const T, Space>() const noexcept { return view(); }

  [[nodiscard]] vector_view<T, Space> flat() noexcept { return {data_, size()}; }
  [[nodiscard]] vector_view<const T, Space> flat() const noexcept { return {data_, size()}; }

  T& operator()(index_t i, index_t j) noexcept
    requires(Space == memory::host)
  {
    return data_[i * cols_ + j];
  }
  const T& operator()(index_t i, index_t j) const noexcept
    requires(Space == memory::host)
  {
    return data_[i * cols_ + j];
  }

  [[nodiscard]] matrix clone() const
    requires(Space == memory::host)
  {
    matrix copy(rows_, cols_);
    std::copy_n(data_, size(), copy.data_);
    return copy;
  }

 private:
  T* data_ = nullptr;
  index_t rows_ = 0;
  index_t cols_ = 0;
};

template <class T, memory Space>
matrix_view(matrix<T, Space>&) -> matrix_view<T, Space>;
template <class T, memory Space>
matrix_view(const matrix<T, Space>&) -> matrix_view<const T, Space>;

/// to = from, of one shape, element by element from host memory into any. Precondition: rows do not overlap.
template <class T, memory Space>
void copy_from_host(std::type_identity_t<matrix_view<const T>> from, matrix_view<T, Space> to) {
  if (from.empty()) return;
  if constexpr (Space == memory::host)
    for (index_t i = 0; i < from.rows(); ++i) std::copy_n(from.row(i), from.cols(), to.row(i));
  else
    storage<Space>::from_host(to.data(), to.stride() * index_t{sizeof(T)}, from.data(),
                              from.stride() * index_t{sizeof(T)}, from.cols() * index_t{sizeof(T)}, from.rows());
}

/// to = from, of one shape, from any memory to the host's.
template <class T, memory Space>
void copy_to_host(matrix_view<T, Space> from, std::type_identity_t<matrix_view<std::remove_const_t<T>>> to) {
  if (from.empty()) return;
  if constexpr (Space == memory::host)
    for (index_t i = 0; i < from.rows(); ++i) std::copy_n(from.row(i), from.cols(), to.row(i));
  else
    storage<Space>::to_host(to.data(), to.stride() * index_t{sizeof(T)}, from.data(),
                            from.stride() * index_t{sizeof(T)}, from.cols() * index_t{sizeof(T)}, from.rows());
}

/// A copy in host memory of a matrix in any.
template <class T, memory Space>
[[nodiscard]] matrix<std::remove_const_t<T>> copy_to_host(matrix_view<T, Space> from) {
  matrix<std::remove_const_t<T>> to(from.rows(), from.cols());
  copy_to_host(from, to.view());
  return to;
}

/// A host matrix as one of that memory: itself, or a copy.
template <memory Space, class T>
[[nodiscard]] matrix<T, Space> moved_to(matrix<T> from) {
  if constexpr (Space == memory::host) {
    return from;
  } else {
    matrix<T, Space> to(from.rows(), from.cols());
    copy_from_host(from.view(), to.view());
    return to;
  }
}

}  // namespace prismatic
