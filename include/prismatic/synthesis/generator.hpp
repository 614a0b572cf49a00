/// What writes problems and what solves them: the two concepts, and the plain records they exchange.
#pragma once

#include <prismatic/core/types.hpp>
#include <prismatic/synthesis/answer.hpp>
#include <prismatic/synthesis/arrival.hpp>
#include <prismatic/synthesis/ascii.hpp>
#include <prismatic/synthesis/labelled_text.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prismatic {

/// A problem with a worked solution. `answer` is canonical (see canonical_answer); topic, solution and
/// answer may be empty where the writer gave none.
struct problem {
  std::string topic;
  std::string question;
  std::string solution;
  std::string answer;
};

/// An example shown to the writer of a new problem.
struct few_shot {
  std::string_view question;
  std::string_view solution;
};

/// One new problem is asked for. The response depends on this record alone (and on the
/// generator's own seed), never on what else is in the batch, so a run can be resumed request by request.
struct generation_request {
  std::uint64_t number = 0;
  std::span<const few_shot> examples;
  std::optional<double> temperature = {};  ///< nothing: the generator's own; one that does not sample takes no notice
};

/// What came back: the text as received, kept so that it can be parsed again, and the problem read from
/// it, or nothing when the text has none.
struct generation {
  std::string text;
  std::optional<problem> posed;
};

/// A problem is to be solved `attempts` times, independently. Only the built-in solver, which has to know
/// the truth, may look past posed->question. `number` is as in generation_request.
struct solve_request {
  std::uint64_t number = 0;
  const problem* posed = nullptr;
  index_t attempts = 1;
  std::span<const index_t> missing = {};  ///< the attempts a streaming solver is still to make, ascending
};

/// One worked solution as received, and the canonical answer read from it, if any.
struct attempt {
  std::string text;
  std::optional<std::string> answer;
};

/// All attempts at one problem, in order.
struct solution {
  std::vector<attempt> attempts;
};

/// Writes new problems, result i to request i, and returns when all are answered.
template <class G>
concept batch_generator = requires(G& g, std::span<const generation_request> requests) {
  { g.generate(requests) } -> std::same_as<std::vector<generation>>;
};

/// The same, but each response is handed out when it arrives, so that none that was paid for is lost. It keeps as many
/// requests in flight as it likes; a request that failed for good has a response that is not whole.
template <class G>
concept streaming_generator =
    requires(G& g, std::span<const generation_request> requests, const arrival_sink& arrived) {
      { g.generate(requests, arrived) } -> std::same_as<void>;
    };

template <class G>
concept generator = batch_generator<G> || streaming_generator<G>;

/// Solves problems: result i belongs to request i and holds the number of attempts it asked for.
template <class S>
concept batch_solver = requires(S& s, std::span<const solve_request> requests) {
  { s.solve(requests) } -> std::same_as<std::vector<solution>>;
};

/// The same attempt by attempt, as a streaming generator does it.
template <class S>
concept streaming_solver = requires(S& s, std::span<const solve_request> requests, const arrival_sink& arrived) {
  { s.solve(requests, arrived) } -> std::same_as<void>;
};

template <class S>
concept solver = batch_solver<S> || streaming_solver<S>;

/// How many requests a batch generator or solver is given at a time where nobody says: what a kill can cost.
inline constexpr index_t requests_at_once = 64;

namespace detail {

template <class Request, class F>
void in_chunks(std::span<const Request> requests, index_t at_once, F&& body) {
  const auto step = static_cast<std::size_t>(std::max<index_t>(1, at_once));
  for (std::size_t i = 0; i < requests.size(); i += step)
    body(requests.subspan(i, std::min(step, requests.size() - i)));
}

}  // namespace detail

/// Asks any kind of generator; a batch generator is given `at_once` requests at a time.
/// @throws what the generator or `arrived` throws
template <generator G>
void generate(G& writer, std::span<const generation_request> requests, const arrival_sink& arrived,
              index_t at_once = requests_at_once) {
  if constexpr (streaming_generator<G>) {
    writer.generate(requests, arrived);
  } else {
    detail::in_chunks(requests, at_once, [&](std::span<const generation_request> part) {
      std::vector<generation> written = writer.generate(part);
      std::vector<arrival> out;
      for (std::size_t i = 0; i < part.size(); ++i)
        out.push_back({static_cast<index_t>(part[i].number), 0, {std::move(written[i].text)}});
      arrived(out);
    });
  }
}

/// Asks any kind of solver, as generate does.
template <solver S>
void solve(S& solves, std::span<const solve_request> requests, const arrival_sink& arrived,
           index_t at_once = requests_at_once) {
  if constexpr (streaming_solver<S>) {
    solves.solve(requests, arrived);
  } else {
    detail::in_chunks(requests, at_once, [&](std::span<const solve_request> part) {
      std::vector<solution> solved = solves.solve(part);
      std::vector<arrival> out;
      for (std::size_t i = 0; i < part.size(); ++i)
        for (std::size_t k = 0; k < solved[i].attempts.size(); ++k)
          out.push_back({static_cast<index_t>(part[i].number), static_cast<index_t>(k),
                         {std::move(solved[i].attempts[k].text)}});
      arrived(out);
    });
  }
}

/// What a model says once it has thought: the text behind the last </think>. Nothing when it never stops thinking.
inline std::string_view without_thoughts(std::string_view text) noexcept {
  constexpr std::string_view open = "<think>", close = "</think>";
  if (const std::size_t end = text.rfind(close); end != std::string_view::npos) return text.substr(end + close.size());
  return text.starts_with(open) ? std::string_view{} : text;
}

/// Reads a problem from the text of a generator, its thoughts aside: its parts "Topic:", "Problem:" and "Solution:" (see
/// labelled_parts); only the problem is required.
/// @return nothing when the text holds no problem
inline std::optional<problem> parse_problem(std::string_view text) {
  constexpr std::array<std::string_view, 3> labels{"Topic", "Problem", "Solution"};
  std::vector<std::string> parts = labelled_parts(without_thoughts(text), labels);
  if (parts[1].empty()) return std::nullopt;
  problem out{std::move(parts[0]), std::move(parts[1]), std::move(parts[2]), ""};
  out.answer = extract_answer(out.solution, {.guess = false}).value_or("");
  return out;
}

/// The text that parse_problem reads back.
inline std::string write_problem(std::string_view topic, std::string_view question, std::string_view solution) {
  std::string out;
  if (!topic.empty()) out.append("Topic: ").append(topic).append("\n");
  return out.append("Problem: ").append(question).append("\nSolution: ").append(solution);
}

}  // namespace prismatic
