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
#include <vector>

namespace prismatic::detail {

/// The largest |element| of the lower triangle; NaN is passed over.
template <class T>
T largest_size(thread_team& team, matrix_view<const T> c) {
  constexpr index_t strip = 32;
  std::vector<T> found(static_cast<std::size_t>((c.rows() + strip - 1) / strip));
  team.for_each(static_cast<index_t>(found.size()), [&](index_t s, int) {
    T most[16] = {};
    for (index_t i = s * strip; i < std::min(c.rows(), (s + 1) * strip); ++i) {
      const T* const row = c.row(i);
      const index_t whole = (i + 1) / 16 * 16;
      for (index_t j = 0; j < whole; j += 16)
        for (index_t l = 0; l < 16; ++l)
          most[l] = std::abs(row[j + l]) > most[l] ? std::abs(row[j + l]) : most[l];
      for (index_t j = whole; j <= i; ++j) most[0] = std::max(most[0], std::abs(row[j]));
    }
    found[static_cast<std::size_t>(s)] = *std::max_element(most, most + 16);
  });
  return *std::max_element(found.begin(), found.end());
}

/// w(n) <- the eigenvalues of the symmetric C(n, n), whose lower triangle is read, ascending. Errors: some
/// epsilon(T) times the norm. 4/3 n^3 FLOP, scratch of half a matrix. Determinism: run_to_run for one thread
/// count.
/// @throws numeric_error  an entry is not finite
template <real T>
void symmetric_eigenvalues(thread_team& team, workspace<memory::host>& scratch, matrix_view<const T> c,
                           vector_view<T> w) {
  const index_t n = c.rows();
  if (n == 0) return;
  // A power of two, so that neither squares nor sums overflow and nothing is rounded.
  const T largest = largest_size(team, c);
  const T scale = largest > 0 && std::isfinite(largest) ? std::ldexp(T{1}, -std::ilogb(largest)) : T{1};
  const scratch_matrix<double, memory::host> held(scratch, 1, symmetric_band::elements(n)), tridiagonal(scratch, 2, n);
  held.zero();
  const symmetric_band band{held.data()};
  double *const diagonal = tridiagonal.view().row(0), *const below = tridiagonal.view().row(1);
  reduce_to_band<T>(team, scratch, c, scale, band);
  on_widest_vectors<chase_bulges, const symmetric_band&, index_t, double*, double*>(band, n, diagonal, below);
  // Bisection costs little: its error stays well below that of a reduction in float.
  constexpr double tolerance = std::max(std::numeric_limits<double>::epsilon() / 2,
                                        static_cast<double>(std::numeric_limits<T>::epsilon()) / 1024);
  tridiagonal_eigenvalues<T>(team, scratch, diagonal, below, tolerance, static_cast<double>(scale), w);
}

}  // namespace prismatic::detail
