// Column-major storage is refused, not copied.
// expected: row_major_storage
#include <prismatic/core/matrix_view.hpp>

#include <Eigen/Core>

#if PRISMATIC_CONTROL
constexpr int order = Eigen::RowMajor;
#else
constexpr int order = Eigen::ColMajor;
#endif

prismatic::matrix_view<float> view(Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, order>& m) {
  return prismatic::matrix_view<float>(m);
}
