/// What comes back from a writer or a solver, response by response: texts, what they cost, and who is told.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>

#include <concepts>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace prismatic {

/// One text as it came, and why it ended as its writer says: "stop", "length", ..., or nothing.
struct response {
  std::string text;
  std::string finish = {};

  /// Whether the text ended by itself: one that was cut, or refused, is neither a problem nor a vote.
  [[nodiscard]] bool is_whole() const noexcept { return finish.empty() || finish == "stop" || finish == "eos"; }
  friend bool operator==(const response&, const response&) = default;
};

/// The answer to attempt `attempt` of request `number`.
struct arrival {
  index_t number = 0;
  index_t attempt = 0;
  response answer;
};

/// One answer of a server, read or not: what was asked, what it cost, and its body as received.
struct exchange {
  index_t number = 0;
  index_t attempt = 0;  ///< the first one asked for
  index_t asked = 0;    ///< texts asked for
  index_t texts = 0;    ///< texts found; 0 when the body could not be read
  std::string model = {};  ///< as the server names it
  index_t prompt_tokens = 0;
  index_t completion_tokens = 0;
  bool tokens_are_estimated = false;  ///< the server did not say
  bool prompt_was_cut = false;        ///< it counted fewer tokens than the prompt can have
  index_t milliseconds = 0;
  std::string body = {};
};

/// Thrown by a writer or solver that may not send the next request: what is done stands, a larger budget goes on.
class budget_spent : public error {
 public:
  explicit budget_spent(const std::string& what, call_site at = call_site::here()) : error(what, at) {}
};

/// Told of what arrived, from the thread that asked; called with nothing now and then while nothing arrives. It may
/// throw to stop the work. It refers to the callable it was made from, which must outlive it.
class arrival_sink {
 public:
  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, arrival_sink>) &&
            std::invocable<F&, std::span<const arrival>, std::span<const exchange>>
  arrival_sink(F& callback) noexcept
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(callback)))),
        call_([](void* object, std::span<const arrival> arrivals, std::span<const exchange> exchanges) {
          (*static_cast<F*>(object))(arrivals, exchanges);
        }) {}

  void operator()(std::span<const arrival> arrivals, std::span<const exchange> exchanges = {}) const {
    call_(object_, arrivals, exchanges);
  }

 private:
  void* object_;
  void (*call_)(void*, std::span<const arrival>, std::span<const exchange>);
};

}  // namespace prismatic
