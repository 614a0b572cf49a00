// Owning matrices: zeroed, aligned, moved but never copied by accident.
#include <prismatic/core/matrix.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

using namespace prismatic;

namespace {

template <class T>
matrix<T> counted(index_t rows, index_t cols) {
  matrix<T> m(rows, cols);
  for (index_t i = 0; i < m.size(); ++i) m.data()[i] = static_cast<T>(i + 1);
  return m;
}

}  // namespace

TEST_CASE("a matrix starts at zero", "[core][matrix]") {
  for (int again = 0; again < 4; ++again) {  // again, so that the allocator hands out used memory
    matrix<float> m(17, 31);
    REQUIRE(std::all_of(m.data(), m.data() + m.size(), [](float x) { return x == 0; }));
    std::fill_n(m.data(), m.size(), 1.0f);
  }
}

TEST_CASE("storage is aligned to a cache line", "[core][matrix]") {
  for (const index_t cols : {1, 3, 16, 1000}) {
    const matrix<float> m(2, cols);
    CHECK(reinterpret_cast<std::uintptr_t>(m.data()) % storage<memory::host>::alignment == 0);
  }
}

TEST_CASE("shape, element order and stride", "[core][matrix]") {
  const auto m = counted<double>(2, 3);
  CHECK(m.rows() == 2);
  CHECK(m.cols() == 3);
  CHECK(m.size() == 6);
  CHECK_FALSE(m.empty());
  CHECK(m(0, 2) == 3);
  CHECK(m(1, 0) == 4);
  CHECK(m.view().stride() == 3);
}

TEST_CASE("empty shapes hold no memory", "[core][matrix]") {
  for (const auto& [rows, cols] : {std::pair{0, 0}, {0, 5}, {5, 0}}) {
    const matrix<float> m(rows, cols);
    CHECK(m.empty());
    CHECK(m.data() == nullptr);
    CHECK(m.rows() == rows);
    CHECK(m.cols() == cols);
  }
  CHECK(matrix<float>().empty());
}

TEST_CASE("a matrix is moved, never copied", "[core][matrix]") {
  static_assert(!std::is_copy_constructible_v<matrix<float>> && !std::is_copy_assignable_v<matrix<float>>);
  static_assert(std::is_nothrow_move_constructible_v<matrix<float>>);
  static_assert(std::is_nothrow_move_assignable_v<matrix<float>>);
  auto a = counted<float>(2, 2);
  const float* const where = a.data();
  auto b = std::move(a);
  CHECK(b.data() == where);
  CHECK(b(1, 1) == 4);
  CHECK(a.data() == nullptr);  // NOLINT(bugprone-use-after-move): the state left behind is the point
  CHECK(a.rows() == 0);
  CHECK(a.cols() == 0);

  auto c = counted<float>(3, 1);
  c = std::move(b);
  CHECK(c.data() == where);
  CHECK(c.rows() == 2);
  a = counted<float>(1, 1);  // a moved-from matrix can be assigned to
  CHECK(a(0, 0) == 1);
}

TEST_CASE("a clone has the same elements elsewhere", "[core][matrix]") {
  const auto m = counted<float>(3, 5);
  auto copy = m.clone();
  REQUIRE(copy.rows() == 3);
  REQUIRE(copy.cols() == 5);
  CHECK(std::equal(m.data(), m.data() + m.size(), copy.data()));
  copy(0, 0) = -1;
  CHECK(m(0, 0) == 1);
  CHECK(matrix<float>().clone().empty());
}

TEST_CASE("impossible shapes are refused before anything is allocated", "[core][matrix]") {
  const index_t most = std::numeric_limits<index_t>::max();
  CHECK_THROWS_AS(matrix<float>(-1, 2), size_error);
  CHECK_THROWS_AS(matrix<float>(2, -1), size_error);
  CHECK_THROWS_AS(matrix<float>(most, 2), size_error);
  CHECK_THROWS_AS(matrix<double>(most / 4, 1), size_error);  // the elements fit, the bytes do not
}

TEST_CASE("a matrix becomes a view of either constness", "[core][matrix]") {
  auto m = counted<float>(2, 3);
  const auto& constant = m;
  matrix_view<float> writes = m;
  const matrix_view<const float> reads = m;
  const matrix_view<const float> reads_const = constant;
  writes(1, 2) = 60;
  CHECK(m(1, 2) == 60);
  CHECK(reads(1, 2) == 60);
  CHECK(reads_const.data() == m.data());
  CHECK(m.flat().size() == 6);
  CHECK(m.flat()[5] == 60);
  CHECK(constant.flat().data() == m.data());
  static_assert(std::is_same_v<decltype(matrix_view(m)), matrix_view<float>>);
  static_assert(std::is_same_v<decltype(matrix_view(constant)), matrix_view<const float>>);
}

TEST_CASE("a temporary matrix is read, never written", "[core][matrix]") {
  static_assert(std::is_convertible_v<matrix<float>, matrix_view<const float>>);
  static_assert(!std::is_convertible_v<matrix<float>, matrix_view<float>>);
  static_assert(!std::is_convertible_v<const matrix<float>&, matrix_view<float>>);
  SUCCEED();
}
