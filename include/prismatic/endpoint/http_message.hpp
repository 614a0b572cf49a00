/// What is sent to a server and what comes back, as plain records: the logic above knows nothing of a network.
#pragma once

#include <prismatic/core/types.hpp>

#include <cstdint>
#include <string>

namespace prismatic {

struct http_request {
  std::string url;
  std::string body;  ///< JSON to post; empty: the resource is fetched
};

/// How far an exchange came.
enum class http_fault : std::uint8_t {
  none,        ///< status and body are those of the server
  connection,  ///< no answer, or one that ended early: another attempt may do better
  timeout,     ///< it was sent, and no answer came in time
  too_large,   ///< the body grew beyond the limit and was dropped
  unusable,    ///< no attempt will do better: a certificate that is not trusted, a protocol nobody speaks
};

struct http_response {
  std::uint64_t id = 0;  ///< of the request, as the pool numbers them
  http_fault fault = http_fault::none;
  std::string reason;  ///< of a fault, in words
  index_t status = 0;
  std::string retry_after;  ///< header of that name, or empty
  std::string date;         ///< header of that name, or empty
  std::string body;
  double seconds = 0;  ///< from start to end
};

}  // namespace prismatic
