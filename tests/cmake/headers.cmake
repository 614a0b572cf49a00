# Every header compiles on its own (CMake's own check, one translation unit each), and all of them survive
# a hostile prelude.
add_test(NAME headers.alone
         COMMAND ${CMAKE_COMMAND} --build ${CMAKE_BINARY_DIR} --target all_verify_interface_header_sets)
set_tests_properties(headers.alone PROPERTIES LABELS structure RUN_SERIAL ON)

file(GLOB_RECURSE tripwire_headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/prismatic/*.hpp)
if(NOT TARGET prismatic_blas)
  list(FILTER tripwire_headers EXCLUDE REGEX "/blas_")
endif()
list(FILTER tripwire_headers EXCLUDE REGEX "/backend/thrust")  # need OpenMP's flag
add_custom_command(
  OUTPUT tripwires.cpp
  COMMAND ${CMAKE_COMMAND} -DROOT=${PROJECT_SOURCE_DIR}/include "-DHEADERS=${tripwire_headers}" -DOUTPUT=tripwires.cpp
          -P ${CMAKE_CURRENT_LIST_DIR}/write_tripwires.cmake
  DEPENDS ${tripwire_headers} ${CMAKE_CURRENT_LIST_DIR}/write_tripwires.cmake
  VERBATIM)
add_library(header_tripwires OBJECT ${CMAKE_CURRENT_BINARY_DIR}/tripwires.cpp)
target_link_libraries(header_tripwires PRIVATE prismatic_test_main)
set_target_properties(header_tripwires PROPERTIES CXX_CLANG_TIDY "")
