/// An OpenAI-compatible server that answers by seed, and misbehaves on request.
#pragma once

#include <prismatic/core/philox.hpp>
#include <prismatic/io/json.hpp>
#include <prismatic/synthesis/procedural.hpp>

#include <httplib.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace test {

using prismatic::index_t;
using prismatic::json;

/// What it does to a request instead of answering it.
inline const std::vector<std::string> mock_faults{"stall",  "cut",  "partial", "429-seconds", "429-date", "500", "503",
                                                  "malformed", "html", "huge",    "few",         "many",     "error-200"};

struct mock_options {
  int port = 0;                     ///< 0: any that is free
  std::vector<std::string> faults = {};  ///< which may happen; every request meets one or two before it is answered
  index_t delay = 0;                ///< milliseconds before each answer
  index_t stall = 1500;             ///< milliseconds without a word, then the connection ends
  std::size_t huge = 1 << 20;       ///< bytes of an answer that is too large
  bool ignores_n = false;
  std::string key = {};             ///< required, unless empty
  std::string retry_after = "0";    ///< of 429-seconds
};

/// Text j of a request depends on its prompt and on its seed + j alone, so any two ways of asking get the same texts.
class mock_llm {
 public:
  explicit mock_llm(mock_options options) : options_(std::move(options)) {
    server_.new_task_queue = [] { return new httplib::ThreadPool(160); };
    server_.set_keep_alive_max_count(1'000'000);
    server_.set_keep_alive_timeout(60);
    server_.set_tcp_nodelay(true);
    server_.Get("/v1/models", [this](const httplib::Request& request, httplib::Response& answer) {
      if (admits(request, answer)) answer.set_content(R"({"object": "list", "data": [{"id": "mock-1"}]})", "application/json");
    });
    server_.Post("/v1/chat/completions", [this](const httplib::Request& request, httplib::Response& answer) {
      if (admits(request, answer)) complete(request, answer);
    });
    server_.Post("/elsewhere/chat/completions", [this](const httplib::Request&, httplib::Response& answer) {
      answer.set_redirect(url() + "/chat/completions", 307);
    });
    port_ = options_.port == 0 ? server_.bind_to_any_port("127.0.0.1")
                               : (server_.bind_to_port("127.0.0.1", options_.port) ? options_.port : -1);
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~mock_llm() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    server_.stop();
    thread_.join();
  }

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/v1"; }

  /// How often each body was answered well; a client that pays twice shows here.
  [[nodiscard]] std::map<std::string, int> served() {
    const std::lock_guard lock(mutex_);
    return served_;
  }
  [[nodiscard]] int requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  static std::uint64_t hash(std::string_view text) { return prismatic::random_stream(1, text).bits(0); }

  bool admits(const httplib::Request& request, httplib::Response& answer) const {
    if (options_.key.empty() || request.get_header_value("Authorization") == "Bearer " + options_.key) return true;
    answer.status = 401;
    const std::string given = request.get_header_value("Authorization");
    answer.set_content(json{{"error", {{"message", "Incorrect API key provided: " + given}, {"code", "invalid_api_key"}}}}.dump(), "application/json");
    return false;
  }

  // How often this body came before.
  int attempt_of(const std::string& body) {
    const std::lock_guard lock(mutex_);
    ++requests_;
    return tries_[body]++;
  }

