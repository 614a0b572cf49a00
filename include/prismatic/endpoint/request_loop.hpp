/// The loop that keeps requests in flight: pacing, back-pressure, retries and budget, over any transport and
/// clock.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/philox.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/endpoint/budget.hpp>
#include <prismatic/endpoint/chat_response.hpp>
#include <prismatic/endpoint/http_message.hpp>
#include <prismatic/endpoint/pacer.hpp>
#include <prismatic/endpoint/retry_policy.hpp>
#include <prismatic/synthesis/arrival.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace prismatic {

/// What carries requests, and the clock that belongs to it: http_pool, or a test's with a time of its own.
template <class T>
concept http_transport = requires(T& t, http_request request, double seconds) {
  { t.start(std::move(request)) } -> std::same_as<std::uint64_t>;
  { t.wait(seconds) } -> std::same_as<std::vector<http_response>>;
  { t.now() } -> std::same_as<double>;
  { t.date() } -> std::same_as<double>;
  t.cancel();
};

/// One request and what it may take at most. `key` is the caller's name for it.
struct pending_call {
  std::uint64_t key = 0;
  http_request request;
  token_bill most = {};
  std::vector<index_t> also_read = {};  ///< statuses whose answers are read like those of 200
};

struct loop_options {
  index_t concurrency = 64;  ///< most requests in flight; fewer while the server is overloaded
  pace_options pace = {};
  retry_options retry = {};
  std::uint64_t seed = 0;  ///< of the jitter

  /// @throws option_error
  void check() const {
    require_option(concurrency >= 1 && retry.tries >= 1,
                   "endpoint: concurrency and tries must be at least one");
  }
};

/// What went wrong so far without ending the work.
struct loop_counts {
  index_t retried = 0;   ///< tries that failed
  index_t given_up = 0;  ///< requests that failed for good
  std::string reason;    ///< of the last one given up
};

/// Drives a caller's requests to their answers. The caller is a `source` with
///   has_more() -> bool                         whether next() has another one
///   next() -> pending_call                     made when it can be sent, not before
///   answered(key, response) -> optional<bill>  a body of status 200: what it took, or nothing when it cannot be
///                                              read, and then the source has charged itself
///   given_up(key, reason)                      it failed for good while others succeeded
///   step()                                     all that came is handed over; called often, may throw
/// The order of answers depends on the network; what is asked does not.
///
/// Overload (408, 409, 429, 502, 503, 504, a lost connection) halves the requests in flight and holds all back
/// for a moment, once for those that were in flight together; every success lets them grow again. A Retry-After
/// holds back all requests. A request that fails by itself (400, a server error, a time-out, an answer nobody
/// can read) is given up after `tries` tries, or one when it is refused; but when `most_given_up` of them fail
/// in a row, or the server stops answering, the work ends with a model_error, and none of them counts as
/// answered.
template <http_transport Transport>
class request_loop {
 public:
  static constexpr std::size_t most_given_up = 8;
  static constexpr index_t first_tries = 4;  // of a server that has never answered
  static constexpr double tick = 0.2;        // seconds: the longest a caller waits for step()

  /// @param name  of the server, for errors. The transport and the budget must outlive it.
  request_loop(Transport& transport, std::string name, const loop_options& options, budget& money)
      : transport_(transport),
        name_(std::move(name)),
        options_(options),
        budget_(money),
        pacer_(options.pace),
        jitter_(options.seed, "endpoint/jitter"),
        window_(static_cast<double>(options.concurrency)) {
    options_.check();
  }

  [[nodiscard]] const loop_counts& counts() const noexcept { return counts_; }

  /// @throws model_error naming the server and what came; budget_spent; what the source throws. What was
  /// answered until then was handed over; what is in flight is abandoned.
  template <class Source>
  void run(Source& source) {
    const abandon guard{*this};
    while (source.has_more() || waiting_ || !flying_.empty() || !delayed_.empty()) {
      send(source);
      if (flying_.empty() && !refusal_.empty()) throw budget_spent(refusal_);
      for (http_response& answer : transport_.wait(pause())) take(std::move(answer), source);
      source.step();
      if (!failure_.empty()) throw model_error(std::exchange(failure_, {}));
    }
    give_up_held(source);
    source.step();
  }

 private:
  struct flight {
    pending_call call;
    double sent = 0;
    index_t tries = 0;
    index_t successes_before = 0;  // how many there were when it was sent or failed last
  };
  struct abandon {
    request_loop& loop;
    ~abandon() {
      loop.transport_.cancel();
      for (const auto& [id, f] : loop.flying_) loop.budget_.settle(f.call.most, {});
      loop.flying_.clear();
      loop.delayed_.clear();
      loop.held_.clear();
      loop.waiting_.reset();
    }
  };

  template <class Source>
  void send(Source& source) {
    refusal_.clear();
    while (static_cast<double>(flying_.size()) < std::max(1.0, window_)) {
      const double now = transport_.now();
      if (now < paused_until_ || pacer_.ready_at(now) > now) return;
      if (!waiting_) waiting_ = next(source, now);
      if (!waiting_) return;
      refusal_ = budget_.refusal(waiting_->call.most);
      if (!refusal_.empty()) return;
      budget_.reserve(waiting_->call.most);
      pacer_.start(now, static_cast<double>(waiting_->call.most.tokens));
      if (waiting_->tries == 0) waiting_->successes_before = successes_;
      waiting_->sent = now;
      const std::uint64_t id = transport_.start(waiting_->call.request);
      flying_.emplace(id, *std::exchange(waiting_, {}));
    }
  }

