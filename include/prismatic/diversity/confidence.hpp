/// How far a score depends on which rows happened to be drawn: an interval from subsamples of equal size.
#pragma once

#include <prismatic/backend/backend.hpp>
#include <prismatic/core/checked.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/philox.hpp>
#include <prismatic/core/workspace.hpp>
#include <prismatic/diversity/select.hpp>
#include <prismatic/diversity/unit_rows.hpp>
#include <prismatic/diversity/vendi.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

namespace prismatic {

struct confidence_options {
  index_t subsample = 0;       ///< m, rows of each subsample, 1 to n - 1; 0 takes half of them
  index_t repeats = 100;       ///< R, subsamples drawn, at least 2
  double level = 0.95;         ///< share of the interval, between 0 and 1
  double order = 1;            ///< of the score
  bool rows_are_unit = false;  ///< true: rows are taken as they are
};

struct confidence_result {
  double mean;            ///< of the subsamples' scores: estimates the score of m fresh rows
  double deviation;       ///< standard deviation of the subsamples' scores
  double standard_error;  ///< of `mean` as that estimate: deviation sqrt(m / (n - m))
  double lower, upper;    ///< the interval
  index_t subsample;
  index_t repeats;
  std::vector<double> scores;  ///< of each subsample, in the order drawn
};

/// A confidence interval for the score that m rows of the source these n came from have on average.
///
/// R subsamples of m rows are drawn without replacement and scored. Their spread falls short of, or exceeds,
/// the error of their mean by the factor sqrt(m / (n - m)) of the delete-d jackknife [Shao & Wu 1989]; the
/// interval is that of the subsamples' percentiles, stretched about the mean by it. For m = n / 2 it is 1.
///
/// What it is not: an interval for the score of all n rows, which is larger, as every score grows with the
/// number of rows; compare data sets by intervals of equal m. Nor does it know of what the projection
/// lost or of a source that changes; and it is first order in 1/m, so small m make it too narrow.
/// @param rows  (n, d), n >= 2; streams "diversity/confidence/0", "/1", ... of the context's seed choose
/// @throws option_error   an option is out of its range
/// @throws numeric_error  as vendi
/// Cost: R times vendi of m rows. Determinism: run_to_run.
template <class B>
[[nodiscard]] confidence_result vendi_confidence(context<B>& cx, const viewable auto& rows,
                                                 const confidence_options& options = {}) {
  const auto view = matrix_view(rows);
  using T = typename decltype(view)::value_type;
  const matrix_view<const T, B::space> z = view;
  const index_t n = z.rows(), m = options.subsample == 0 ? n / 2 : options.subsample;
  if (m < 1 || m >= n)
    throw option_error("vendi_confidence: found subsamples of " + std::to_string(m) + " rows, expected 1 to " +
                       std::to_string(n - 1));
  require_option(options.repeats >= 2, "vendi_confidence: repeats: expected at least 2");
  require_option(options.level > 0 && options.level < 1,
                 "vendi_confidence: level: expected more than 0, less than 1");
  if (!options.rows_are_unit) plan_rows<B, T>(cx, z, {}, {});  // names an unusable row of `rows`

  static_cast<void>(narrow<token_id>(n, "vendi_confidence: rows"));

  confidence_result out{};
  out.subsample = m;
  out.repeats = options.repeats;
  const scratch_matrix<T, B::space> drawn(cx.scratch(), m, z.cols());
  for (index_t r = 0; r < options.repeats; ++r) {
    const random_stream stream(cx.seed(), "diversity/confidence/" + std::to_string(r));
    const std::vector<index_t> chosen = select_random(n, m, stream);
    const std::vector<token_id> ids(chosen.begin(), chosen.end());
    B::gather_rows(cx, z, ids, drawn.view());
    out.scores.push_back(
        vendi(cx, drawn.view(), {.order = options.order, .rows_are_unit = options.rows_are_unit}).score);
    out.mean += out.scores.back() / static_cast<double>(options.repeats);
  }
  for (const double s : out.scores) out.deviation += (s - out.mean) * (s - out.mean);
  out.deviation = std::sqrt(out.deviation / static_cast<double>(options.repeats - 1));

  const double stretch = std::sqrt(static_cast<double>(m) / static_cast<double>(n - m));
  std::vector<double> sorted = out.scores;
  std::ranges::sort(sorted);
  const auto percentile = [&](double share) {  // linear between order statistics
    const double at = share * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(at);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    return sorted[below] + (at - std::floor(at)) * (sorted[above] - sorted[below]);
  };
  out.standard_error = out.deviation * stretch;
  out.lower = out.mean + stretch * (percentile((1 - options.level) / 2) - out.mean);
  out.upper = out.mean + stretch * (percentile((1 + options.level) / 2) - out.mean);
  return out;
}

}  // namespace prismatic
