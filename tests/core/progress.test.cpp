// The progress callback: borrowed, optional, may stop the work by throwing.
#include <prismatic/core/progress.hpp>

#include "support/catch.hpp"

#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

using namespace prismatic;

TEST_CASE("a default progress says nothing", "[core][progress]") {
  const progress silent;
  CHECK_NOTHROW(silent("stage", 1, 2));
}

TEST_CASE("a report carries its stage and counts", "[core][progress]") {
  std::vector<std::string> seen;
  auto callback = [&](const progress_report& r) {
    seen.push_back(std::string(r.stage) + " " + std::to_string(r.done) + "/" + std::to_string(r.total));
  };
  const progress report(callback);
  report("gradients", 1, 10);
  report("training", 2, 0);
  CHECK(seen == std::vector<std::string>{"gradients 1/10", "training 2/0"});
}

TEST_CASE("it refers to the callable instead of copying it", "[core][progress]") {
  struct counter {
    int calls = 0;
    void operator()(const progress_report&) { ++calls; }
  } callback;
  const progress report(callback);
  const progress copy = report;
  report("a", 1, 1);
  copy("a", 1, 1);
  CHECK(callback.calls == 2);
}

TEST_CASE("a const callable works", "[core][progress]") {
  int calls = 0;
  const auto callback = [&calls](const progress_report&) { ++calls; };
  const progress report(callback);
  report("a", 0, 0);
  CHECK(calls == 1);
}

TEST_CASE("an exception of the callback reaches whoever reports", "[core][progress]") {
  auto callback = [](const progress_report&) { throw std::runtime_error("stop"); };
  const progress report(callback);
  CHECK_THROWS_WITH(report("a", 0, 0), "stop");
}

TEST_CASE("a temporary callable is refused: it would dangle", "[core][progress]") {
  auto make = [] { return [](const progress_report&) {}; };
  using callable = decltype(make());
  static_assert(std::is_constructible_v<progress, callable&>);
  static_assert(!std::is_constructible_v<progress, callable>);
  SUCCEED();
}
