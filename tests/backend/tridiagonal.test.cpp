#include <prismatic/backend/cpu/tridiagonal.hpp>

#include "support/catch.hpp"
#include "support/numeric.hpp"

#include <Eigen/Eigenvalues>

#include <algorithm>
#include <cmath>
#include <vector>

using namespace prismatic;

namespace {

constexpr index_t eight = detail::band_width;

struct tridiagonal {
  std::vector<double> diagonal, below;

  explicit tridiagonal(index_t n) : diagonal(static_cast<std::size_t>(n)), below(static_cast<std::size_t>(n)) {}
  [[nodiscard]] Eigen::MatrixXd dense() const {
    const auto n = static_cast<index_t>(diagonal.size());
    Eigen::MatrixXd m = Eigen::MatrixXd::Zero(n, n);
    for (index_t i = 0; i < n; ++i) {
      m(i, i) = diagonal[static_cast<std::size_t>(i)];
      if (i + 1 < n) m(i, i + 1) = m(i + 1, i) = below[static_cast<std::size_t>(i)];
    }
    return m;
  }
};

// chase(band, n, diagonal, below)
template <class Chase>
tridiagonal chased(const Eigen::MatrixXd& m, Chase&& chase) {
  const index_t n = m.rows();
  std::vector<double> data(static_cast<std::size_t>(detail::symmetric_band::elements(n)));
  const detail::symmetric_band band{data.data()};
  for (index_t i = 0; i < n; ++i)
    for (index_t j = std::max<index_t>(0, i - eight); j <= std::min(n - 1, i + eight); ++j) *band.at(i, j) = m(i, j);
  tridiagonal out(n);
  chase(band, n, out.diagonal.data(), out.below.data());
  return out;
}

Eigen::MatrixXd random_band(index_t n, index_t width) {
  const auto drawn = test::gaussian<double>(n, n, "band");
  Eigen::MatrixXd m = Eigen::MatrixXd::Zero(n, n);
  for (index_t i = 0; i < n; ++i)
    for (index_t j = std::max<index_t>(0, i - width); j <= i; ++j) m(i, j) = m(j, i) = drawn(i, j);
  return m;
}

Eigen::VectorXd spectrum(const Eigen::MatrixXd& m) {
  return Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(m, Eigen::EigenvaluesOnly).eigenvalues();
}

}  // namespace

TEST_CASE("a band and its tridiagonal form have the same eigenvalues, at every vector length", "[backend][tridiagonal]") {
  const index_t n = GENERATE(1, 2, 3, 8, 9, 10, 17, 31, 100), width = GENERATE(1, 2, 5, 8);
  CAPTURE(n, width);
  const Eigen::MatrixXd m = random_band(n, width);
  const Eigen::VectorXd expected = spectrum(m);
  const auto check = [&](auto&& chase) {
    const Eigen::VectorXd found = spectrum(chased(m, chase).dense());
    for (index_t i = 0; i < n; ++i) CHECK(std::abs(found[i] - expected[i]) <= 1e-13 * std::max(1.0, m.norm()));
  };
  check([](auto... args) { detail::chase_bulges::run<16>(args...); });
  check([](auto... args) { detail::chase_bulges::run<32>(args...); });
  check([](auto... args) { detail::chase_bulges::run<64>(args...); });
}

TEST_CASE("a tridiagonal matrix stays as it is", "[backend][tridiagonal]") {
  const Eigen::MatrixXd m = random_band(40, 1);
  CHECK(chased(m, [](auto... args) { detail::chase_bulges::run<16>(args...); }).dense() == m);
}
