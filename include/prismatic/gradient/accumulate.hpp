/// The summing sink beside the per-sample ones. Training needs it below this layer, so it lives with the tape.
#pragma once

#include <prismatic/autodiff/accumulate.hpp>
