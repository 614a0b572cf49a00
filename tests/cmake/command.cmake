# The programs of examples/, run as their users run them.
add_test(NAME snippets COMMAND ${CMAKE_COMMAND} -DROOT=${PROJECT_SOURCE_DIR}
                               -P ${CMAKE_CURRENT_SOURCE_DIR}/cmake/check_snippets.cmake)
if(TARGET prismatic_command)
  add_test(NAME command COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/command/command.sh $<TARGET_FILE:prismatic_command>
                                ${PROJECT_SOURCE_DIR}/examples/data/seed_problems.jsonl
                                ${PROJECT_SOURCE_DIR}/tests/golden/checkpoints)
  foreach(program mock_llm check_run)
    add_executable(${program} support/${program}.cpp)
    target_link_libraries(${program} PRIVATE prismatic_dev)
    target_include_directories(${program} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  endforeach()
  target_link_libraries(mock_llm PRIVATE httplib::httplib)
  set(endpoint_programs $<TARGET_FILE:prismatic_command> $<TARGET_FILE:mock_llm> $<TARGET_FILE:check_run>
                        ${PROJECT_SOURCE_DIR}/examples/data/seed_problems.jsonl)
  add_test(NAME command.endpoint COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/command/endpoint.sh ${endpoint_programs})
  add_test(NAME command.kill COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/command/kill.sh ${endpoint_programs})
  add_test(NAME quick_start COMMAND example_quick_start ${PROJECT_SOURCE_DIR}/examples/data/seed_problems.jsonl)
  add_test(NAME logistic_regression COMMAND example_logistic_regression)
  set_tests_properties(command command.endpoint command.kill quick_start logistic_regression PROPERTIES LABELS command)
endif()
