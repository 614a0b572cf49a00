/// Which backend a program gets when it names none: the BLAS one where prismatic::blas is linked.
///
/// For programs. No header of the library includes this file: every symbol carries its backend as a
/// parameter, so that translation units with different defaults link into one program.
#pragma once

#include <prismatic/backend/cpu.hpp>
#include <prismatic/config.hpp>

namespace prismatic {

#if PRISMATIC_DEFAULT_BLAS
using default_backend = cpu_backend<blas_kernels>;
#else
using default_backend = cpu_backend<eigen_kernels>;
#endif

}  // namespace prismatic
