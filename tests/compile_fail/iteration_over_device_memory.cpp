// Host code does not walk through device memory.
// expected: constraint|memory::host
#include <prismatic/core/matrix_view.hpp>

using prismatic::memory;

#if PRISMATIC_CONTROL
constexpr memory handed = memory::host;
#else
constexpr memory handed = memory::device;
#endif

float last(prismatic::vector_view<const float, handed> v) { return *(v.end() - 1); }
