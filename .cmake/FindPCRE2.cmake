# Finds PCRE2, which installs no CMake package everywhere. Defines PCRE2::PCRE2.
find_path(PCRE2_INCLUDE pcre2.h)
find_library(PCRE2_LIBRARY pcre2-8)
mark_as_advanced(PCRE2_INCLUDE PCRE2_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(PCRE2 REQUIRED_VARS PCRE2_LIBRARY PCRE2_INCLUDE)

if(PCRE2_FOUND AND NOT TARGET PCRE2::PCRE2)
  add_library(PCRE2::PCRE2 INTERFACE IMPORTED)
  target_include_directories(PCRE2::PCRE2 SYSTEM INTERFACE ${PCRE2_INCLUDE})
  target_link_libraries(PCRE2::PCRE2 INTERFACE ${PCRE2_LIBRARY})
endif()
