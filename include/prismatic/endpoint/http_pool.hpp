/// HTTP over libcurl: many requests in flight from one thread, over connections that are kept.
#pragma once

#include <prismatic/config.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/endpoint/http_message.hpp>
#include <prismatic/endpoint/secret.hpp>
#include <prismatic/synthesis/ascii.hpp>

#include <curl/curl.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prismatic {

struct http_options {
  double connect_timeout = 20;                     ///< seconds
  double timeout = 600;                            ///< seconds, from start to end
  std::size_t most_bytes = std::size_t{16} << 20;  ///< of an answer's body; a larger one is dropped
  index_t connections = 64;                        ///< kept open
};

/// Sends requests and collects answers. Certificates are verified, against SSL_CERT_FILE where it is set; proxies
/// come from the environment as curl reads it; redirects are answers, not followed, so that the key goes to no other host. Nothing runs between
/// calls.
class http_pool {
 public:
  /// @param key  sent as a bearer token with every request, unless it is empty; redacted from what comes back
  /// @throws backend_error  libcurl cannot begin
  http_pool(const http_options& options, secret key) : options_(options), key_(std::move(key)) {
    static const CURLcode begun = curl_global_init(CURL_GLOBAL_DEFAULT);  // once a process, as libcurl asks
    multi_.reset(curl_multi_init());
    if (begun != CURLE_OK || multi_ == nullptr) throw backend_error("libcurl: cannot begin");
    curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(options.connections));
    add_header(post_headers_, "Content-Type: application/json");
    add_header(post_headers_, "Expect:");
    for (auto* headers : {&post_headers_, &get_headers_}) {
      add_header(*headers, "Accept: application/json");
      if (!key_.is_empty())
        key_.reveal(
            [&](std::string_view k) { add_header(*headers, "Authorization: Bearer " + std::string(k)); });
    }
  }
  http_pool(const http_pool&) = delete;
  http_pool& operator=(const http_pool&) = delete;
  ~http_pool() { cancel(); }

  /// Begins a request. @return its id  @throws backend_error
  std::uint64_t start(http_request request) {
    auto fresh = std::make_unique<transfer>();
    transfer& t = *fresh;
    t.most_bytes = options_.most_bytes;
    t.request = std::move(request);
    t.answer.id = ++last_id_;
    t.easy = take_handle();
    CURL* const easy = t.easy.get();
    curl_easy_setopt(easy, CURLOPT_URL, t.request.url.c_str());
    // Over HTTP/2 one connection carries them all; without TLS there is none, and waiting for it costs a second
    // each.
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, t.request.url.starts_with("https:") ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, static_cast<void*>(&t));
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t.reason);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, static_cast<void*>(&t));
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, static_cast<void*>(&t));
    if (t.request.body.empty()) {
      curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
      curl_easy_setopt(easy, CURLOPT_HTTPHEADER, get_headers_.get());
    } else {
      curl_easy_setopt(easy, CURLOPT_POST, 1L);
      curl_easy_setopt(easy, CURLOPT_HTTPHEADER, post_headers_.get());
      curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(t.request.body.size()));
      curl_easy_setopt(easy, CURLOPT_POSTFIELDS, t.request.body.data());
    }
    if (curl_multi_add_handle(multi_.get(), easy) != CURLM_OK)
      throw backend_error("libcurl: cannot begin a request");
    const std::uint64_t id = t.answer.id;
    flying_.emplace(id, std::move(fresh));
    return id;
  }

  /// Works until an answer is there, at most `seconds`. @return what has come, perhaps nothing  @throws
  /// backend_error
  [[nodiscard]] std::vector<http_response> wait(double seconds) {
    std::vector<http_response> out;
    perform(out);
    if (!out.empty() || seconds <= 0) return out;
    const int milliseconds = static_cast<int>(std::min(seconds, 3600.0) * 1000 + 0.999);
    if (curl_multi_poll(multi_.get(), nullptr, 0, milliseconds, nullptr) != CURLM_OK)
      throw backend_error("libcurl: cannot wait");
    perform(out);
    return out;
  }

  /// Abandons whatever is in flight.
  void cancel() noexcept {
    for (auto& [id, t] : flying_) curl_multi_remove_handle(multi_.get(), t->easy.get());
    flying_.clear();
  }

  /// Seconds on a clock that never runs backwards.
  [[nodiscard]] double now() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  }

  /// Seconds since 1970.
  [[nodiscard]] double date() const {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  }

 private:
  struct close_easy {
    void operator()(CURL* c) const noexcept { curl_easy_cleanup(c); }
  };
  struct close_multi {
    void operator()(CURLM* c) const noexcept { curl_multi_cleanup(c); }
  };
  struct close_list {
    void operator()(curl_slist* c) const noexcept { curl_slist_free_all(c); }
  };
  using easy_handle = std::unique_ptr<CURL, close_easy>;
  using header_list = std::unique_ptr<curl_slist, close_list>;

  struct transfer {
    easy_handle easy;
    http_request request;
    http_response answer;
    std::size_t most_bytes = 0;
    char reason[CURL_ERROR_SIZE] = "";
  };

  static void add_header(header_list& list, const std::string& line) {
    curl_slist* const longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) throw backend_error("libcurl: cannot keep a header");
    list.release();
    list.reset(longer);
  }

  // A handle that was used before keeps its settings, a new one gets those that never change.
  easy_handle take_handle() {
    if (!idle_.empty()) {
      easy_handle out = std::move(idle_.back());
      idle_.pop_back();
      return out;
    }
    easy_handle out(curl_easy_init());
    if (out == nullptr) throw backend_error("libcurl: cannot make a handle");
    const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(out.get(), option, value); };
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    if (const char* const trusted = std::getenv("SSL_CERT_FILE")) set(CURLOPT_CAINFO, trusted);
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_TCP_KEEPALIVE, 1L);
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout * 1000));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(options_.timeout * 1000));
    set(CURLOPT_USERAGENT, "prismatic/" PRISMATIC_VERSION);
    set(CURLOPT_WRITEFUNCTION, &take_body);
    set(CURLOPT_HEADERFUNCTION, &take_header);
    return out;
  }

  void perform(std::vector<http_response>& out) {
    int running = 0;
    if (curl_multi_perform(multi_.get(), &running) != CURLM_OK) throw backend_error("libcurl: cannot go on");
    int left = 0;
    while (const CURLMsg* const note = curl_multi_info_read(multi_.get(), &left)) {
      if (note->msg != CURLMSG_DONE) continue;
      const CURLcode code = note->data.result;
      char* owner = nullptr;
      curl_easy_getinfo(note->easy_handle, CURLINFO_PRIVATE, &owner);
      transfer& t = *static_cast<transfer*>(static_cast<void*>(owner));
      finish(t, code);
      key_.redact(t.answer.body);
      out.push_back(std::move(t.answer));
      curl_multi_remove_handle(multi_.get(), t.easy.get());
      idle_.push_back(std::move(t.easy));
      flying_.erase(out.back().id);
    }
  }

  static void finish(transfer& t, CURLcode code) {
    long status = 0;
    curl_off_t microseconds = 0;
    curl_easy_getinfo(t.easy.get(), CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(t.easy.get(), CURLINFO_TOTAL_TIME_T, &microseconds);
    t.answer.status = status;
    t.answer.seconds = static_cast<double>(microseconds) * 1e-6;
    if (code == CURLE_OK) return;
    if (t.answer.fault == http_fault::none) t.answer.fault = fault_of(t, code);
    if (t.answer.fault == http_fault::too_large) {
      t.answer.reason = "an answer of more than " + std::to_string(t.most_bytes) + " bytes";
      t.answer.body.clear();
    } else {
      t.answer.reason = t.reason[0] != '\0' ? t.reason : curl_easy_strerror(code);
    }
  }

  static http_fault fault_of(const transfer& t, CURLcode code) {
    switch (code) {
      case CURLE_PEER_FAILED_VERIFICATION:
      case CURLE_SSL_CACERT_BADFILE:
      case CURLE_SSL_CERTPROBLEM:
      case CURLE_SSL_ISSUER_ERROR:
      case CURLE_URL_MALFORMAT:
        return http_fault::unusable;
      case CURLE_OPERATION_TIMEDOUT: {
        curl_off_t sent = 0;
        curl_easy_getinfo(t.easy.get(), CURLINFO_PRETRANSFER_TIME_T, &sent);
        return sent > 0 ? http_fault::timeout : http_fault::connection;
      }
      default:
        return http_fault::connection;
    }
  }

  // Exceptions do not cross libcurl: a short count makes it give up.
  static std::size_t take_body(char* bytes, std::size_t, std::size_t count, void* owner) noexcept {
    transfer& t = *static_cast<transfer*>(owner);
    if (count > t.most_bytes - t.answer.body.size()) {
      t.answer.fault = http_fault::too_large;
      return 0;
    }
    try {
      t.answer.body.append(bytes, count);
    } catch (...) {
      t.answer.fault = http_fault::too_large;
      return 0;
    }
    return count;
  }

  static std::size_t take_header(char* bytes, std::size_t, std::size_t count, void* owner) noexcept {
    try {
      transfer& t = *static_cast<transfer*>(owner);
      std::string_view value(bytes, count);
      if (value.starts_with("HTTP/"))
        t.answer.retry_after.clear(), t.answer.date.clear();  // that of a proxy came first
      const std::string name = ascii::lower_case(ascii::take_until(value, ":"));
      if (name == "retry-after") t.answer.retry_after = ascii::trimmed(value);
      if (name == "date") t.answer.date = ascii::trimmed(value);
    } catch (...) {
      return 0;
    }
    return count;
  }

  http_options options_;
  secret key_;
  header_list post_headers_, get_headers_;
  std::vector<easy_handle> idle_;
  std::map<std::uint64_t, std::unique_ptr<transfer>> flying_;
  std::unique_ptr<CURLM, close_multi> multi_;  // ends before the handles that were in it
  std::uint64_t last_id_ = 0;
};

}  // namespace prismatic
