/// The paper's projection: dense random signs, regenerated from a counter wherever they are needed.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/philox.hpp>
#include <prismatic/projection/projection.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace prismatic {

/// z = R g / sqrt(d), R in {-1, +1}^(d x P) independent and uniform  [Achlioptas 2003; Jung et al. 2025,
/// arXiv:2505.20161, section 3].
///
/// Unbiased: E<z, z'> = <g, g'>, with variance (|g|^2 |g'|^2 + <g, g'>^2 - 2 sum_p g_p^2 g'_p^2) / d: the
/// relative error of an inner product of unit vectors is at most sqrt((1 + cos^2) / d).
/// Cost: d P additions per gradient, less by lookup tables; no memory for R. At any precision of products but full a CPU
/// may round to 16 bits what it looks up: rows move by up to 4e-4 of their length, root mean square.
class rademacher {
 public:
  static constexpr std::string_view name = "rademacher";

  /// @param width  d, any number from 1 on
  /// @throws option_error
  explicit rademacher(index_t width, std::uint64_t seed = 0) : width_(width), seed_(seed) {
    require_option(width >= 1, "rademacher: width: found " + std::to_string(width) + ", expected at least 1");
  }

  [[nodiscard]] index_t width() const noexcept { return width_; }
  [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }
  [[nodiscard]] double scale() const noexcept { return 1.0 / std::sqrt(static_cast<double>(width_)); }
  /// Signs are made once for all the sequences of a sweep.
  [[nodiscard]] static index_t usual_tokens() noexcept { return 1024; }

  /// Z(S,d) += G(S, rows cols) R_block. @throws shape_error
  template <class B, real T>
  void accumulate(context<B>& cx, const tensor_block& block, input_matrix<T, B::space> g,
                  matrix_view<T, B::space> z) const {
    require_equal(g.cols(), block.rows * block.cols, "rademacher: entries of the block");
    require_equal(z.cols(), width_, "rademacher: sketch width");
    require_equal(z.rows(), g.rows(), "rademacher: rows of the sketch");
    B::sign_accumulate(cx, sign_block{stream_key(seed_, block.name), block.first_row, block.rows, block.cols}, g, z);
  }

  /// Row i of Z += row i of G under row ids[i] of the tensor's R, where the backend has a verb for it. @throws shape_error
  template <class B, real T>
  void accumulate_each(context<B>& cx, std::string_view tensor, std::span<const token_id> ids, input_matrix<T, B::space> g,
                       matrix_view<T, B::space> z) const
    requires requires { B::sign_rows(cx, philox_key{}, ids, g, z); }
  {
    require_equal(static_cast<index_t>(ids.size()), g.rows(), "rademacher: rows of the tensor");
    require_equal(z.cols(), width_, "rademacher: sketch width");
    require_equal(z.rows(), g.rows(), "rademacher: rows of the sketch");
    B::sign_rows(cx, stream_key(seed_, tensor), ids, g, z);
  }

  /// One entry of R, +1 or -1: the definition, for tests and for the curious.
  [[nodiscard]] int sign(std::string_view tensor, index_t row, index_t column, index_t output) const {
    const philox_counter words =
        philox4x32({static_cast<std::uint32_t>(column / 128), static_cast<std::uint32_t>(row),
                    static_cast<std::uint32_t>(output), 0},
                   stream_key(seed_, tensor));
    return (words[static_cast<std::size_t>(column / 32 % 4)] >> (column % 32) & 1u) != 0 ? -1 : 1;
  }

 private:
  index_t width_;
  std::uint64_t seed_;
};

}  // namespace prismatic
