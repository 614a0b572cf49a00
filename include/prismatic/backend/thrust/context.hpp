/// The execution resources of a Thrust backend: its system's own, scratch memory, and threads for what runs on the host.
#pragma once

#include <prismatic/backend/context.hpp>
#include <prismatic/core/parallel.hpp>
#include <prismatic/core/philox.hpp>
#include <prismatic/core/workspace.hpp>

#include <cstdint>
#include <string_view>

namespace prismatic {

template <class System>
struct thrust_backend;

/// `System::resources` is made from the options and lives as long as the context: threads, or a stream and handles.
template <class System>
class context<thrust_backend<System>> {
 public:
  explicit context(context_options options = {})
      : resources_(options),
        team_(options.threads),
        seed_(options.seed),
        activation_bytes_(options.activation_bytes > 0 ? options.activation_bytes : resources_.usual_activation_bytes()) {}

  [[nodiscard]] typename System::resources& resources() noexcept { return resources_; }
  [[nodiscard]] workspace<System::space>& scratch() noexcept { return scratch_; }
  /// Host threads and scratch, for eigenvalues and for drawing tokens.
  [[nodiscard]] thread_team& team() noexcept { return team_; }
  [[nodiscard]] workspace<memory::host>& host_scratch() noexcept { return host_scratch_; }
  [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }
  [[nodiscard]] index_t activation_bytes() const noexcept { return activation_bytes_; }
  [[nodiscard]] random_stream random(std::string_view name) const noexcept { return {seed_, name}; }
  /// See products_at; of systems that have more than one.
  [[nodiscard]] product_precision products() const noexcept
    requires requires(const typename System::resources& r) { r.products(); }
  {
    return resources_.products();
  }
  void set_products(product_precision wanted) noexcept
    requires requires(typename System::resources& r) { r.set_products(wanted); }
  {
    resources_.set_products(wanted);
  }
  void synchronize() { resources_.synchronize(); }
  /// After a memory_error: waits for what is in flight and gives up the scratch that is not on loan, so that less can be
  /// tried.
  void recover() {
    resources_.recover();
    scratch_.release();
  }

 private:
  typename System::resources resources_;
  workspace<System::space> scratch_;
  workspace<memory::host> host_scratch_;
  thread_team team_;
  std::uint64_t seed_;
  index_t activation_bytes_;
};

}  // namespace prismatic
