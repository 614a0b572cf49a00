# Somebody else's project (tests/consumer) against the installed package and against the source folder.
set(stage ${CMAKE_CURRENT_BINARY_DIR}/stage)
set(consumer_components $<$<TARGET_EXISTS:prismatic_blas>:blas> $<$<TARGET_EXISTS:prismatic_io>:io>
                        $<$<TARGET_EXISTS:prismatic_thrust>:thrust>)
set(consumer_options -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER})
set(consumer_expected "first cpu-eigen, second cpu-$<IF:$<TARGET_EXISTS:prismatic_blas>,blas,eigen>, agreed")

add_test(NAME consumer.install COMMAND ${CMAKE_COMMAND} --install ${CMAKE_BINARY_DIR} --prefix ${stage} --component library)
set_tests_properties(consumer.install PROPERTIES FIXTURES_SETUP prismatic_installed LABELS consumer)

add_test(NAME consumer.package
         COMMAND ${CMAKE_CTEST_COMMAND} --build-and-test ${CMAKE_CURRENT_SOURCE_DIR}/consumer
                 ${CMAKE_CURRENT_BINARY_DIR}/consumer_package --build-generator ${CMAKE_GENERATOR}
                 --build-options ${consumer_options} -DCMAKE_PREFIX_PATH=${stage} "-DCOMPONENTS=${consumer_components}"
                 --test-command consumer)
add_test(NAME consumer.missing_component
         COMMAND ${CMAKE_COMMAND} "-DWORDS=component telepathy is not installed|installed are:"
                 -P ${CMAKE_CURRENT_LIST_DIR}/expect_failure.cmake --
                 ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_SOURCE_DIR}/consumer -B ${CMAKE_CURRENT_BINARY_DIR}/consumer_missing
                 -DCMAKE_PREFIX_PATH=${stage} -DCOMPONENTS=telepathy)
set_tests_properties(consumer.package consumer.missing_component PROPERTIES FIXTURES_REQUIRED prismatic_installed)

add_test(NAME consumer.subdirectory
         COMMAND ${CMAKE_CTEST_COMMAND} --build-and-test ${CMAKE_CURRENT_SOURCE_DIR}/consumer
                 ${CMAKE_CURRENT_BINARY_DIR}/consumer_subdirectory --build-generator ${CMAKE_GENERATOR}
                 --build-options ${consumer_options} -DPRISMATIC_SUBDIRECTORY=${PROJECT_SOURCE_DIR}
                 -DPRISMATIC_BLAS=${PRISMATIC_BLAS}
                 --test-command consumer)
set_tests_properties(consumer.package consumer.subdirectory PROPERTIES PASS_REGULAR_EXPRESSION ${consumer_expected})
set_tests_properties(consumer.package consumer.missing_component consumer.subdirectory PROPERTIES LABELS consumer)
