/// The CPU's execution resources: a team of threads, a pool of scratch blocks, the seed.
#pragma once

#include <prismatic/backend/context.hpp>
#include <prismatic/core/parallel.hpp>
#include <prismatic/core/philox.hpp>
#include <prismatic/core/workspace.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace prismatic {

template <class Kernels>
struct cpu_backend;

template <class Kernels>
class context<cpu_backend<Kernels>> {
 public:
  explicit context(context_options options = {})
      : team_(options.threads),
        seed_(options.seed),
        activation_bytes_(options.activation_bytes > 0 ? options.activation_bytes : usual_activation_bytes) {
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
  /// A context for thread `worker` of the team alone, so that whole jobs run side by side: of the same seed and settings, with
  /// its share of the activations' memory. It keeps its scratch. To be asked for by the thread that this context belongs to.
  [[nodiscard]] context& alone(int worker) {
    const int threads = team_.size();
    if (alone_.empty()) alone_.resize(static_cast<std::size_t>(threads));
    std::unique_ptr<context>& own = alone_[static_cast<std::size_t>(worker)];
    if (!own)
      own = std::make_unique<context>(context_options{
          .threads = 1, .seed = seed_, .activation_bytes = std::max<index_t>(1, activation_bytes_ / threads)});
    own->products_ = products_;
    own->matrix_units_ = matrix_units_;
    return *own;
  }
  [[nodiscard]] random_stream random(std::string_view name) const noexcept { return {seed_, name}; }
  void synchronize() noexcept {}

 private:
  thread_team team_;
  workspace<memory::host> scratch_;
  std::uint64_t seed_;
  index_t activation_bytes_;
  product_precision products_ = product_precision::full;
  bool matrix_units_ = true;
  std::vector<std::unique_ptr<context>> alone_;  // of the team's threads
};

}  // namespace prismatic
