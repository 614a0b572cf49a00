/// The body of POST /v1/chat/completions, as every OpenAI-compatible server understands it.
#pragma once

#include <prismatic/core/types.hpp>
#include <prismatic/io/json.hpp>
#include <prismatic/io/sample.hpp>

#include <cstdint>
#include <span>
#include <string>

namespace prismatic {

/// Always sent in full: the defaults of servers differ.
struct chat_sampling {
  double temperature = 1;
  double top_p = 0.95;
  index_t max_tokens = 1024;  ///< of one text
  bool newer_limit = false;   ///< names that max_completion_tokens, the only name some hosted models take
};

/// @param texts  how many are asked for (`n`, sent where it is more than 1)
/// @throws data_error  a message is not UTF-8
inline std::string write_chat_request(const std::string& model, std::span<const message> messages,
                                      const chat_sampling& sampling, std::uint64_t seed, index_t texts) {
  ordered_json out{{"model", model}, {"messages", ordered_json::array()}};
  for (const message& m : messages) out["messages"].push_back({{"role", m.role}, {"content", m.content}});
  out["temperature"] = sampling.temperature;
  out["top_p"] = sampling.top_p;
  out[sampling.newer_limit ? "max_completion_tokens" : "max_tokens"] = sampling.max_tokens;
  out["seed"] = seed;
  if (texts > 1) out["n"] = texts;
  out["stream"] = false;
  return dump_json(out, "prompt");
}

}  // namespace prismatic
