# The component prismatic::cuda: headers of this folder, which nvcc compiles, beside those of include/.
if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES all-major)  # every major architecture, and PTX of the newest
endif()
enable_language(CUDA)
find_package(CUDAToolkit 12 REQUIRED)

file(GLOB_RECURSE prismatic_cuda_headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/prismatic/*.cuh)
add_library(prismatic_cuda INTERFACE)
add_library(prismatic::cuda ALIAS prismatic_cuda)
set_target_properties(prismatic_cuda PROPERTIES EXPORT_NAME cuda)
# The language level as an option: CMake knows cuda_std_20 from 3.26 on. Views and Philox are constexpr functions of
# the host's headers, and device code calls them.
target_compile_options(prismatic_cuda INTERFACE $<$<COMPILE_LANGUAGE:CUDA>:-std=c++20>
                                                $<$<COMPILE_LANGUAGE:CUDA>:--expt-relaxed-constexpr>)
target_sources(prismatic_cuda INTERFACE FILE_SET HEADERS BASE_DIRS ${CMAKE_CURRENT_LIST_DIR} ${PROJECT_SOURCE_DIR}/include
                                        FILES ${prismatic_cuda_headers} ${prismatic_thrust_headers})
target_link_libraries(prismatic_cuda INTERFACE prismatic CUDA::cudart CUDA::cublas CUDA::cusolver)
list(APPEND prismatic_components cuda)
