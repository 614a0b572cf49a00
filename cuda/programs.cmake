# test_cuda and bench_cuda, which tests/gpu.sh and bench/gpu.sh build. They need the CUDA toolkit, Eigen and Catch2, and
# nothing else: machines with a device often have no more, and no network.

function(prismatic_device_program target wanted folder)
  set(all EXCLUDE_FROM_ALL)
  if(wanted)
    set(all)
  endif()
  add_executable(${target} ${all} ${ARGN})
  prismatic_cuda_program(${target})
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/${folder})
endfunction()

prismatic_device_program(bench_cuda "${PRISMATIC_BENCHMARKS}" bench ${PROJECT_SOURCE_DIR}/bench/cuda/device.bench.cu)
if(TARGET prismatic_blas)
  target_link_libraries(bench_cuda PRIVATE prismatic_blas)
endif()

# The typed tests of the verbs as CUDA sources, one that includes each.
find_package(Catch2 QUIET)
if(Catch2_FOUND)
  include(${PROJECT_SOURCE_DIR}/tests/cmake/verb_tests.cmake)
  set(cuda_sources ${PROJECT_SOURCE_DIR}/tests/support/cuda_main.cu)
  foreach(test IN LISTS verb_tests)
    set(source ${PROJECT_BINARY_DIR}/tests/cuda/${test}.cu)
    file(CONFIGURE OUTPUT ${source} CONTENT "#include \"${test}.test.cpp\"\n")
    list(APPEND cuda_sources ${source})
  endforeach()
  prismatic_device_program(test_cuda "${PRISMATIC_TESTS}" tests ${cuda_sources})
  target_include_directories(test_cuda PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(test_cuda PRIVATE PRISMATIC_TEST_CUDA=1)
  target_link_libraries(test_cuda PRIVATE Catch2::Catch2)
endif()
