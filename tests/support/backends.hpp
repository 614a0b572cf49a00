/// The typed list of backends that the numeric tests of one program run over.
#pragma once

#ifndef PRISMATIC_TEST_THRUST  // 1: the program test_thrust, built with OpenMP
#define PRISMATIC_TEST_THRUST 0
#endif
#ifndef PRISMATIC_TEST_CUDA  // 1: the program test_cuda, built by nvcc
#define PRISMATIC_TEST_CUDA 0
#endif

#if PRISMATIC_TEST_CUDA
#include "support/carried.hpp"

#include <prismatic/backend/cuda.cuh>
#elif PRISMATIC_TEST_THRUST
#include "support/carried.hpp"
#include "support/pretend_device.hpp"

#include <prismatic/backend/thrust/omp.hpp>
#else
#include <prismatic/backend/cpu.hpp>
#endif

#include <tuple>

namespace test {

using namespace prismatic;

template <class B, class T>
struct on {
  using backend = B;
  using scalar = T;
};

/// Every (backend, scalar) this program tests.
#if PRISMATIC_TEST_CUDA
using built = std::tuple<on<carried<cuda_backend>, float>, on<carried<cuda_backend>, double>,
                         on<carried<thrust_backend<thrust_cuda>>, float>>;
#elif PRISMATIC_TEST_THRUST
using built = std::tuple<on<thrust_backend<thrust_omp>, float>, on<thrust_backend<thrust_omp>, double>,
                         on<carried<thrust_backend<pretend_device>>, float>>;
#else
using built = std::tuple<on<cpu_backend<eigen_kernels>, float>, on<cpu_backend<eigen_kernels>, double>
#if PRISMATIC_HAS_BLAS
                         ,
                         on<cpu_backend<blas_kernels>, float>, on<cpu_backend<blas_kernels>, double>
#endif
                         >;
#endif

/// Those that have memory of their own, or could: algorithms run on it, and nothing is carried there and back.
#if PRISMATIC_TEST_CUDA
using resident = std::tuple<on<cuda_backend, float>, on<cuda_backend, double>, on<thrust_backend<thrust_cuda>, float>>;
#elif PRISMATIC_TEST_THRUST
using resident = std::tuple<on<thrust_backend<thrust_omp>, float>, on<thrust_backend<thrust_omp>, double>,
                            on<thrust_backend<pretend_device>, float>>;
#endif

}  // namespace test
