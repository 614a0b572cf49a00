/// One OpenAI-compatible server as several roles share it: its pace, and what it is known to support.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/progress.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/endpoint/budget.hpp>
#include <prismatic/endpoint/chat_request.hpp>
#include <prismatic/endpoint/chat_response.hpp>
#include <prismatic/endpoint/endpoint_url.hpp>
#include <prismatic/endpoint/http_message.hpp>
#include <prismatic/endpoint/request_loop.hpp>
#include <prismatic/io/json.hpp>
#include <prismatic/io/sample.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace prismatic {

/// What a model's server understands.
struct chat_manners {
  bool many = false;         ///< one request can bring several texts (`n`)
  bool newer_limit = false;  ///< see chat_sampling
};

/// A server, and what asking it found out. Nothing is sent before somebody asks.
template <http_transport Transport>
class endpoint_client {
 public:
  /// @param transport  knows the key, if there is one. It and the budget must outlive the client.
  /// @param on_wait    called while the server is asked about itself, and may throw to stop that
  endpoint_client(endpoint_url url, Transport& transport, const loop_options& options, budget& money,
                  progress on_wait = {})
      : url_(std::move(url)), loop_(transport, url_.text(), options, money), on_wait_(on_wait) {}

  [[nodiscard]] const endpoint_url& url() const noexcept { return url_; }
  [[nodiscard]] request_loop<Transport>& loop() noexcept { return loop_; }
  [[nodiscard]] const request_loop<Transport>& loop() const noexcept { return loop_; }

  /// The models the server lists, or none where it has no such list. Asked once.
  /// @throws model_error  it cannot be reached, or refuses the key
  [[nodiscard]] const std::vector<std::string>& models() {
    if (!models_) {
      single ask{{0, {url_.models(), ""}, {}, {404, 405, 501}}, on_wait_};
      loop_.run(ask);
      models_ = read_model_list(ask.body);
    }
    return *models_;
  }

  /// The model to ask for: the one named, or the only one there is. @throws model_error; as models()
  [[nodiscard]] std::string model_or_only(const std::string& named, const std::string& flag) {
    if (!named.empty()) return named;
    const std::vector<std::string>& all = models();
    if (all.size() == 1) return all.front();
    std::string list;
    for (std::size_t i = 0; i < std::min<std::size_t>(all.size(), 20); ++i)
      list += (i > 0 ? ", " : "") + in_quotes(all[i]);
    throw model_error(url_.text() + ": found " + (all.empty() ? "no list of models" : "the models " + list) +
                      ", expected " + flag + " to name one");
  }

  /// Found by asking for two short texts, and again where the server refuses the limit's name. Asked once a model.
  /// @throws model_error  the model cannot be asked at all
  [[nodiscard]] chat_manners manners(const std::string& model) {
    if (const auto known = manners_.find(model); known != manners_.end()) return known->second;
    chat_manners found;
    std::string answer = greeted(model, found);
    found.newer_limit = !read_chat_reply(answer) && answer.find("max_completion_tokens") != std::string::npos;
    if (found.newer_limit) answer = greeted(model, found);
    const std::optional<chat_reply> reply = read_chat_reply(answer);
    found.many = reply && reply->texts.size() >= 2;
    return manners_[model] = found;
  }

  /// A reply brought fewer texts than were asked for: ask one by one from now on.
  void learn_single(const std::string& model) { manners_[model].many = false; }

 private:
  // One request whose answer is kept; it is not part of any budget.
  struct single {
    pending_call call;
    progress on_wait;
    std::string body = {};
    bool is_sent = false;

    [[nodiscard]] bool has_more() const { return !is_sent; }
    pending_call next() {
      is_sent = true;
      return call;
    }
    std::optional<token_bill> answered(std::uint64_t, const http_response& answer) {
      body = answer.body;
      return token_bill{};
    }
    void given_up(std::uint64_t, const std::string&) {}
    void step() { on_wait("asking the server", body.empty() ? 0 : 1, 1); }
  };

  // The body of the answer to a request for two texts, or of its refusal.
  std::string greeted(const std::string& model, const chat_manners& how) {
    const message hello{std::string(roles::user), "Say yes."};
    const chat_sampling sampling{.max_tokens = 16, .newer_limit = how.newer_limit};
    single ask{{0,
                {url_.completions(), write_chat_request(model, std::span(&hello, 1), sampling, 1, 2)},
                {},
                {400, 422}},
               on_wait_};
    loop_.run(ask);
    return ask.body;
  }

  endpoint_url url_;
  request_loop<Transport> loop_;
  progress on_wait_;
  std::optional<std::vector<std::string>> models_;
  std::map<std::string, chat_manners> manners_;
};

}  // namespace prismatic
