#include "norm.hpp"

answer by_first_default() { return by_default(); }