  void wait(index_t milliseconds) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, std::chrono::milliseconds(milliseconds), [&] { return stopping_; });
  }

  void complete(const httplib::Request& request, httplib::Response& answer) {
    const int attempt = attempt_of(request.body);
    const json asked = json::parse(request.body);
    if (options_.delay > 0) wait(options_.delay);
    const std::uint64_t lot = hash(request.body);
    const bool is_probe = request.body.find("Say yes.") != std::string::npos;
    if (!options_.faults.empty() && !is_probe && attempt < 1 + static_cast<int>(lot % 2))
      return misbehave(options_.faults[(lot / 2 + static_cast<std::uint64_t>(attempt)) % options_.faults.size()], asked, answer);
    answer.set_content(reply(asked, asked.value("n", index_t{1})), "application/json");
    const std::lock_guard lock(mutex_);
    ++served_[request.body];
  }

  void misbehave(const std::string& how, const json& asked, httplib::Response& answer) {
    const index_t n = asked.value("n", index_t{1});
    const std::string good = reply(asked, n);
    const auto broken = [&](std::size_t sent) {
      answer.set_content_provider(good.size(), "application/json", [good, sent](std::size_t at, std::size_t, httplib::DataSink& sink) {
        if (at >= sent) return false;
        return sink.write(good.data() + at, sent - at);
      });
    };
    if (how == "stall") wait(options_.stall), broken(0);
    if (how == "cut") broken(0);
    if (how == "partial") broken(good.size() / 2);
    if (how == "429-seconds" || how == "429-date") {
      answer.status = 429;
      answer.set_content(R"({"error": {"message": "Rate limit reached", "code": "rate_limit_exceeded"}})", "application/json");
      char date[64];
      const std::time_t now = std::time(nullptr);
      std::tm parts{};
      std::strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", ::gmtime_r(&now, &parts));
      answer.set_header("Retry-After", how == "429-date" ? std::string(date) : options_.retry_after);
    }
    if (how == "500" || how == "503") {
      answer.status = how == "500" ? 500 : 503;
      answer.set_content("<html><body>" + how + "</body></html>", "text/html");
    }
    if (how == "malformed") answer.set_content(good.substr(0, good.size() - 3) + "]]", "application/json");
    if (how == "html") answer.set_content("<!doctype html><title>Sign in</title>", "text/html");
    if (how == "huge") answer.set_content(std::string(options_.huge, ' ') + good, "application/json");
    if (how == "few") answer.set_content(reply(asked, std::max<index_t>(1, n - 1)), "application/json");
    if (how == "many") answer.set_content(reply(asked, n + 2, true), "application/json");
    if (how == "error-200") answer.set_content(R"({"error": {"message": "upstream failed"}})", "application/json");
  }

  [[nodiscard]] std::string reply(const json& asked, index_t n, bool more = false) const {
    if (options_.ignores_n && !more) n = 1;
    const std::string prompt = asked.at("messages").back().at("content").get<std::string>();
    json out{{"id", "x"}, {"model", "mock-1"}, {"choices", json::array()}};
    std::size_t bytes = 0;
    for (index_t j = 0; j < n; ++j) {
      const std::string text = text_of(prompt, static_cast<std::uint64_t>(asked.at("seed").get<index_t>() + j));
      bytes += text.size();
      out["choices"].push_back({{"index", j}, {"finish_reason", "stop"}, {"message", {{"role", "assistant"}, {"content", text}}}});
    }
    out["usage"] = {{"prompt_tokens", prompt.size() / 4 + 12}, {"completion_tokens", bytes / 4}};
    return out.dump();
  }

  // A problem of the built-in generator, or a number that nine of ten seeds agree on.
  static std::string text_of(const std::string& prompt, std::uint64_t seed) {
    if (prompt.find("Write one new problem") != std::string::npos) {
      const prismatic::generation_request request{seed, {}};
      return prismatic::procedural_generator({.near_duplicate_rate = 0, .malformed_rate = 0.02}).generate(std::span(&request, 1)).front().text;
    }
    const std::uint64_t draw = hash(prompt + std::to_string(seed));
    const std::uint64_t answer = hash(prompt) % 1000 + (draw % 10 == 0 ? 1 : 0);
    return "<think>Let me see.</think>It works out. The answer is " + std::to_string(answer) + ".";
  }

  mock_options options_;
  httplib::Server server_;
  int port_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  int requests_ = 0;
  std::map<std::string, int> tries_, served_;
  std::thread thread_;
};

}  // namespace test
