/// A model behind a server as generator and solver: problems and solutions over an OpenAI-compatible endpoint.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/philox.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/endpoint/budget.hpp>
#include <prismatic/endpoint/chat_request.hpp>
#include <prismatic/endpoint/chat_response.hpp>
#include <prismatic/endpoint/endpoint_client.hpp>
#include <prismatic/endpoint/http_message.hpp>
#include <prismatic/endpoint/http_pool.hpp>
#include <prismatic/endpoint/prompt_cut.hpp>
#include <prismatic/endpoint/prompt_set.hpp>
#include <prismatic/endpoint/request_loop.hpp>
#include <prismatic/io/sample.hpp>
#include <prismatic/synthesis/arrival.hpp>
#include <prismatic/synthesis/generator.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace prismatic {

struct endpoint_options {
  std::string model;
  chat_sampling sampling = {};
  token_price price = {};
  std::uint64_t seed = 0;
};

/// Meets `streaming_generator` and `streaming_solver`. What is asked for (number, attempt) is a function of the
/// prompts, the options and the examples alone; servers promise less about what they answer, so it is the
/// stored responses that make a run repeatable. Where a server can bring several texts at once, all missing
/// attempts at a problem are one request with the seed of the first of them; else attempt k is a request of its
/// own with the problem's seed + k.
template <http_transport Transport>
class basic_endpoint_writer {
 public:
  /// The client and the budget must outlive it; both may serve other writers.
  basic_endpoint_writer(std::shared_ptr<endpoint_client<Transport>> client,
                        std::shared_ptr<const prompt_set> prompts, endpoint_options options, budget& money)
      : client_(std::move(client)),
        prompts_(std::move(prompts)),
        options_(std::move(options)),
        budget_(&money) {}

  /// @throws model_error, budget_spent (see request_loop); what `arrived` throws
  void generate(std::span<const generation_request> requests, const arrival_sink& arrived) {
    asking ask(*this, "problem", arrived);
    for (std::size_t i = 0; i < requests.size(); ++i)
      ask.jobs.push_back({i, static_cast<index_t>(requests[i].number), {0}});
    ask.conversation = [](const asking& a, std::size_t at) {
      return a.writer.prompts_->asking_for_a_problem(a.posing[at].examples);
    };
    ask.posing = requests;
    if (!requests.empty()) ask.manners = client_->manners(options_.model);
    client_->loop().run(ask);
  }

  /// @throws as generate
  void solve(std::span<const solve_request> requests, const arrival_sink& arrived) {
    asking ask(*this, "solution", arrived);
    for (std::size_t i = 0; i < requests.size(); ++i) {
      std::vector<index_t> missing(requests[i].missing.begin(), requests[i].missing.end());
      if (!missing.empty())
        ask.jobs.push_back({i, static_cast<index_t>(requests[i].number), std::move(missing)});
    }
    ask.conversation = [](const asking& a, std::size_t at) {
      return a.writer.prompts_->asking_for_a_solution(a.solving[at].posed->question);
    };
    ask.solving = requests;
    if (!ask.jobs.empty()) ask.manners = client_->manners(options_.model);
    client_->loop().run(ask);
  }

 private:
  // Attempts that are still missing at one request.
  struct job {
    std::size_t place = 0;  // among the requests
    index_t number = 0;
    std::vector<index_t> attempts;
    index_t prompt_bytes = 0;
  };

  // The source of one call of generate or solve.
  struct asking {
    asking(basic_endpoint_writer& w, const char* role_name, const arrival_sink& sink)
        : writer(w),
          role(role_name),
          arrived(sink),
          seeds(w.options_.seed, std::string("endpoint/") + role_name) {}

    [[nodiscard]] bool has_more() const { return !jobs.empty(); }

