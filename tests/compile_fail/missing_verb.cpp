// A backend without one of the verbs is told which.
// expected: B::syrk
#include <prismatic/backend/cpu.hpp>

struct incomplete : prismatic::cpu_backend<> {
#if !PRISMATIC_CONTROL
  static void syrk() = delete;  // hides the verb
#endif
};

template <>
class prismatic::context<incomplete> : public prismatic::context<prismatic::cpu_backend<>> {};

static_assert(prismatic::backend<incomplete, float>);
