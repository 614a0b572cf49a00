// A device verb does not take host memory.
// expected: matrix_view|memory::device
#include <prismatic/core/matrix.hpp>

using prismatic::memory;

#if PRISMATIC_CONTROL
constexpr memory handed = memory::device;
#else
constexpr memory handed = memory::host;
#endif

void verb(prismatic::input_matrix<float, memory::device> a);

void call(prismatic::matrix_view<float, handed> a) { verb(a); }
