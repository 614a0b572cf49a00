# cmake -DROOT=<tree> -P check_mirrors.cmake
# Every header has a test of its own, tests/<layer>/<noun>.test.cpp, or a line with the reason in
# tests/untested.txt; every header but the optional ones is in the umbrella.
cmake_minimum_required(VERSION 3.24)

set(failures)
set(excused)
if(EXISTS ${ROOT}/tests/untested.txt)
  file(STRINGS ${ROOT}/tests/untested.txt excuses REGEX "^[a-z]")
  foreach(excuse IN LISTS excuses)
    string(REGEX REPLACE " .*" "" header "${excuse}")
    list(APPEND excused ${header})
    if(NOT EXISTS ${ROOT}/include/prismatic/${header})
      list(APPEND failures "tests/untested.txt: ${header} does not exist")
    endif()
  endforeach()
endif()

set(umbrella)
if(EXISTS ${ROOT}/include/prismatic/prismatic.hpp)
  file(READ ${ROOT}/include/prismatic/prismatic.hpp umbrella)
endif()

file(GLOB_RECURSE headers RELATIVE ${ROOT}/include/prismatic ${ROOT}/include/prismatic/*.hpp)
foreach(header IN LISTS headers)
  string(REGEX REPLACE "\\.hpp$" "" noun ${header})
  string(REGEX REPLACE "^([a-z]+)/.*/" "\\1/" flat ${noun})
  set(found FALSE)
  if(EXISTS ${ROOT}/tests/${noun}.test.cpp OR EXISTS ${ROOT}/tests/${flat}.test.cpp)
    set(found TRUE)
  endif()
  if(header IN_LIST excused)
    if(found)
      list(APPEND failures "tests/untested.txt: ${header} has a test now; take it off the list")
    endif()
  elseif(NOT found)
    list(APPEND failures "${header} has no test: write tests/${noun}.test.cpp")
  endif()

  if(umbrella AND NOT header MATCHES "^prismatic\\.hpp$|^interop/xtensor|/blas_|^backend/thrust"
     AND NOT umbrella MATCHES "#include <prismatic/${header}>")
    list(APPEND failures "prismatic.hpp does not include <prismatic/${header}>")
  endif()
endforeach()

if(failures)
  list(JOIN failures "\n  " text)
  message(FATAL_ERROR "tests and headers do not mirror each other:\n  ${text}")
endif()
