// A mutable view of a temporary would dangle before anybody read what is written through it.
// expected: matrix_view<float>
#include <prismatic/core/matrix.hpp>

prismatic::matrix<float> make();

void write(prismatic::matrix_view<float> out);

void call() {
#if PRISMATIC_CONTROL
  auto made = make();
  write(made);
#else
  write(make());
#endif
}
