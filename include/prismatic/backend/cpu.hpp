/// The CPU backend: every verb over host memory and a team of threads. `Kernels` says who finds
/// eigenvectors: Eigen or LAPACK. Each choice is a type of its own, so two
/// translation units with different choices link into one program.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/cpu/attention.hpp>
#include <prismatic/backend/cpu/context.hpp>
#include <prismatic/backend/cpu/copy.hpp>
#include <prismatic/backend/cpu/cross_entropy.hpp>
#include <prismatic/backend/cpu/dense.hpp>
#include <prismatic/backend/cpu/eigen_kernels.hpp>
#include <prismatic/backend/cpu/nearest.hpp>
#include <prismatic/backend/cpu/pointwise.hpp>
#include <prismatic/backend/cpu/rows.hpp>
#include <prismatic/backend/cpu/signs.hpp>
#include <prismatic/backend/cpu/sparse_signs.hpp>
#if PRISMATIC_HAS_BLAS
#include <prismatic/backend/cpu/blas_kernels.hpp>
#endif

#include <string_view>

namespace prismatic {

/// The verbs of the CPU, gathered from one header per family. A header holds a class template
/// `cpu_<family><Kernels>` of static functions.
template <class Kernels = eigen_kernels>
struct cpu_backend : cpu_dense<Kernels>,
                     cpu_copy<Kernels>,
                     cpu_rows<Kernels>,
                     cpu_nearest<Kernels>,
                     cpu_pointwise<Kernels>,
                     cpu_attention<Kernels>,
                     cpu_cross_entropy<Kernels>,
                     cpu_signs<Kernels>,
                     cpu_sparse_signs<Kernels> {
  static constexpr std::string_view name = Kernels::name;
  static constexpr memory space = memory::host;
};

static_assert(backend<cpu_backend<eigen_kernels>, float> && backend<cpu_backend<eigen_kernels>, double>);
#if PRISMATIC_HAS_BLAS
static_assert(backend<cpu_backend<blas_kernels>, float> && backend<cpu_backend<blas_kernels>, double>);
#endif

}  // namespace prismatic
