#include "support/catch.hpp"

#include <prismatic/backend/cpu.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/projection/projection.hpp>
#include <prismatic/projection/rademacher.hpp>

using namespace prismatic;

namespace {

using B = cpu_backend<>;

// One output: the sum of all entries. Not random, still a projection in form.
struct total {
  static constexpr std::string_view name = "total";
  [[nodiscard]] index_t width() const { return 1; }
  [[nodiscard]] double scale() const { return 1; }
  template <class Context, class T>
  void accumulate(Context&, const tensor_block&, matrix_view<const T> g, matrix_view<T> z) const {
    for (index_t s = 0; s < g.rows(); ++s)
      for (index_t j = 0; j < g.cols(); ++j) z(s, 0) += g(s, j);
  }
};

struct nameless {
  [[nodiscard]] index_t width() const { return 1; }
  [[nodiscard]] double scale() const { return 1; }
  void accumulate(context<B>&, const tensor_block&, matrix_view<const float>, matrix_view<float>) const {}
};

static_assert(projection<rademacher, B, float> && projection<rademacher, B, double>);
static_assert(projection<total, B, float> && projection<total, B, double>);
static_assert(!projection<nameless, B, float>);
static_assert(!projection<int, B, float>);

}  // namespace

TEST_CASE("a projection of the user's own takes blocks like any other", "[projection]") {
  context<B> cx({.threads = 1});
  matrix<double> g(2, 6), z(2, 1);
  for (index_t i = 0; i < 12; ++i) g.data()[i] = double(i);
  total{}.accumulate(cx, {"w", 0, 2, 3}, matrix_view<const double>(g.view()), z.view());
  CHECK(z(0, 0) == 15);
  CHECK(z(1, 0) == 51);
}
