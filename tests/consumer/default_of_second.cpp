#include "norm.hpp"

answer by_second_default() { return by_default(); }