    pending_call next() {
      job taken = std::move(jobs.front());
      jobs.pop_front();
      if (!manners.many && taken.attempts.size() > 1) {
        job rest = taken;
        rest.attempts.erase(rest.attempts.begin());
        jobs.push_front(std::move(rest));
        taken.attempts.erase(taken.attempts.begin() + 1, taken.attempts.end());
      }
      const std::vector<message> turns = conversation(*this, taken.place);
      taken.prompt_bytes = 0;
      for (const message& m : turns) taken.prompt_bytes += static_cast<index_t>(m.content.size());
      const endpoint_options& options = writer.options_;
      chat_sampling sampling = options.sampling;
      if (!posing.empty()) sampling.temperature = posing[taken.place].temperature.value_or(sampling.temperature);
      sampling.newer_limit = manners.newer_limit;
      const auto texts = static_cast<index_t>(taken.attempts.size());
      // 30 bits of the problem, so that no server's integer overflows.
      const std::uint64_t seed = (seeds.bits(static_cast<std::uint64_t>(taken.number)) >> 34) +
                                 static_cast<std::uint64_t>(taken.attempts.front());
      const index_t prompt = taken.prompt_bytes / 3 + 16, completion = options.sampling.max_tokens * texts;
      pending_call out{++last_key,
                       {writer.client_->url().completions(),
                        write_chat_request(options.model, turns, sampling, seed, texts)},
                       {1, prompt + completion, options.price.of(prompt, completion)}};
      flying.emplace(last_key, std::move(taken));
      return out;
    }

    std::optional<token_bill> answered(std::uint64_t key, const http_response& answer) {
      job& asked = flying.at(key);
      std::optional<chat_reply> reply = read_chat_reply(answer.body);
      const auto wanted = static_cast<index_t>(asked.attempts.size());
      const index_t found = reply ? std::min(wanted, static_cast<index_t>(reply->texts.size())) : 0;
      exchange record{
          .number = asked.number, .attempt = asked.attempts.front(), .asked = wanted, .texts = found};
      record.model = reply && !reply->model.empty() ? reply->model : writer.options_.model;
      record.milliseconds = static_cast<index_t>(answer.seconds * 1000);
      constexpr std::size_t enough = 65536;  // to see what is wrong with a body that cannot be read
      record.body = reply ? answer.body : answer.body.substr(0, enough);
      if (reply) {
        index_t bytes = 0;
        for (const response& r : reply->texts) bytes += static_cast<index_t>(r.text.size());
        // Some servers count one of several texts only; no text has more than 8 bytes a token on average.
        const bool is_counted = reply->completion_tokens && *reply->completion_tokens >= bytes / 8;
        record.tokens_are_estimated = !reply->prompt_tokens || !is_counted;
        record.prompt_tokens = reply->prompt_tokens.value_or(asked.prompt_bytes / 4);
        record.completion_tokens = is_counted ? *reply->completion_tokens : bytes / 4;
        record.prompt_was_cut = writer.cut_(asked.prompt_bytes, reply->prompt_tokens);
      } else {
        record.tokens_are_estimated = true;
      }
      const token_bill bill{1, record.prompt_tokens + record.completion_tokens,
                            writer.options_.price.of(record.prompt_tokens, record.completion_tokens)};
      exchanges.push_back(std::move(record));
      if (!reply) {
        writer.budget_->restore(bill);
        return std::nullopt;
      }
      for (index_t i = 0; i < found; ++i) {
        const auto at = static_cast<std::size_t>(i);
        arrivals.push_back({asked.number, asked.attempts[at], std::move(reply->texts[at])});
      }
      if (found < wanted) {
        asked.attempts.erase(asked.attempts.begin(), asked.attempts.begin() + found);
        jobs.push_front(std::move(asked));
        writer.client_->learn_single(writer.options_.model);
        manners.many = false;
      }
      flying.erase(key);
      return bill;
    }

    void given_up(std::uint64_t key, const std::string&) {
      const job& asked = flying.at(key);
      for (const index_t attempt : asked.attempts) arrivals.push_back({asked.number, attempt, {"", "failed"}});
      flying.erase(key);
    }

    void step() { arrived(std::exchange(arrivals, {}), std::exchange(exchanges, {})); }

    basic_endpoint_writer& writer;
    const char* role;
    const arrival_sink& arrived;
    random_stream seeds;
    std::vector<message> (*conversation)(const asking&, std::size_t) = nullptr;
    std::span<const generation_request> posing = {};
    std::span<const solve_request> solving = {};
    chat_manners manners = {};
    std::deque<job> jobs = {};
    std::map<std::uint64_t, job> flying = {};
    std::uint64_t last_key = 0;
    std::vector<arrival> arrivals = {};
    std::vector<exchange> exchanges = {};
  };

  std::shared_ptr<endpoint_client<Transport>> client_;
  std::shared_ptr<const prompt_set> prompts_;
  endpoint_options options_;
  budget* budget_;
  prompt_cut cut_;
};

/// Over libcurl.
using endpoint_writer = basic_endpoint_writer<http_pool>;

}  // namespace prismatic
