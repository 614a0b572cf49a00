/// The language of a text, by CLD2 where the command is built with it.
#pragma once

#include <prismatic/synthesis/text_filter.hpp>

#include <string>
#include <vector>

namespace command {

/// Finds the language of most of a text, or nothing where CLD2 is not sure: of short texts and of formulas.
/// @param wanted  codes that have to be among those it can find
/// @throws option_error  one is not, or the command is built without CLD2
prismatic::language_detector language_detector_for(const std::vector<std::string>& wanted);

}  // namespace command
