// What it costs to keep requests in flight: processor time of the one thread that does it, per second of waiting, against
// a server that answers after a second. The server's own threads are not counted.
#include "support/mock_llm.hpp"

#include <prismatic/endpoint/endpoint_writer.hpp>

#include <benchmark/benchmark.h>

#include <ctime>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace prismatic;

double thread_seconds() {
  std::timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

void requests_in_flight(benchmark::State& state) {
  const index_t flying = state.range(0), requests = 4 * flying;
  test::mock_llm server({.delay = 1000});
  budget money;
  http_pool pool({.connections = flying}, secret());
  auto client = std::make_shared<endpoint_client<http_pool>>(endpoint_url(server.url()), pool, loop_options{.concurrency = flying}, money);
  endpoint_writer writer(client, std::make_shared<prompt_set>(prompt_set::named("mathematics")), {.model = "mock-1"}, money);
  const std::string text(400, 'x');
  const std::vector<few_shot> shots(4, few_shot{text, text});
  std::vector<generation_request> asked;
  for (index_t i = 0; i < requests; ++i) asked.push_back({static_cast<std::uint64_t>(i), shots});
  index_t got = 0;
  const auto count = [&](std::span<const arrival> arrivals, std::span<const exchange>) { got += static_cast<index_t>(arrivals.size()); };
  double busy = 0, waited = 0;
  for (auto _ : state) {
    const double thread = thread_seconds(), wall = pool.now();
    writer.generate(asked, count);
    busy += thread_seconds() - thread;
    waited += pool.now() - wall;
  }
  state.counters["of_a_core"] = busy / waited;
  state.counters["requests/s"] = static_cast<double>(got) / waited;
  state.counters["us/request"] = 1e6 * busy / static_cast<double>(got);
}
BENCHMARK(requests_in_flight)->ArgName("in_flight")->Arg(8)->Arg(64)->Arg(128)->Iterations(1)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
