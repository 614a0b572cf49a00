#include "authors_members.hpp"

#include <prismatic/backend/default.hpp>

template class command::authors<prismatic::default_backend>;
