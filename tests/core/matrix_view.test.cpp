// Views: what they may be made of, what they refuse, what they see.
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/matrix_view.hpp>

#include "support/catch.hpp"

#include <Eigen/Core>

#include <array>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>
#include <xtensor/xarray.hpp>
#include <xtensor/xtensor.hpp>

using namespace prismatic;

namespace {
using row_major = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using device_view = matrix_view<float, memory::device>;
}  // namespace

TEST_CASE("a view is small, trivially copyable, empty by default", "[core][matrix_view]") {
  static_assert(std::is_trivially_copyable_v<matrix_view<float>> && std::is_trivially_copyable_v<vector_view<float>>);
  const matrix_view<float> none;
  CHECK(none.empty());
  CHECK(none.size() == 0);
  CHECK(none.contiguous());
  CHECK(vector_view<float>().empty());
}

TEST_CASE("a view of memory with a stride", "[core][matrix_view]") {
  std::vector<int> data{1, 2, 3, -1, 4, 5, 6, -1};
  const matrix_view<int> v(data.data(), 2, 3, 4);
  CHECK(v.rows() == 2);
  CHECK(v.cols() == 3);
  CHECK(v.stride() == 4);
  CHECK(v.size() == 6);
  CHECK_FALSE(v.contiguous());
  CHECK(v(0, 2) == 3);
  CHECK(v(1, 0) == 4);
  CHECK(v.row(1) == data.data() + 4);
  v(1, 2) = 60;
  CHECK(data[6] == 60);
  CHECK(matrix_view<int>(data.data(), 1, 3, 4).contiguous());  // one row has no gap
  CHECK(matrix_view<int>(data.data(), 2, 4).contiguous());
}

TEST_CASE("blocks of a view share its memory", "[core][matrix_view]") {
  std::vector<int> data(20);
  for (int i = 0; i < 20; ++i) data[static_cast<std::size_t>(i)] = i;
  const matrix_view<int> v(data.data(), 4, 5);
  const auto rows = v.middle_rows(1, 2);
  CHECK(rows.rows() == 2);
  CHECK(rows(0, 0) == 5);
  CHECK(rows(1, 4) == 14);
  const auto cols = v.middle_cols(2, 3);
  CHECK(cols.cols() == 3);
  CHECK(cols.stride() == 5);
  CHECK(cols(3, 0) == 17);
  CHECK_FALSE(cols.contiguous());
  const auto block = v.middle_rows(1, 2).middle_cols(2, 1);
  CHECK(block(1, 0) == 12);
  CHECK(v.middle_rows(4, 0).empty());
  const auto wide = v.reshaped(2, 10);
  CHECK(wide(1, 0) == 10);
  CHECK(wide.stride() == 10);
}

TEST_CASE("mutable views become const views, never the reverse", "[core][matrix_view]") {
  static_assert(std::is_convertible_v<matrix_view<float>, matrix_view<const float>>);
  static_assert(!std::is_convertible_v<matrix_view<const float>, matrix_view<float>>);
  static_assert(std::is_convertible_v<vector_view<float>, vector_view<const float>>);
  static_assert(!std::is_convertible_v<vector_view<const float>, vector_view<float>>);
  std::vector<float> data{1, 2, 3, 4, 5, 6};
  const matrix_view<const float> v = matrix_view<float>(data.data(), 2, 2, 3);
  CHECK(v(1, 1) == 5);
  CHECK(v.stride() == 3);
}

TEST_CASE("views of different memory or scalar do not convert", "[core][matrix_view]") {
  static_assert(!std::is_convertible_v<matrix_view<float>, device_view>);
  static_assert(!std::is_convertible_v<device_view, matrix_view<float>>);
  static_assert(!std::is_constructible_v<matrix_view<float>, device_view&>);
  static_assert(!std::is_constructible_v<device_view, row_major&>);
  static_assert(!std::is_constructible_v<matrix_view<double>, matrix_view<float>>);
  static_assert(!std::is_constructible_v<vector_view<float, memory::device>, std::vector<float>&>);
  static_assert(std::is_convertible_v<device_view, matrix_view<const float, memory::device>>);
  SUCCEED();
}

