# The programs of examples/, run as their users run them.
add_test(NAME snippets COMMAND ${CMAKE_COMMAND} -DROOT=${PROJECT_SOURCE_DIR}
                               -P ${CMAKE_CURRENT_SOURCE_DIR}/cmake/check_snippets.cmake)
if(TARGET prismatic_command)
  add_test(NAME command COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/command/command.sh $<TARGET_FILE:prismatic_command>
                                ${PROJECT_SOURCE_DIR}/examples/data/seed_problems.jsonl
                                ${PROJECT_SOURCE_DIR}/tests/golden/checkpoints)
  add_test(NAME quick_start COMMAND example_quick_start ${PROJECT_SOURCE_DIR}/examples/data/seed_problems.jsonl)
  add_test(NAME logistic_regression COMMAND example_logistic_regression)
  set_tests_properties(command quick_start logistic_regression PROPERTIES LABELS command)
endif()
