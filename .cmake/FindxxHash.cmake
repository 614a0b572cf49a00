# Finds the header of xxHash, which installs no CMake package everywhere. Defines xxHash::xxHash. Its
# functions are inlined: there is nothing to link.
find_path(xxHash_INCLUDE xxhash.h)
mark_as_advanced(xxHash_INCLUDE)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(xxHash REQUIRED_VARS xxHash_INCLUDE)

if(xxHash_FOUND AND NOT TARGET xxHash::xxHash)
  add_library(xxHash::xxHash INTERFACE IMPORTED)
  target_include_directories(xxHash::xxHash SYSTEM INTERFACE ${xxHash_INCLUDE})
endif()
