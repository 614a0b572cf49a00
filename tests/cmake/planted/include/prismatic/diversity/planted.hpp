#include <prismatic/backend/default.hpp>
#include <prismatic/transformer/decoder.hpp>

#include <iostream>
