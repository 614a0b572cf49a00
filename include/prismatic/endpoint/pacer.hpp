/// Requests and tokens a minute: two token buckets on a clock that the caller reads.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>

#include <algorithm>
#include <limits>

namespace prismatic {

struct pace_options {
  double requests_per_minute = 0;  ///< 0: as many as there are
  double tokens_per_minute = 0;    ///< prompt and completion together; 0: as many as there are
};

/// Says when the next request may start. In any minute at most requests_per_minute + 1 begin. A request's
/// tokens are known when it is answered: what it may take at most is charged at its start and set right at its
/// end; a bucket may go into debt for one large request and pays it back before the next.
class pacer {
 public:
  /// @throws option_error  a rate below zero
  explicit pacer(pace_options options = {})
      : requests_{options.requests_per_minute / 60, 1},
        tokens_{options.tokens_per_minute / 60, options.tokens_per_minute / 60} {
    require_option(options.requests_per_minute >= 0 && options.tokens_per_minute >= 0,
                   "pace: rates must be at least zero");
  }

  /// The first moment, not before `now`, at which a request may start. Seconds on any clock that does not run
  /// backwards.
  [[nodiscard]] double ready_at(double now) const {
    return std::max(requests_.ready_at(now, 1), tokens_.ready_at(now, std::min(1.0, tokens_.capacity)));
  }

  /// A request that may take `tokens` starts.
  void start(double now, double tokens) {
    requests_.take(now, 1);
    tokens_.take(now, tokens);
  }

  /// It took `actual` instead.
  void settle(double now, double tokens, double actual) { tokens_.take(now, actual - tokens); }

 private:
  struct bucket {
    double rate;  // a second; 0: no limit
    double capacity;
    double level = capacity;
    double filled = -std::numeric_limits<double>::infinity();  // when `level` was true

    [[nodiscard]] double level_at(double now) const {
      return now > filled ? std::min(capacity, level + rate * (now - filled)) : level;
    }
    [[nodiscard]] double ready_at(double now, double needed) const {
      if (rate <= 0) return now;
      const double lacking = needed - level_at(now);
      constexpr double rounding = 1e-9;
      return lacking <= rounding ? now : std::max(now, filled) + lacking / rate;
    }
    void take(double now, double amount) {
      if (rate <= 0) return;
      level = std::min(capacity, level_at(now) - amount);
      filled = std::max(now, filled);
    }
  };

  bucket requests_, tokens_;
};

}  // namespace prismatic
