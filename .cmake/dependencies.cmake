# What prismatic is built on: installed packages first; a download only where PRISMATIC_FETCH allows it.
include(FetchContent)

# prismatic_dependency(package DEBIAN package [FETCH repository tag] [HEADERS folder TARGET target])
# looks for a package and remembers its Debian name when it is missing. With HEADERS, a downloaded package
# is only a folder of headers behind an interface target: its own build is not run.
set(prismatic_missing)
function(prismatic_dependency package)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "DEBIAN;HEADERS;TARGET" "FETCH")
  find_package(${package} QUIET)
  if(NOT ${package}_FOUND AND PRISMATIC_FETCH AND arg_FETCH)
    list(GET arg_FETCH 0 repository)
    list(GET arg_FETCH 1 tag)
    message(STATUS "prismatic: downloading ${package} ${tag}")
    if(arg_HEADERS)
      set(no_build SOURCE_SUBDIR a-folder-that-is-not-there)
    endif()
    FetchContent_Declare(${package} GIT_REPOSITORY ${repository} GIT_TAG ${tag} GIT_SHALLOW ON ${no_build})
    FetchContent_MakeAvailable(${package})
    if(arg_HEADERS)
      string(TOLOWER ${package} lower)
      if(NOT TARGET ${arg_TARGET})
        add_library(${arg_TARGET} INTERFACE IMPORTED GLOBAL)
      endif()
      target_include_directories(${arg_TARGET} SYSTEM INTERFACE ${${lower}_SOURCE_DIR}/${arg_HEADERS})
    endif()
    set(${package}_FOUND TRUE)
  endif()
  if(NOT ${package}_FOUND)
    list(APPEND prismatic_missing ${arg_DEBIAN})
  endif()
  set(prismatic_missing ${prismatic_missing} PARENT_SCOPE)
  set(${package}_FOUND ${${package}_FOUND} PARENT_SCOPE)
endfunction()

# Stops with the list of Debian packages when something looked for so far is missing.
macro(prismatic_stop_if_missing who)
  if(prismatic_missing)
    list(JOIN prismatic_missing " " missing)
    message(FATAL_ERROR "${who}: packages are missing.\n"
                        "  Debian, Ubuntu:  apt-get install ${missing}\n"
                        "  elsewhere:       install the same libraries, or configure with -DPRISMATIC_FETCH=ON")
  endif()
endmacro()

find_package(Threads REQUIRED)
prismatic_dependency(Eigen3 DEBIAN libeigen3-dev FETCH https://gitlab.com/libeigen/eigen.git 3.4.0
                     HEADERS . TARGET Eigen3::Eigen)
prismatic_stop_if_missing("prismatic")

# The components, each built where its libraries are found.
if(PRISMATIC_BLAS)
  find_package(BLASKernels QUIET)
endif()
if(PRISMATIC_THRUST)
  find_package(ThrustOMP QUIET)
endif()
prismatic_dependency(nlohmann_json DEBIAN nlohmann-json3-dev FETCH https://github.com/nlohmann/json.git v3.11.3
                     HEADERS include TARGET nlohmann_json::nlohmann_json)
prismatic_dependency(ZLIB DEBIAN zlib1g-dev)
prismatic_dependency(xxHash DEBIAN libxxhash-dev)
prismatic_dependency(SQLite3 DEBIAN libsqlite3-dev)
prismatic_dependency(utf8proc DEBIAN libutf8proc-dev)
prismatic_dependency(PCRE2 DEBIAN libpcre2-dev)
prismatic_dependency(xtensor DEBIAN libxtensor-dev FETCH https://github.com/xtensor-stack/xtensor.git 0.25.0
                     HEADERS include TARGET xtensor)
if(TARGET xtensor AND NOT TARGET xtl)
  prismatic_dependency(xtl DEBIAN xtl-dev FETCH https://github.com/xtensor-stack/xtl.git 0.7.7
                       HEADERS include TARGET xtl)
  target_link_libraries(xtensor INTERFACE xtl)
endif()

# What the command, the tests and the benchmarks need on top: every component, and their own tools.
macro(prismatic_require_for_programs)
  if(PRISMATIC_COMMAND)
    prismatic_dependency(CLI11 DEBIAN libcli11-dev FETCH https://github.com/CLIUtils/CLI11.git v2.4.2)
  endif()
  if(PRISMATIC_TESTS)
    prismatic_dependency(Catch2 DEBIAN catch2 FETCH https://github.com/catchorg/Catch2.git v2.13.10)
  endif()
  if(PRISMATIC_BENCHMARKS)
    set(BENCHMARK_ENABLE_TESTING OFF)
    prismatic_dependency(benchmark DEBIAN libbenchmark-dev FETCH https://github.com/google/benchmark.git v1.8.5)
  endif()
  prismatic_stop_if_missing("the prismatic command, its tests or its benchmarks")
endmacro()
