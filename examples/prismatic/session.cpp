#include "session_members.hpp"

#include <prismatic/backend/default.hpp>

template class command::session<prismatic::default_backend>;
