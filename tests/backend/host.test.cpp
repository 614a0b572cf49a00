#include "support/catch.hpp"
#include "support/numeric.hpp"

#include "oracle/vendi.hpp"

#include <prismatic/backend/host.hpp>

#include <algorithm>
#include <utility>
#include <vector>

using namespace prismatic;

TEST_CASE("host memory is read in place", "[backend][host]") {
  context<cpu_backend<>> cx({.threads = 1});
  auto m = test::gaussian<float>(3, 4, "host");
  const float* const data = m.data();
  CHECK(on_host(cx, m.view()).data() == data);
  CHECK(on_host(cx, m.flat()).data() == data);
  CHECK(on_backend(cx, std::move(m)).data() == data);
}

TEMPLATE_LIST_TEST_CASE("the eigensystem of a host matrix agrees with Jacobi's", "[backend][host]",
                        test::built) {
  using B = typename TestType::backend;
  context<B> cx({.threads = 2});
  const auto d = GENERATE(index_t{1}, index_t{2}, index_t{17});
  matrix<double> c = test::oracle::covariance(test::gaussian<double>(30, d, "eigen"));
  auto expected = test::oracle::eigensystem(c.clone()).values;
  std::ranges::sort(expected);
  matrix<double> v = c.clone(), spent = c.clone();
  const auto lambda = host_eigensystem(cx, v), alone = host_eigenvalues(cx, spent);
  const double bound = test::rounding_bound<double>(d, 1);
  for (index_t i = 0; i < d; ++i) {
    const auto at = static_cast<std::size_t>(i);
    CHECK(std::abs(lambda[at] - expected[at]) <= bound);
    CHECK(std::abs(alone[at] - expected[at]) <= bound);
    for (index_t j = 0; j < d; ++j) {
      double image = 0;
      for (index_t k = 0; k < d; ++k) image += c(j, k) * v(i, k);
      CHECK(std::abs(image - lambda[at] * v(i, j)) <= bound);
    }
  }
}