TEST_CASE("Eigen: row-major matrices, maps and blocks are viewed in place", "[core][matrix_view]") {
  row_major m(2, 3);
  m << 1, 2, 3, 4, 5, 6;
  const matrix_view<float> v(m);
  CHECK(v.data() == m.data());
  CHECK(v(1, 0) == 4);
  const row_major& constant = m;
  CHECK(matrix_view<const float>(constant)(1, 2) == 6);

  auto block = m.block(0, 1, 2, 2);
  const matrix_view<float> part(block);
  CHECK(part.stride() == 3);
  CHECK(part(1, 1) == 6);

  std::array<float, 6> raw{1, 2, 3, 4, 5, 6};
  Eigen::Map<row_major> map(raw.data(), 3, 2);
  CHECK(matrix_view<float>(map)(2, 0) == 5);
  static_assert(std::is_same_v<decltype(matrix_view(m)), matrix_view<float>>);
  static_assert(std::is_same_v<decltype(matrix_view(constant)), matrix_view<const float>>);
}

TEST_CASE("Eigen: column-major storage and temporaries are refused", "[core][matrix_view]") {
  static_assert(!std::is_constructible_v<matrix_view<float>, Eigen::MatrixXf&>);
  static_assert(!std::is_constructible_v<matrix_view<const float>, const Eigen::MatrixXf&>);
  static_assert(!std::is_constructible_v<matrix_view<float>, row_major>);
  static_assert(!std::is_constructible_v<matrix_view<double>, row_major&>);
  static_assert(!std::is_constructible_v<matrix_view<float>, const row_major&>);
  SUCCEED();
}

TEST_CASE("xtensor: two-dimensional row-major containers are viewed in place", "[core][matrix_view]") {
  xt::xtensor<float, 2> t = {{1, 2, 3}, {4, 5, 6}};
  const matrix_view<float> v(t);
  CHECK(v.data() == t.data());
  CHECK(v(1, 0) == 4);
  const xt::xarray<double> a = {{1.0, 2.0}, {3.0, 4.0}};
  CHECK(matrix_view<const double>(a)(1, 1) == 4);
}

TEST_CASE("xtensor: a single row or column has no stride of its own", "[core][matrix_view]") {
  xt::xtensor<float, 2> row = xt::zeros<float>({1, 4});
  CHECK(matrix_view<float>(row).stride() == 4);
  xt::xtensor<float, 2> col = xt::zeros<float>({4, 1});
  const matrix_view<float> v(col);
  CHECK(v.rows() == 4);
  CHECK(v.stride() == 1);
}

TEST_CASE("xtensor: another rank or column-major strides are refused", "[core][matrix_view]") {
  xt::xarray<float> three = xt::zeros<float>({2, 2, 2});
  CHECK_THROWS_AS(matrix_view<float>(three), shape_error);
  CHECK_THROWS_WITH(matrix_view<float>(three), "matrix_view: array dimensions: found 3, expected 2");
  xt::xtensor<float, 2, xt::layout_type::column_major> tall = xt::zeros<float>({2, 3});
  CHECK_THROWS_AS(matrix_view<float>(tall), shape_error);
}

TEST_CASE("what public entry points take as a matrix", "[core][matrix_view]") {
  static_assert(viewable<matrix<float>> && viewable<matrix_view<const double>> && viewable<row_major>);
  static_assert(viewable<xt::xtensor<float, 2>>);
  static_assert(!viewable<Eigen::MatrixXf>);
  static_assert(!viewable<int>);
  static_assert(std::is_same_v<scalar_of<row_major>, float>);
  static_assert(view_of<matrix<float, memory::device>>::space == memory::device);
  SUCCEED();
}

TEST_CASE("a vector view of what is contiguous", "[core][matrix_view]") {
  std::vector<float> v{1, 2, 3};
  std::array<float, 2> a{4, 5};
  Eigen::VectorXf e = Eigen::VectorXf::Constant(4, 6.0f);
  const std::vector<float> constant{7};
  CHECK(vector_view<float>(v)[2] == 3);
  CHECK(vector_view<float>(a).size() == 2);
  CHECK(vector_view<float>(e)[3] == 6);
  CHECK(vector_view<const float>(constant)[0] == 7);
  CHECK(vector_view<float>(std::span<float>(v).subspan(1))[0] == 2);
  CHECK(vector_view<float>(v).middle(1, 2).size() == 2);
  float sum = 0;
  for (const float x : vector_view<const float>(v)) sum += x;
  CHECK(sum == 6);
}

TEST_CASE("a vector view refuses a temporary owner it could write to, and constant data", "[core][matrix_view]") {
  static_assert(!std::is_constructible_v<vector_view<float>, std::vector<float>>);
  static_assert(!std::is_constructible_v<vector_view<float>, const std::vector<float>&>);
  static_assert(std::is_constructible_v<vector_view<const float>, std::vector<float>>);
  static_assert(std::is_constructible_v<vector_view<float>, std::span<float>>);
  SUCCEED();
}
