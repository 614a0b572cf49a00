/// The cheap projection: a few random signs for each parameter instead of d.
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
#include <vector>

namespace prismatic {

/// One non-zero of a parameter: its output, and +1 or -1.
struct sparse_entry {
  index_t output;
  int sign;
  friend bool operator==(const sparse_entry&, const sparse_entry&) = default;
};

/// z = R g / sqrt(s), R in {-1, 0, +1}^(d x P) with s non-zeros a column, one in each of s equal blocks of
/// the outputs: a sparse Johnson-Lindenstrauss transform  [Kane & Nelson 2014, "Sparser Johnson-Lindenstrauss
/// transforms", J. ACM 61(1), the block construction; s = 1: Charikar, Chen & Farach-Colton 2002].
///
/// Unbiased: E<z, z'> = <g, g'>, as signs are independent and every column has length 1. The variance is
///
///   (|g|^2 |g'|^2 + <g, g'>^2 - 2 sum_p g_p^2 g'_p^2) c,   c = sum_t P(two parameters meet in block t) / s^2
///
/// with c = 1 / d for blocks of equal size: the variance of the dense `rademacher`, for every s. What s buys is
/// thinner tails for gradients with few large entries: m vectors keep their lengths within 1 +- eps with
/// probability 1 - delta for d of order log(m / delta) / eps^2 and s of order log(m / delta) / eps. With
/// b = d / s rounded down, unequal blocks (s does not divide d) raise c by a factor of at most 1 + 1 / 4b^2,
/// and places from 15 random bits by at most 1 + (b + 1)^2 / 2^32, by nothing where blocks are powers of two.
/// Cost: s P additions per gradient; no memory for R.
class sparse_sign {
 public:
  static constexpr std::string_view name = "sparse-sign";
  static constexpr index_t widest = index_t{1} << 26;
  static constexpr index_t widest_block = index_t{1} << 15;  ///< what 15 bits can address

  /// @param width  d, from s to 32768 s, at most 2^26
  /// @param nonzeros  s, how many outputs each parameter goes to
  /// @throws option_error
  explicit sparse_sign(index_t width, index_t nonzeros = 4, std::uint64_t seed = 0)
      : width_(width), nonzeros_(nonzeros), seed_(seed) {
    require_option(width >= 1 && width <= widest, "sparse_sign: width: found " + std::to_string(width) +
                                                      ", expected 1 to " + std::to_string(widest));
    require_option(nonzeros >= 1 && nonzeros <= width,
                   "sparse_sign: non-zeros: found " + std::to_string(nonzeros) + ", expected 1 to the width, " +
                       std::to_string(width));
    require_option((width - 1) / nonzeros < widest_block,
                   "sparse_sign: non-zeros: found " + std::to_string(nonzeros) + ", expected at least " +
                       std::to_string((width + widest_block - 1) / widest_block) + " for width " +
                       std::to_string(width));
  }

  [[nodiscard]] index_t width() const noexcept { return width_; }
  [[nodiscard]] index_t nonzeros() const noexcept { return nonzeros_; }
  [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }
  [[nodiscard]] double scale() const noexcept { return 1.0 / std::sqrt(static_cast<double>(nonzeros_)); }

  /// Z(S,d) += G(S, rows cols) R_block. @throws shape_error
  template <class B, real T>
  void accumulate(context<B>& cx, const tensor_block& block, input_matrix<T, B::space> g,
                  matrix_view<T, B::space> z) const {
    require_equal(g.cols(), block.rows * block.cols, "sparse_sign: entries of the block");
    require_equal(z.cols(), width_, "sparse_sign: sketch width");
    require_equal(z.rows(), g.rows(), "sparse_sign: rows of the sketch");
    const sign_block named{stream_key(seed_, block.name), block.first_row, block.rows, block.cols};
    B::sparse_sign_accumulate(cx, named, nonzeros_, g, z);
  }

  /// Row i of Z += row i of G under row ids[i] of the tensor's R, where the backend has a verb for it. @throws shape_error
  template <class B, real T>
  void accumulate_each(context<B>& cx, std::string_view tensor, std::span<const token_id> ids, input_matrix<T, B::space> g,
                       matrix_view<T, B::space> z) const
    requires requires { B::sparse_sign_rows(cx, philox_key{}, index_t{1}, ids, g, z); }
  {
    require_equal(static_cast<index_t>(ids.size()), g.rows(), "sparse_sign: rows of the tensor");
    require_equal(z.cols(), width_, "sparse_sign: sketch width");
    require_equal(z.rows(), g.rows(), "sparse_sign: rows of the sketch");
    B::sparse_sign_rows(cx, stream_key(seed_, tensor), nonzeros_, ids, g, z);
  }

  /// The non-zeros of one parameter, in the order of their outputs: the definition, for tests and for the
  /// curious.
  [[nodiscard]] std::vector<sparse_entry> entries(std::string_view tensor, index_t row, index_t column) const {
    std::vector<sparse_entry> out;
    for (index_t t = 0; t < nonzeros_; ++t) {
      const philox_counter words =
          philox4x32({static_cast<std::uint32_t>(column / 128 * 16 + column % 16),
                      static_cast<std::uint32_t>(row), static_cast<std::uint32_t>(t), 1},
                     stream_key(seed_, tensor));
      const std::uint32_t bits = words[static_cast<std::size_t>(column / 32 % 4)] >> (column / 16 % 2 * 16);
      const index_t first = t * width_ / nonzeros_, size = (t + 1) * width_ / nonzeros_ - first;
      out.push_back(
          {first + static_cast<index_t>(bits % 32768) * size / 32768, (bits >> 15 & 1u) != 0 ? -1 : 1});
    }
    return out;
  }

 private:
  index_t width_;
  index_t nonzeros_;
  std::uint64_t seed_;
};

}  // namespace prismatic
