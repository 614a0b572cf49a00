// A CPU verb does not take device memory.
// expected: axpy|matrix_view
#include <prismatic/backend/cpu.hpp>

using namespace prismatic;

#if PRISMATIC_CONTROL
constexpr memory handed = memory::host;
#else
constexpr memory handed = memory::device;
#endif

void call(context<cpu_backend<>>& cx, matrix_view<const float, handed> a, matrix_view<float> c) {
  cpu_backend<>::axpy(cx, 1, a, c);
}
