/// How long work reports to its caller: a non-owning callback. The library itself never prints.
#pragma once

#include <prismatic/core/types.hpp>

#include <concepts>
#include <memory>
#include <string_view>
#include <type_traits>

namespace prismatic {

/// One report: `done` of `total` units of `stage` ("gradients", "training", ...). total is 0 when unknown.
struct progress_report {
  std::string_view stage;
  index_t done;
  index_t total;
};

/// Calls back now and then from the thread that started the work. The callback may throw to stop it.
/// It refers to the callable it was made from, which must outlive it.
class progress {
 public:
  progress() noexcept = default;

  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, progress>) && std::invocable<F&, const progress_report&>
  progress(F& callback) noexcept
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(callback)))),
        call_([](void* object, const progress_report& report) { (*static_cast<F*>(object))(report); }) {}

  void operator()(std::string_view stage, index_t done, index_t total) const {
    if (call_ != nullptr) call_(object_, {stage, done, total});
  }

 private:
  void* object_ = nullptr;
  void (*call_)(void*, const progress_report&) = nullptr;
};

}  // namespace prismatic
