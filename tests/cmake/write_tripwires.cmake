# cmake -DROOT=<include folder> -DHEADERS=<list> -DOUTPUT=<file> -P write_tripwires.cmake
# One translation unit: every foreign header the library uses, then the tripwires, then every header of the
# library.
set(foreign)
set(own)
foreach(header IN LISTS HEADERS)
  file(STRINGS ${header} lines REGEX "^#include <")
  list(FILTER lines EXCLUDE REGEX "<prismatic/")
  list(APPEND foreign ${lines})
  file(RELATIVE_PATH name ${ROOT} ${header})
  list(APPEND own "#include <${name}>")
endforeach()
list(REMOVE_DUPLICATES foreign)
list(TRANSFORM foreign REPLACE "#include (<[^>]+>).*" "#if __has_include(\\1)\n#include \\1\n#endif")
list(JOIN foreign "\n" foreign)
list(JOIN own "\n" own)
file(WRITE ${OUTPUT} "#define PCRE2_CODE_UNIT_WIDTH 8  // which pcre2.h asks for
${foreign}
#include \"support/tripwires.hpp\"
${own}
")
