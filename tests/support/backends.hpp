/// The typed list of backends that the numeric tests of one program run over.
#pragma once

#ifndef PRISMATIC_TEST_THRUST  // 1: a program of tests/thrust, built with OpenMP
#define PRISMATIC_TEST_THRUST 0
#endif

#if PRISMATIC_TEST_THRUST
#include <prismatic/backend/thrust/omp.hpp>
#else
#include <prismatic/backend/cpu.hpp>
#endif

#include <string_view>
#include <tuple>

namespace test {

using namespace prismatic;

template <class B, class T>
struct on {
  using backend = B;
  using scalar = T;
};

#if PRISMATIC_TEST_THRUST
/// OpenMP with the calls cut up as for a GPU: an element each, and 32 that share a row.
struct fine_grained : thrust_omp {
  static constexpr std::string_view name = "thrust-omp, fine-grained";
  static constexpr index_t chunk = 1, lanes = 32;
};
#endif

/// Every (backend, scalar) this program tests.
#if PRISMATIC_TEST_THRUST
using built = std::tuple<on<thrust_backend<thrust_omp>, float>, on<thrust_backend<thrust_omp>, double>,
                         on<thrust_backend<fine_grained>, float>>;
#else
using built = std::tuple<on<cpu_backend<eigen_kernels>, float>, on<cpu_backend<eigen_kernels>, double>
#if PRISMATIC_HAS_BLAS
                         ,
                         on<cpu_backend<blas_kernels>, float>, on<cpu_backend<blas_kernels>, double>
#endif
                         >;
#endif

}  // namespace test
