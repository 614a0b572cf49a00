# test_cuda: the typed tests of the verbs as CUDA sources, one that includes each.
set(cuda_sources support/cuda_main.cu)
foreach(test IN LISTS verb_tests)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/cuda/${test}.cu)
  file(CONFIGURE OUTPUT ${source} CONTENT "#include \"${test}.test.cpp\"\n")
  list(APPEND cuda_sources ${source})
endforeach()
add_executable(test_cuda ${cuda_sources})
target_include_directories(test_cuda PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_compile_definitions(test_cuda PRIVATE PRISMATIC_TEST_CUDA=1
  EIGEN_NO_CUDA)  # Eigen 3.4 marks defaulted functions for the device, which nvcc warns of
target_compile_options(test_cuda PRIVATE
  "SHELL:$<$<BOOL:${PRISMATIC_WERROR}>:-Werror all-warnings>"
  "SHELL:-diag-suppress 1675"  # g++'s own pragmas
  -Xcompiler=-Wall,-Wextra$<$<BOOL:${PRISMATIC_WERROR}>:,-Werror>)
target_link_libraries(test_cuda PRIVATE prismatic_cuda Catch2::Catch2)
add_test(NAME cuda COMMAND test_cuda)
set_tests_properties(cuda PROPERTIES LABELS gpu SKIP_RETURN_CODE 77)
