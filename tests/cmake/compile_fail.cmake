# tests/compile_fail/<case>.cpp must not compile, and the compiler must say the words of its line
# `// expected: one|another`. With -DPRISMATIC_CONTROL=1 the same file holds the right code and must compile:
# so the failure is not for another reason.
file(GLOB cases CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/compile_fail/*.cpp)
set(eigen "$<TARGET_PROPERTY:Eigen3::Eigen,INTERFACE_INCLUDE_DIRECTORIES>")
foreach(case IN LISTS cases)
  get_filename_component(name ${case} NAME_WE)
  file(STRINGS ${case} expected REGEX "^// expected: ")
  string(REPLACE "// expected: " "" expected "${expected}")
  set(compile ${CMAKE_CXX_COMPILER} -std=c++20 -fsyntax-only -I${PROJECT_SOURCE_DIR}/include
              "-isystem$<JOIN:${eigen},$<SEMICOLON>-isystem>" ${case})
  add_test(NAME compile_fail.${name}
           COMMAND ${CMAKE_COMMAND} "-DWORDS=${expected}" -P ${CMAKE_CURRENT_LIST_DIR}/expect_failure.cmake -- ${compile}
           COMMAND_EXPAND_LISTS)
  add_test(NAME compile_fail.${name}.control COMMAND ${compile} -DPRISMATIC_CONTROL=1 COMMAND_EXPAND_LISTS)
  set_tests_properties(compile_fail.${name} compile_fail.${name}.control PROPERTIES LABELS compile_fail)
endforeach()
