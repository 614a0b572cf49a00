#include <prismatic/endpoint/budget.hpp>

#include "support/catch.hpp"

using namespace prismatic;

TEST_CASE("requests in flight count against the limits", "[endpoint][budget]") {
  budget b({.requests = 3, .tokens = 1000});
  const token_bill most{1, 400, 0};
  CHECK(b.refusal(most).empty());
  b.reserve(most);
  b.reserve(most);
  CHECK(b.refusal(most) == "0 of 1000 tokens, and the next request may take 400");
  b.settle(most, {1, 100, 0});
  b.settle(most, {});  // it failed: nothing was taken
  CHECK(b.spent().requests == 1);
  CHECK(b.spent().tokens == 100);
  b.restore({2, 0, 0});
  CHECK(b.refusal(most) == "3 of 3 requests");
}

TEST_CASE("money is counted by price", "[endpoint][budget]") {
  const token_price price{.prompt = 0.5, .completion = 2};
  CHECK(price.of(1'000'000, 500'000) == Approx(1.5));
  budget b({.cost = 1});
  b.reserve({1, 0, 0.25});
  b.settle({1, 0, 0.25}, {1, 10, 0.6});
  CHECK(b.refusal({1, 0, 0.39}).empty());
  CHECK(b.refusal({1, 0, 0.41}) == "0.6000 of 1.0000, and the next request may cost 0.4100");
  CHECK(budget().refusal({1'000'000, 1'000'000'000, 1e9}).empty());
  CHECK_THROWS_AS(budget({.requests = -1}), option_error);
}
