# prismatic_cuda_program(target): one of our own programs that has sources for nvcc.
function(prismatic_cuda_program target)
  target_link_libraries(${target} PRIVATE prismatic_cuda)
  target_compile_definitions(${target} PRIVATE
    $<$<COMPILE_LANGUAGE:CUDA>:EIGEN_NO_CUDA>)  # Eigen 3.4 marks defaulted functions for the device, which nvcc warns of
  target_compile_options(${target} PRIVATE
    "$<$<COMPILE_LANGUAGE:CUDA>:SHELL:$<$<BOOL:${PRISMATIC_WERROR}>:-Werror all-warnings> -diag-suppress 1675>"  # g++'s own pragmas
    $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra$<$<BOOL:${PRISMATIC_WERROR}>:,-Werror>>
    # g++ 12 sees overlaps and arrays of one element that are not there, once nvcc has rewritten what it compiles
    $<$<AND:$<COMPILE_LANGUAGE:CUDA>,$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Xcompiler=-Wno-restrict,-Wno-array-bounds>)
endfunction()
