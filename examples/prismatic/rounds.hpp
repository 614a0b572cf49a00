/// How rounds of a synthesis run are shown: to people line by line, to programs as JSON.
#pragma once

#include <prismatic/io/json.hpp>
#include <prismatic/synthesis/run_state.hpp>

#include <string>
#include <vector>

namespace command {

/// The head of round_line's columns.
[[nodiscard]] std::string round_heading();

/// One round in columns of fixed width, so that each can be printed when it ends.
[[nodiscard]] std::string round_line(const prismatic::round_record& r);

/// Everything a round counted.
[[nodiscard]] prismatic::ordered_json round_json(const prismatic::round_record& r);

/// What a run has asked for so far, and what servers counted for it.
[[nodiscard]] prismatic::ordered_json cost_json(prismatic::run_state& state);

/// What has become of the run in `directory` so far, and of its control arm, on standard output. Nothing is changed, and
/// another process may be playing it. @throws data_error, io_error
void print_status(const std::string& directory, bool as_json);

}  // namespace command
