// The body that both translation units share: <a, a> of one row by the backend that is the default there.
#pragma once

#include <prismatic/backend/default.hpp>
#include <prismatic/core/matrix.hpp>

#include <string>

struct answer {
  std::string backend;
  double squared_norm;
};

answer by_first_default();
answer by_second_default();

namespace {

answer by_default() {
  using chosen = prismatic::default_backend;
  prismatic::context<chosen> cx;
  prismatic::matrix<double> a(1, 3), c(1, 1);
  for (prismatic::index_t j = 0; j < 3; ++j) a(0, j) = static_cast<double>(j + 1);
  chosen::gemm(cx, prismatic::op::none, prismatic::op::transpose, 1, a, a, 0, c.view());
  return {std::string(chosen::name), c(0, 0)};
}

}  // namespace
