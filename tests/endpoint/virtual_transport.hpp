/// A transport whose time is a number: what a test server answers, and when, without a network or a clock.
#pragma once

#include <prismatic/endpoint/http_message.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace test {

struct virtual_transport {
  struct reply {
    double after = 1;  ///< seconds
    prismatic::http_response answer;
  };
  std::function<reply(const prismatic::http_request&)> server;
  double time = 1000;
  double started_on = 784111777;  ///< date at time 0: Sun, 06 Nov 1994 08:49:37 GMT
  std::vector<double> starts;
  std::size_t most_in_flight = 0;
  std::size_t abandoned = 0;
  std::multimap<double, prismatic::http_response> due;
  std::uint64_t last = 0;

  std::uint64_t start(prismatic::http_request request) {
    starts.push_back(time);
    reply r = server(request);
    r.answer.id = ++last;
    r.answer.seconds = r.after;
    due.emplace(time + r.after, std::move(r.answer));
    most_in_flight = std::max(most_in_flight, due.size());
    return last;
  }
  std::vector<prismatic::http_response> wait(double seconds) {
    std::vector<prismatic::http_response> out;
    const bool comes = !due.empty() && due.begin()->first <= time + seconds;
    time = comes ? std::max(time, due.begin()->first) : time + seconds;
    while (!due.empty() && due.begin()->first <= time) {
      out.push_back(std::move(due.begin()->second));
      due.erase(due.begin());
    }
    return out;
  }
  double now() const { return time; }
  double date() const { return started_on + time; }
  void cancel() {
    abandoned += due.size();
    due.clear();
  }
};

/// An answer with a status.
inline virtual_transport::reply says(prismatic::index_t status, std::string body = "", double after = 1) {
  virtual_transport::reply out;
  out.after = after;
  out.answer.status = status;
  out.answer.body = std::move(body);
  return out;
}

/// No answer.
inline virtual_transport::reply fails(prismatic::http_fault fault, std::string reason = "broken", double after = 1) {
  virtual_transport::reply out;
  out.after = after;
  out.answer.fault = fault;
  out.answer.reason = std::move(reason);
  return out;
}

/// A reply with one text.
inline std::string chat(const std::string& text, const std::string& finish = "stop") {
  return R"({"model": "m", "choices": [{"index": 0, "finish_reason": ")" + finish + R"(", "message": {"content": ")" + text +
         R"("}}], "usage": {"prompt_tokens": 10, "completion_tokens": 5}})";
}

}  // namespace test
