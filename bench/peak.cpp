/// Prints what this machine can do at most: the roof of every other figure.
#include "support/peak.hpp"

#include <cstdio>

int main() {
  const bench::peak& p = bench::peak::measured();
  std::printf("%d threads: %.0f GFLOP/s (float, fused multiply-add), %.1f GB/s read\n", prismatic::thread_team().size(),
              p.flops * 1e-9, p.bytes * 1e-9);
}
