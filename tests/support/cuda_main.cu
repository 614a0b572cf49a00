// Runs the tests where there is a device, and says so where there is none.
#include <prismatic/backend/cuda/check.cuh>

#include <cstdio>
#if __has_include(<catch2/catch_session.hpp>)
#include <catch2/catch_session.hpp>
#else
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#endif

int main(int argc, char** argv) {
  if (!prismatic::has_cuda_device()) {
    std::puts("skipped: no CUDA device");
    return 77;
  }
  return Catch::Session().run(argc, argv);
}
