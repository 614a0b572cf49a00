// Host code does not read one element of device memory.
// expected: constraint|memory::host
#include <prismatic/core/matrix_view.hpp>

using prismatic::memory;

#if PRISMATIC_CONTROL
constexpr memory handed = memory::host;
#else
constexpr memory handed = memory::device;
#endif

float first(prismatic::matrix_view<const float, handed> a) { return a(0, 0); }
