# Rules about the source tree itself, read from its text; each comes with a planted violation that proves
# the check can fail.
set(here ${CMAKE_CURRENT_LIST_DIR})

add_test(NAME structure.headers COMMAND ${CMAKE_COMMAND} -DROOT=${PROJECT_SOURCE_DIR} -P ${here}/check_headers.cmake)
add_test(NAME structure.headers.planted
         COMMAND ${CMAKE_COMMAND}
                 "-DWORDS=diversity may not include transformer|bans <iostream>|default_backend is for programs|says its one job|pragma once"
                 -P ${here}/expect_failure.cmake --
                 ${CMAKE_COMMAND} -DROOT=${here}/planted -P ${here}/check_headers.cmake)
add_test(NAME structure.mirrors COMMAND ${CMAKE_COMMAND} -DROOT=${PROJECT_SOURCE_DIR} -P ${here}/check_mirrors.cmake)
add_test(NAME structure.mirrors.planted
         COMMAND ${CMAKE_COMMAND} "-DWORDS=diversity/planted.hpp has no test" -P ${here}/expect_failure.cmake --
                 ${CMAKE_COMMAND} -DROOT=${here}/planted -P ${here}/check_mirrors.cmake)

set(structure_tests structure.headers structure.headers.planted structure.mirrors structure.mirrors.planted)
find_program(CLANG_TIDY NAMES clang-tidy-14 clang-tidy)
if(CLANG_TIDY)
  add_test(NAME structure.tidy.planted
           COMMAND ${CMAKE_COMMAND} "-DWORDS=readability-identifier-naming|bugprone-use-after-move"
                   -P ${here}/expect_failure.cmake --
                   ${CLANG_TIDY} --quiet --config-file=${PROJECT_SOURCE_DIR}/.clang-tidy
                   ${here}/planted/tidy.cpp -- -std=c++20)
  list(APPEND structure_tests structure.tidy.planted)
endif()
set_tests_properties(${structure_tests} PROPERTIES LABELS structure)
