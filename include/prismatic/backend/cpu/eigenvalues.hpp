/// All eigenvalues of a symmetric matrix, without eigenvectors.
#pragma once

#include <prismatic/backend/cpu/band_reduction.hpp>
#include <prismatic/backend/cpu/sturm.hpp>
#include <prismatic/backend/cpu/tridiagonal.hpp>
#include <prismatic/backend/cpu/vectors.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/parallel.hpp>
#include <prismatic/core/workspace.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <type_traits>
#include <vector>

namespace prismatic::detail {

/// Of a symmetric matrix: the largest |element|, NaN passed over, and in double its sums.
struct matrix_sizes {
  double largest = 0;
  matrix_sums sums;
};

/// From the lower triangle.
template <class T>
matrix_sizes sizes_of(thread_team& team, matrix_view<const T> c) {
  constexpr index_t strip = 32, lanes = 16;
  std::vector<matrix_sizes> found(static_cast<std::size_t>((c.rows() + strip - 1) / strip));
  team.for_each(static_cast<index_t>(found.size()), [&](index_t s, int) {
    T most[lanes] = {};
    double sums[lanes] = {}, on_diagonal = 0;
    matrix_sizes& here = found[static_cast<std::size_t>(s)];
    const auto take = [&](T x, index_t l) {
      most[l] = std::abs(x) > most[l] ? std::abs(x) : most[l];
      if constexpr (std::is_same_v<T, double>) sums[l] += x * x;
    };
    for (index_t i = s * strip; i < std::min(c.rows(), (s + 1) * strip); ++i) {
      const T* const row = c.row(i);
      const index_t whole = (i + 1) / lanes * lanes;
      for (index_t j = 0; j < whole; j += lanes)
        for (index_t l = 0; l < lanes; ++l) take(row[j + l], l);
      for (index_t j = whole; j <= i; ++j) take(row[j], 0);
      const double last = static_cast<double>(row[i]);
      here.sums.trace += last;
      on_diagonal += last * last;
    }
    here.largest = static_cast<double>(*std::max_element(most, most + lanes));
    here.sums.squares = 2 * std::accumulate(sums, sums + lanes, 0.0) - on_diagonal;
  });
  matrix_sizes all;
  for (const matrix_sizes& f : found)
    all = {std::max(all.largest, f.largest), {all.sums.trace + f.sums.trace, all.sums.squares + f.sums.squares}};
  return all;
}

/// w(n) <- the eigenvalues of the symmetric C(n, n), whose lower triangle is read, ascending. Errors: some
/// epsilon(T) times the norm, and in double also, root mean square, some `of_mean` times the eigenvalues' mean where that is
/// positive: half of the time is spared. 4/3 n^3 FLOP, scratch of half a matrix, or 3/4. Determinism: run_to_run for one thread count.
/// @throws numeric_error  an entry is not finite
template <real T>
void symmetric_eigenvalues(thread_team& team, workspace<memory::host>& scratch, matrix_view<const T> c,
                           vector_view<T> w, double of_mean = 0) {
  const index_t n = c.rows();
  if (n == 0) return;
  // A power of two, so that neither squares nor sums overflow and nothing is rounded.
  const matrix_sizes sizes = sizes_of(team, c);
  const T power = sizes.largest > 0 && std::isfinite(sizes.largest) ? std::ldexp(T{1}, -std::ilogb(sizes.largest)) : T{1};
  const double scale = static_cast<double>(power);
  const matrix_sums scaled{sizes.sums.trace * scale, sizes.sums.squares * scale * scale};
  // Squares that overflow, or underflow, say nothing of the matrix.
  const double error = std::isnormal(sizes.sums.squares) ? of_mean * scaled.trace / static_cast<double>(n) : 0;
  const scratch_matrix<double, memory::host> held(scratch, 1, symmetric_band::elements(n)), tridiagonal(scratch, 2, n);
  held.zero();
  const symmetric_band band{held.data()};
  double *const diagonal = tridiagonal.view().row(0), *const below = tridiagonal.view().row(1);
  reduce_to_band<T>(team, scratch, c, power, band, error, scaled);
  on_widest_vectors<chase_bulges, const symmetric_band&, index_t, double*, double*>(band, n, diagonal, below);
  // Bisection costs little: its error stays well below that of a reduction in float.
  constexpr double tolerance = std::max(std::numeric_limits<double>::epsilon() / 2,
                                        static_cast<double>(std::numeric_limits<T>::epsilon()) / 1024);
  tridiagonal_eigenvalues<T>(team, scratch, diagonal, below, {tolerance, error / 64}, scale, w);
}

}  // namespace prismatic::detail
