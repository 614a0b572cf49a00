/// The version and the library's few macros. Every feature macro is always defined, 0 or 1.
#pragma once

#define PRISMATIC_VERSION_MAJOR 0
#define PRISMATIC_VERSION_MINOR 1
#define PRISMATIC_VERSION_PATCH 0
#define PRISMATIC_VERSION "0.1.0"

#if defined(__CUDACC__)
#define PRISMATIC_HOST_DEVICE __host__ __device__
#else
#define PRISMATIC_HOST_DEVICE
#endif

#if defined(__CUDA_ARCH__)  // before a loop, for the device: an array stays in registers where only constants
                            // index it
#define PRISMATIC_UNROLL _Pragma("unroll")
#else
#define PRISMATIC_UNROLL
#endif

#ifndef PRISMATIC_HAS_BLAS  // set to 1 by the component prismatic::blas
#define PRISMATIC_HAS_BLAS 0
#endif

#ifndef PRISMATIC_DEFAULT_BLAS  // 1: default_backend (backend/default.hpp) is the BLAS one
#define PRISMATIC_DEFAULT_BLAS PRISMATIC_HAS_BLAS
#endif

#if defined(__x86_64__) && defined(__GNUC__)
#define PRISMATIC_X86 1
#else
#define PRISMATIC_X86 0
#endif

#if PRISMATIC_X86  // an attribute: a function for the processor's matrix units (backend/cpu/matrix_units.hpp)
#define PRISMATIC_AMX gnu::target("amx-tile,amx-bf16,avx512f,avx512bw,avx512vl,avx512bf16")
#endif
