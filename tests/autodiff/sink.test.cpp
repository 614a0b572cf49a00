#include "autodiff/recording_sink.hpp"
#include "support/catch.hpp"

#include <prismatic/autodiff/accumulate.hpp>
#include <prismatic/autodiff/sink.hpp>
#include <prismatic/backend/cpu.hpp>

using namespace prismatic;

namespace {

using B = cpu_backend<>;

struct deaf_to_tables {
  [[nodiscard]] bool wants(parameter_id) const { return true; }
  void outer(parameter_id, matrix_view<const float>, matrix_view<const float>, const layout&) {}
  void dense(parameter_id, matrix_view<const float>) {}
};

static_assert(gradient_sink<no_sink, B, float>);
static_assert(gradient_sink<no_sink, B, double>);
static_assert(gradient_sink<accumulate_sink<B, float>, B, float>);
static_assert(gradient_sink<test::recording_sink<double>, B, double>);
static_assert(!gradient_sink<test::recording_sink<double>, B, float>, "the scalar is part of the contract");
static_assert(!gradient_sink<deaf_to_tables, B, float>);
static_assert(!gradient_sink<int, B, float>);

}  // namespace

TEST_CASE("no_sink wants nothing and hears everything in silence", "[autodiff][sink]") {
  no_sink sink;
  const matrix<float> m(2, 2);
  CHECK_FALSE(sink.wants({0}));
  sink.outer({0}, m.view(), m.view(), layout{2});
  sink.dense({0}, m.view());
}
