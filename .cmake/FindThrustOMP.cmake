# Finds Thrust's headers (Debian's libthrust-dev and libcub-dev, or those of a CUDA toolkit) and OpenMP: what the header
# backend/thrust/omp.hpp calls. Defines ThrustOMP::ThrustOMP.
find_package(OpenMP QUIET COMPONENTS CXX)
find_path(ThrustOMP_INCLUDE thrust/version.h
          PATHS /usr/local/cuda/include /usr/local/cuda/targets/x86_64-linux/include
          PATH_SUFFIXES cccl)
mark_as_advanced(ThrustOMP_INCLUDE)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(ThrustOMP REQUIRED_VARS ThrustOMP_INCLUDE OpenMP_CXX_FOUND
                                  REASON_FAILURE_MESSAGE "install libthrust-dev and libcub-dev, or a CUDA toolkit")

if(ThrustOMP_FOUND AND NOT TARGET ThrustOMP::ThrustOMP)
  add_library(ThrustOMP::ThrustOMP INTERFACE IMPORTED)
  target_include_directories(ThrustOMP::ThrustOMP SYSTEM INTERFACE ${ThrustOMP_INCLUDE})
  target_link_libraries(ThrustOMP::ThrustOMP INTERFACE OpenMP::OpenMP_CXX)
  # Policies are passed explicitly; what Thrust does without one must not ask for CUDA. CCCL 3 would bring a global
  # type called `half`. And Eigen must not start threads of its own because the compiler knows OpenMP now.
  target_compile_definitions(ThrustOMP::ThrustOMP INTERFACE THRUST_DEVICE_SYSTEM=THRUST_DEVICE_SYSTEM_CPP
                                                            CCCL_DISABLE_FP16_SUPPORT EIGEN_DONT_PARALLELIZE)
endif()
