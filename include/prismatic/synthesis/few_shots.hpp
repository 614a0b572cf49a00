/// Which samples of the pool are shown to the writer of a new problem.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/philox.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/io/json.hpp>
#include <prismatic/io/sample.hpp>
#include <prismatic/synthesis/rational.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prismatic {

enum class few_shot_rule : std::uint8_t {
  uniform,  ///< any, all alike [Jung et al. 2025]
  sparse,   ///< those in sparse clusters, all alike; any where none is
  level,    ///< in proportion to their `level`, see level_weights
  loss,     ///< in proportion to the proxy's mean NLL: what it finds hard
};

/// The names of the rules, in the order of the enumeration.
inline constexpr std::string_view few_shot_rule_names[] = {"uniform", "sparse", "level", "loss"};

/// Draws places in [0, n) with replacement, each in proportion to its weight.
class weighted_draw {
 public:
  weighted_draw() = default;  ///< of nothing

  /// @throws option_error  no weight is above 0, or one is negative or not finite
  explicit weighted_draw(std::span<const double> weights) {
    double sum = 0;
    for (const double w : weights) {
      require_option(w >= 0 && std::isfinite(w), "weighted_draw: found weight " + std::to_string(w) + ", expected 0 or more");
      sums_.push_back(sum += w);
    }
    require_option(sum > 0, "weighted_draw: found no weight above 0");
  }

  [[nodiscard]] bool empty() const noexcept { return sums_.empty(); }

  /// The place that u in [0, 1) falls on. Cost: log n comparisons.
  [[nodiscard]] std::size_t at(double u) const {
    const auto place = std::ranges::upper_bound(sums_, u * sums_.back());
    const auto last = std::ranges::lower_bound(sums_, sums_.back());  // u * sum can round up to sum
    return static_cast<std::size_t>(std::min(place, last) - sums_.begin());
  }

 private:
  std::vector<double> sums_;
};

/// The number in a record's `level`: 4, 4.5, "4" or "Level 4", if it is above 0.
inline std::optional<double> level_of(const sample& s) {
  const json record = json::parse(s.raw, nullptr, false);
  if (!record.is_object() || !record.contains("level")) return std::nullopt;
  const json& level = record["level"];
  double value = 0;
  if (level.is_number()) {
    value = level.get<double>();
  } else if (level.is_string()) {
    std::string_view text = level.get_ref<const std::string&>();
    text.remove_prefix(std::min(text.find_first_of("0123456789"), text.size()));
    if (const auto number = take_rational(text))
      value = static_cast<double>(number->numerator()) / static_cast<double>(number->denominator());
  }
  return value > 0 && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

/// The level of each sample; the mean of the others' for one that has none, such as a problem a run has made.
/// @throws data_error  no sample has a level
inline std::vector<double> level_weights(std::span<const sample> pool) {
  std::vector<std::optional<double>> levels;
  double sum = 0;
  index_t known = 0;
  for (const sample& s : pool) {
    levels.push_back(level_of(s));
    if (!levels.back()) continue;
    sum += *levels.back();
    ++known;
  }
  if (known == 0) throw data_error("the pool", 0, "level", "no sample with one", "a number above 0, such as 4 or \"Level 4\"");
  std::vector<double> out;
  for (const auto& level : levels) out.push_back(level.value_or(sum / static_cast<double>(known)));
  return out;
}

/// The samples that a round's writers are shown: some of the pool, drawn alike or by weight.
class few_shot_choice {
 public:
  /// @param places  of the pool, those that may be shown; at least one
  explicit few_shot_choice(std::vector<index_t> places) : places_(std::move(places)) {}
  /// @param weights  of each sample of the pool
  explicit few_shot_choice(std::span<const double> weights) : weights_(weights) {}

  /// `shots` places, with replacement: a function of the request's number and the context's seed alone.
  [[nodiscard]] std::vector<index_t> of_request(std::uint64_t seed, index_t number, index_t shots) const {
    const random_stream random(seed, "synthesis/few-shot/" + std::to_string(number));
    std::vector<index_t> out;
    for (std::uint64_t k = 0; k < static_cast<std::uint64_t>(shots); ++k)
      out.push_back(!weights_.empty()
                        ? static_cast<index_t>(weights_.at(random.uniform(k)))
                        : places_[static_cast<std::size_t>(random.below(k, static_cast<index_t>(places_.size())))]);
    return out;
  }

 private:
  std::vector<index_t> places_;
  weighted_draw weights_;  // empty: places_ alike
};

}  // namespace prismatic