  // A request whose delay is over, else a new one.
  template <class Source>
  std::optional<flight> next(Source& source, double now) {
    if (!delayed_.empty() && delayed_.begin()->first <= now) {
      flight out = std::move(delayed_.begin()->second);
      delayed_.erase(delayed_.begin());
      return out;
    }
    return source.has_more() ? std::optional(flight{source.next()}) : std::nullopt;
  }

  // How long nothing can happen but an answer.
  [[nodiscard]] double pause() const {
    const double now = transport_.now();
    double until = now + tick;
    if (!delayed_.empty()) until = std::min(until, std::max(delayed_.begin()->first, paused_until_));
    if (paused_until_ > now) until = std::min(until, paused_until_);
    if (const double ready = pacer_.ready_at(now); ready > now) until = std::min(until, ready);
    return std::max(0.001, until - now);
  }

  template <class Source>
  void take(http_response answer, Source& source) {
    const auto found = flying_.find(answer.id);
    if (found == flying_.end()) return;
    flight f = std::move(found->second);
    flying_.erase(found);
    has_answered_ = has_answered_ || answer.fault == http_fault::none;
    const bool is_also_read = answer.fault == http_fault::none &&
                              std::ranges::find(f.call.also_read, answer.status) != f.call.also_read.end();
    const verdict judged = is_also_read ? verdict::read : judge(answer);
    if (judged == verdict::read) {
      if (const std::optional<token_bill> bill = source.answered(f.call.key, answer)) {
        settle(f, *bill);
        successes_ += is_also_read ? 0 : 1;
        window_ = std::min(static_cast<double>(options_.concurrency), window_ + 1 / std::max(1.0, window_));
        cuts_in_a_row_ = 0;
        return give_up_held(source);
      }
    }
    settle(f, {});
    const std::string what = answer.fault != http_fault::none
                                 ? answer.reason
                                 : "status " + std::to_string(answer.status) +
                                       (answer.status == 200 ? " with no reply in it: " : ": ") +
                                       server_complaint(answer.body);
    if (judged == verdict::stop) return stop(what);
    if (judged == verdict::refuse) return hold(std::move(f), what);
    retry(std::move(f), answer, what);
  }

  void retry(flight f, const http_response& answer, const std::string& what) {
    ++counts_.retried;
    const bool overloaded = is_overloaded(answer);
    const double now = transport_.now();
    if (overloaded && f.sent >= cut_at_) {  // those sent before the last cut tell nothing new
      window_ = std::max(1.0, window_ / 2);
      cut_at_ = now;
      paused_until_ =
          std::max(paused_until_, now + backoff(options_.retry, ++cuts_in_a_row_, jitter_, ++draws_));
    }
    // An overloaded server that goes on serving others is not at its end.
    f.tries = overloaded && successes_ > f.successes_before ? 1 : f.tries + 1;
    f.successes_before = successes_;
    const std::optional<double> asked = retry_after(answer, transport_.date());
    if (asked && *asked > options_.retry.patience)
      return stop(what + "; it asks for a pause of " + std::to_string(static_cast<index_t>(*asked)) +
                  " seconds");
    if (!has_answered_ && answer.fault == http_fault::connection && cuts_in_a_row_ >= first_tries)
      return stop(what + ", " + std::to_string(cuts_in_a_row_) + " times");
    if (f.tries >= options_.retry.tries)
      return overloaded ? stop(what + ", " + std::to_string(f.tries) + " times") : hold(std::move(f), what);
    if (asked) paused_until_ = std::max(paused_until_, now + *asked);
    const double delay = backoff(options_.retry, f.tries, jitter_, ++draws_);
    delayed_.emplace(now + asked.value_or(0) + delay, std::move(f));
  }

  // The server's state, not the request's fault.
  static bool is_overloaded(const http_response& answer) {
    if (answer.fault != http_fault::none) return answer.fault == http_fault::connection;
    const index_t s = answer.status;
    return s == 408 || s == 409 || s == 429 || (s >= 502 && s <= 504);
  }

  void settle(const flight& f, const token_bill& actual) {
    budget_.settle(f.call.most, actual);
    pacer_.settle(transport_.now(), static_cast<double>(f.call.most.tokens),
                  static_cast<double>(actual.tokens));
  }

  void stop(const std::string& what) {
    if (failure_.empty()) failure_ = name_ + ": found " + what;
  }

  // A request is given up for good once another one has succeeded: until then, the fault may be the server's.
  void hold(flight f, const std::string& what) {
    held_.emplace_back(f.call.key, what);
    if (held_.size() >= most_given_up) stop(what + ", " + std::to_string(held_.size()) + " requests in a row");
  }

  template <class Source>
  void give_up_held(Source& source) {
    if (!held_.empty() && successes_ == 0) throw model_error(name_ + ": found " + held_.back().second);
    counts_.given_up += static_cast<index_t>(held_.size());
    if (!held_.empty()) counts_.reason = name_ + ": " + held_.back().second;
    for (const auto& [key, what] : std::exchange(held_, {})) source.given_up(key, what);
  }

  Transport& transport_;
  std::string name_;
  loop_options options_;
  budget& budget_;
  pacer pacer_;
  random_stream jitter_;
  std::uint64_t draws_ = 0;
  std::map<std::uint64_t, flight> flying_;
  std::multimap<double, flight> delayed_;  // by the time they may go
  std::optional<flight> waiting_;          // next to go
  std::vector<std::pair<std::uint64_t, std::string>> held_;
  double window_, cut_at_ = 0, paused_until_ = 0;
  bool has_answered_ = false;
  index_t successes_ = 0, cuts_in_a_row_ = 0;
  loop_counts counts_;
  std::string failure_, refusal_;
};

}  // namespace prismatic
