// The same for vectors; a temporary span does not own what it points to and is welcome.
// expected: vector_view
#include <prismatic/core/matrix_view.hpp>

#include <span>
#include <vector>

std::vector<float> make();

void write(prismatic::vector_view<float> out);

void call() {
#if PRISMATIC_CONTROL
  auto made = make();
  write(made);
  write(std::span<float>(made));
#else
  write(make());
#endif
}
