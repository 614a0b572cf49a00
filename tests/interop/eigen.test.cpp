#include <prismatic/interop/eigen.hpp>

#include <prismatic/core/matrix.hpp>

#include "support/catch.hpp"

#include <concepts>

using namespace prismatic;

TEST_CASE("Eigen works on the library's own elements", "[interop][eigen]") {
  matrix<double> m(3, 4);
  as_eigen(m)(1, 2) = 5;
  CHECK(m(1, 2) == 5);
  as_eigen(m.view().middle_cols(1, 2)).setConstant(2);
  CHECK(m(2, 2) == 2);
  CHECK(m(2, 3) == 0);
  CHECK(as_eigen(m).sum() == 12);

  const matrix<double>& constant = m;
  static_assert(std::same_as<decltype(as_eigen(constant)), eigen_matrix_map<const double>>);
  CHECK(as_eigen(constant).row(1).sum() == 4);
  CHECK(as_eigen(m.flat()).maxCoeff() == 2);
  CHECK(as_eigen(matrix_view<double>()).size() == 0);
}

TEST_CASE("row-major Eigen storage is viewed without a copy", "[interop][eigen]") {
  eigen_matrix<float> e = eigen_matrix<float>::Zero(3, 5);
  const matrix_view<float> view(e);
  view(2, 4) = 7;
  CHECK(e(2, 4) == 7);

  auto block = e.middleCols(1, 2);
  const matrix_view<float> part(block);
  CHECK(part.stride() == 5);
  part(0, 1) = 3;
  CHECK(e(0, 2) == 3);

  const eigen_matrix<float>& constant = e;
  CHECK(matrix_view(constant)(2, 4) == 7);
  static_assert(viewable<eigen_matrix<float>>);
  static_assert(!viewable<Eigen::MatrixXf>, "column-major storage is refused");
}
