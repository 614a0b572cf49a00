/// How much may be asked of servers: requests, tokens, money. It is never overdrawn by what is still in flight.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/synthesis/arrival.hpp>

#include <cstdio>
#include <string>

namespace prismatic {

/// Per million tokens, in whatever currency the limit is in.
struct token_price {
  double prompt = 0;
  double completion = 0;
  [[nodiscard]] double of(index_t prompt_tokens, index_t completion_tokens) const noexcept {
    return (prompt * static_cast<double>(prompt_tokens) + completion * static_cast<double>(completion_tokens)) /
           1e6;
  }
};

/// What requests took, or may take.
struct token_bill {
  index_t requests = 0;
  index_t tokens = 0;
  double cost = 0;
  token_bill& operator+=(const token_bill& more) noexcept {
    requests += more.requests;
    tokens += more.tokens;
    cost += more.cost;
    return *this;
  }
};

struct budget_options {
  index_t requests = 0;  ///< 0: no limit
  index_t tokens = 0;    ///< prompt and completion together; 0: no limit
  double cost = 0;       ///< 0: no limit
};

/// Counts what was spent and what requests in flight may still take. A request starts only when both and its
/// own most stay within every limit, so a limit holds as long as servers honour max_tokens.
class budget {
 public:
  /// @throws option_error  a limit below zero
  explicit budget(budget_options limits = {}) : limits_(limits) {
    require_option(limits.requests >= 0 && limits.tokens >= 0 && limits.cost >= 0,
                   "budget: limits must be at least zero");
  }

  [[nodiscard]] const token_bill& spent() const noexcept { return spent_; }

  /// What an earlier part of the run took.
  void restore(const token_bill& bill) noexcept { spent_ += bill; }

  /// Why a request that may take `most` does not fit now; empty when it fits.
  [[nodiscard]] std::string refusal(const token_bill& most) const {
    token_bill sum = spent_;
    sum += reserved_;
    sum += most;
    if (limits_.requests > 0 && sum.requests > limits_.requests)
      return std::to_string(spent_.requests) + " of " + std::to_string(limits_.requests) + " requests";
    if (limits_.tokens > 0 && sum.tokens > limits_.tokens)
      return std::to_string(spent_.tokens) + " of " + std::to_string(limits_.tokens) +
             " tokens, and the next request may take " + std::to_string(most.tokens);
    if (limits_.cost > 0 && sum.cost > limits_.cost)
      return amount(spent_.cost) + " of " + amount(limits_.cost) + ", and the next request may cost " +
             amount(most.cost);
    return "";
  }

  void reserve(const token_bill& most) noexcept { reserved_ += most; }

  /// A request that reserved `most` took `actual`, or nothing where it failed.
  void settle(const token_bill& most, const token_bill& actual) noexcept {
    reserved_ += {-most.requests, -most.tokens, -most.cost};
    spent_ += actual;
  }

 private:
  static std::string amount(double value) {
    char text[40];
    std::snprintf(text, sizeof text, "%.4f", value);
    return text;
  }

  budget_options limits_;
  token_bill spent_, reserved_;
};

}  // namespace prismatic
