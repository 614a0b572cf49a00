#include <prismatic/backend/thrust/omp.hpp>

#include "support/catch.hpp"
#include "support/numeric.hpp"

#include <omp.h>

using namespace prismatic;

namespace {
struct record_threads {
  int* seen;
  void operator()(index_t i) const { seen[i] = ::omp_get_num_threads(); }
};
}  // namespace

TEST_CASE("work runs on the context's threads, little work on one, and OpenMP's own number stays", "[backend][thrust]") {
  const int before = ::omp_get_max_threads();
  context<thrust_backend<thrust_omp>> cx({.threads = 3});
  std::vector<int> seen(6);
  detail::for_each_index(cx, 6, index_t{1} << 20, record_threads{seen.data()});
  CHECK(seen == std::vector<int>(6, 3));
  detail::for_each_index(cx, 6, 6, record_threads{seen.data()});
  CHECK(seen == std::vector<int>(6, 1));
  CHECK(::omp_get_max_threads() == before);
}

TEST_CASE("a context gives its seed, its limits and its name", "[backend][thrust]") {
  using B = thrust_backend<thrust_omp>;
  context<B> cx({.threads = 2, .seed = 7, .activation_bytes = 1000});
  CHECK(cx.seed() == 7);
  CHECK(cx.activation_bytes() == 1000);
  CHECK(cx.team().size() == 2);
  CHECK(cx.random("a").key() == random_stream(7, "a").key());
  CHECK(B::name == "thrust-omp");
  cx.synchronize();
}

TEST_CASE("products in bf16 are the CPU backends' alone", "[backend][thrust]") {
  using B = thrust_backend<thrust_omp>;
  context<B> cx({.threads = 1});
  const products_at<B> as_ever(cx, product_precision::full);
  CHECK_THROWS_AS(products_at<B>(cx, product_precision::bf16), option_error);
}
