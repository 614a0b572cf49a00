#include <prismatic/interop/xtensor.hpp>

#include <prismatic/core/matrix.hpp>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

#if __has_include(<xtensor/io/xnpy.hpp>)
#include <xtensor/containers/xtensor.hpp>
#include <xtensor/io/xnpy.hpp>
#else
#include <xtensor/xnpy.hpp>
#include <xtensor/xtensor.hpp>
#endif

using namespace prismatic;

TEST_CASE("xtensor works on the library's own elements", "[interop][xtensor]") {
  matrix<double> m(3, 4);
  auto all = as_xtensor(m);
  all(1, 2) = 5;
  CHECK(m(1, 2) == 5);
  auto part = as_xtensor(m.view().middle_cols(1, 2));
  CHECK(part.shape()[0] == 3);
  CHECK(part.shape()[1] == 2);
  CHECK(part(1, 1) == 5);
  part(2, 0) = 3;
  CHECK(m(2, 1) == 3);

  const matrix<double>& constant = m;
  CHECK(as_xtensor(constant)(2, 1) == 3);
  const xt::xarray<double> doubled = 2.0 * as_xtensor(constant);
  CHECK(doubled(2, 1) == 6);
  CHECK(as_xtensor(matrix_view<double>()).size() == 0);

  matrix<double> row(1, 4);
  CHECK(as_xtensor(row).shape()[1] == 4);
}

TEST_CASE("xtensor containers are viewed without a copy", "[interop][xtensor]") {
  xt::xtensor<float, 2> fixed = xt::zeros<float>({3, 5});
  const matrix_view<float> view(fixed);
  view(2, 4) = 7;
  CHECK(fixed(2, 4) == 7);
  CHECK(view.stride() == 5);

  xt::xarray<float> dynamic = xt::ones<float>({2, 3});
  CHECK(matrix_view(dynamic)(1, 2) == 1);
  static_assert(viewable<xt::xarray<float>>);

  xt::xarray<float> row = xt::ones<float>({1, 3}), column = xt::ones<float>({3, 1});
  CHECK(matrix_view(row).stride() == 3);
  CHECK(matrix_view(column)(2, 0) == 1);
}

TEST_CASE("what is no row-major matrix is refused", "[interop][xtensor]") {
  xt::xarray<float> cube = xt::ones<float>({2, 3, 4});
  CHECK_THROWS_AS(matrix_view(cube), shape_error);
  xt::xarray<float, xt::layout_type::column_major> columns = xt::ones<float>({2, 3});
  CHECK_THROWS_WITH(matrix_view(columns), Catch::Contains("column stride: found 2, expected 1"));
}

TEST_CASE("arrays of any rank come back from .npy", "[interop][xtensor]") {
  const test::temporary_directory directory;
  const std::string path = directory / "a.npy";
  const xt::xarray<double> cube = xt::reshape_view(xt::arange<double>(24), {2, 3, 4});
  write_npy_array(path, cube);
  CHECK((read_npy_array<double>(path) == cube));
  CHECK((xt::load_npy<double>(path) == cube));

  const xt::xarray<std::int64_t> line = xt::arange<std::int64_t>(5);
  write_npy_array(path, line);
  CHECK((read_npy_array<std::int64_t>(path) == line));

  const xt::xarray<float> scalar = 2.5f, none = xt::zeros<float>({0, 3});
  write_npy_array(path, scalar);
  CHECK((read_npy_array<float>(path) == scalar));
  write_npy_array(path, none);
  CHECK(read_npy_array<float>(path).shape()[1] == 3);
}

TEST_CASE("what xtensor writes is read, as array and as matrix", "[interop][xtensor]") {
  const test::temporary_directory directory;
  const std::string path = directory / "a.npy";
  const xt::xarray<float> table = xt::reshape_view(xt::arange<float>(12), {3, 4});
  xt::dump_npy(path, table);
  CHECK((read_npy_array<float>(path) == table));
  CHECK(read_npy<float>(path)(2, 3) == 11);

  const matrix<float> back = read_npy<float>(path);
  write_npy(path, back);
  CHECK((xt::load_npy<float>(path) == table));

  const xt::xarray<float, xt::layout_type::column_major> columns = table;
  xt::dump_npy(path, columns);
  CHECK_THROWS_WITH(read_npy_array<float>(path), Catch::Contains("fortran_order"));
}
