# Finds the OpenMP build of OpenBLAS with its CBLAS header, LAPACKE, and OpenMP itself: what the header
# backend/cpu/blas_kernels.hpp calls. Defines BLASKernels::BLASKernels.
#
# The OpenMP build is what is asked for because its thread count belongs to the calling thread. Distributions
# name it openblaso (Fedora) or keep it in a folder of its own (Debian).
find_package(OpenMP QUIET COMPONENTS CXX)
find_path(BLASKernels_CBLAS_INCLUDE cblas.h PATH_SUFFIXES openblas-openmp openblas)
find_path(BLASKernels_LAPACKE_INCLUDE lapacke.h PATH_SUFFIXES openblas)
find_library(BLASKernels_OPENBLAS NAMES openblaso openblas PATH_SUFFIXES openblas-openmp)
find_library(BLASKernels_LAPACKE lapacke)
mark_as_advanced(BLASKernels_CBLAS_INCLUDE BLASKernels_LAPACKE_INCLUDE BLASKernels_OPENBLAS BLASKernels_LAPACKE)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  BLASKernels REQUIRED_VARS BLASKernels_OPENBLAS BLASKernels_CBLAS_INCLUDE BLASKernels_LAPACKE
                            BLASKernels_LAPACKE_INCLUDE OpenMP_CXX_FOUND
  REASON_FAILURE_MESSAGE "install libopenblas-openmp-dev and liblapacke-dev, or their like")

if(BLASKernels_FOUND AND NOT TARGET BLASKernels::BLASKernels)
  add_library(BLASKernels::BLASKernels INTERFACE IMPORTED)
  target_include_directories(BLASKernels::BLASKernels SYSTEM INTERFACE ${BLASKernels_CBLAS_INCLUDE}
                                                                       ${BLASKernels_LAPACKE_INCLUDE})
  # OpenMP's library and header without its compiler flag, which would make Eigen start threads of its own.
  target_include_directories(BLASKernels::BLASKernels SYSTEM INTERFACE ${OpenMP_CXX_INCLUDE_DIRS})
  target_link_libraries(BLASKernels::BLASKernels INTERFACE ${BLASKernels_LAPACKE} ${BLASKernels_OPENBLAS}
                                                           ${OpenMP_CXX_LIBRARIES})
endif()
