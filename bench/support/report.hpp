/// The counters every benchmark reports: rates, and the fraction of the measured roof.
#pragma once

#include "support/peak.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>

namespace bench {

/// Operations and bytes of one iteration, by the formula that stands beside the loop.
struct work {
  double flop = 0;
  double bytes = 0;
};

/// of_peak is 1 on the roof line: the time the machine needs at least, over the time taken.
inline void report(benchmark::State& state, work w) {
  using counter = benchmark::Counter;
  const double floor_s = std::max(w.flop / peak::measured().flops, w.bytes / peak::measured().bytes);
  if (w.flop > 0) state.counters["FLOP/s"] = counter(w.flop, counter::kIsIterationInvariantRate);
  if (w.bytes > 0) state.counters["bytes/s"] = counter(w.bytes, counter::kIsIterationInvariantRate);
  state.counters["of_peak"] = counter(floor_s, counter::kIsIterationInvariantRate);
}

/// Something is done `count` times an iteration.
inline void report_items(benchmark::State& state, const char* name, double count) {
  state.counters[name] = benchmark::Counter(count, benchmark::Counter::kIsIterationInvariantRate);
}

}  // namespace bench
