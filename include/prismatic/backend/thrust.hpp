/// The Thrust backend: every verb as functors over Thrust's algorithms, for whatever system Thrust runs on.
///
/// `System` is a tag that carries the execution policy, the memory space and the products: `thrust_omp`
/// (backend/thrust/omp.hpp, OpenMP threads in host memory, no GPU needed), or `thrust_cuda`
/// (backend/thrust/cuda.cuh, a CUDA stream, cuBLAS). Policies are passed explicitly, never chosen by a macro.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/backend/thrust/attention.hpp>
#include <prismatic/backend/thrust/context.hpp>
#include <prismatic/backend/thrust/copy.hpp>
#include <prismatic/backend/thrust/cross_entropy.hpp>
#include <prismatic/backend/thrust/dense.hpp>
#include <prismatic/backend/thrust/groups.hpp>
#include <prismatic/backend/thrust/nearest.hpp>
#include <prismatic/backend/thrust/pointwise.hpp>
#include <prismatic/backend/thrust/rows.hpp>
#include <prismatic/backend/thrust/signs.hpp>
#include <prismatic/backend/thrust/sparse_signs.hpp>

#include <string_view>

namespace prismatic {

/// The verbs, gathered from one header per family like the CPU's.
template <class System>
struct thrust_backend : thrust_dense<System>,
                        thrust_copy<System>,
                        thrust_rows<System>,
                        thrust_groups<System>,
                        thrust_nearest<System>,
                        thrust_pointwise<System>,
                        thrust_attention<System>,
                        thrust_cross_entropy<System>,
                        thrust_signs<System>,
                        thrust_sparse_signs<System> {
  static constexpr std::string_view name = System::name;
  static constexpr memory space = System::space;
};

}  // namespace prismatic
