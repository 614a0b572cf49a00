/// The CPU's execution resources: a team of threads, a pool of scratch blocks, the seed.
#pragma once

#include <prismatic/backend/context.hpp>
#include <prismatic/core/parallel.hpp>
#include <prismatic/core/philox.hpp>
#include <prismatic/core/workspace.hpp>

#include <cstdint>
#include <string_view>

namespace prismatic {

template <class Kernels>
struct cpu_backend;

template <class Kernels>
class context<cpu_backend<Kernels>> {
 public:
  explicit context(context_options options = {})
      : team_(options.threads), seed_(options.seed), activation_bytes_(options.activation_bytes) {
    if constexpr (requires { Kernels::prepare(); }) Kernels::prepare();
  }

  [[nodiscard]] thread_team& team() noexcept { return team_; }
  [[nodiscard]] workspace<memory::host>& scratch() noexcept { return scratch_; }
  [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }
  [[nodiscard]] index_t activation_bytes() const noexcept { return activation_bytes_; }
  [[nodiscard]] product_precision products() const noexcept { return products_; }
  /// See products_at. @throws option_error  tf32
  void set_products(product_precision wanted) {
    require_option(wanted != product_precision::tf32, "products: found tf32, expected full, bf16_backward or bf16 on a CPU");
    products_ = wanted;
  }
  /// Whether `gemm` and `segment_outer` of floats may run on the processor's matrix units, where it has them. See without_matrix_units.
  [[nodiscard]] bool matrix_units() const noexcept { return matrix_units_; }
  void set_matrix_units(bool allowed) noexcept { matrix_units_ = allowed; }
  [[nodiscard]] random_stream random(std::string_view name) const noexcept { return {seed_, name}; }
  void synchronize() noexcept {}

 private:
  thread_team team_;
  workspace<memory::host> scratch_;
  std::uint64_t seed_;
  index_t activation_bytes_;
  product_precision products_ = product_precision::full;
  bool matrix_units_ = true;
};

}  // namespace prismatic
