#include "autodiff/recording_sink.hpp"
#include "support/catch.hpp"
#include "support/numeric.hpp"

#include <prismatic/autodiff/accumulate.hpp>

using namespace prismatic;

TEMPLATE_LIST_TEST_CASE("accumulate adds pieces of every kind, over sequences and calls", "[autodiff][accumulate]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = GENERATE(1, 3)});
  const std::vector<parameter_info> infos{{"weight", 5, 7}, {"table", 9, 7}, {"bias", 1, 5}};
  const layout sequences{3, 0, 4};
  const auto dy = test::gaussian<T>(7, 5, "dy"), x = test::gaussian<T>(7, 7, "x"), b = test::gaussian<T>(3, 5, "b");
  const std::vector<token_id> ids{8, 0, 8, 3, 3, 3, 1};

  accumulate_sink<B, T> sink(cx, infos);
  test::recording_sink<T> naive(infos, 3);
  const auto emit = [&](auto& to) {
    to.outer({0}, dy, x, sequences);
    to.rows({1}, ids, x, sequences);
    to.dense({2}, b);
  };
  emit(sink);
  sink.clear();
  for (int call = 0; call < 2; ++call) {
    emit(sink);
    emit(naive);
  }
  for (index_t p = 0; p < 3; ++p) {
    matrix<double> sum(infos[static_cast<std::size_t>(p)].rows, infos[static_cast<std::size_t>(p)].cols);
    for (index_t s = 0; s < 3; ++s)
      for (index_t i = 0; i < sum.size(); ++i) sum.data()[i] += naive.of(s, {p}).data()[i];
    CHECK(test::largest_difference<T>(sink.gradient({p}), sum.view()) <= test::rounding_bound<T>(7, 16));
  }
}
