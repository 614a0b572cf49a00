// The mock server as a program: prints its URL, serves until standard input ends. Options as NAME=VALUE:
//   port= delay= (ms) stall= (ms) huge= (bytes) faults= (all, or names with commas) ignores_n=1 key= retry_after=
// When it ends it prints how many requests came and how many were answered well more than once.
#include "support/mock_llm.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

int main(int argc, char** argv) {
  test::mock_options options;
  for (int i = 1; i < argc; ++i) {
    std::string_view value = argv[i];
    const std::string name(prismatic::ascii::take_until(value, "="));
    const std::string text(value);
    if (name == "port") options.port = std::atoi(text.c_str());
    else if (name == "delay") options.delay = std::atol(text.c_str());
    else if (name == "stall") options.stall = std::atol(text.c_str());
    else if (name == "huge") options.huge = static_cast<std::size_t>(std::atol(text.c_str()));
    else if (name == "ignores_n") options.ignores_n = text == "1";
    else if (name == "key") options.key = text;
    else if (name == "retry_after") options.retry_after = text;
    else if (name == "faults" && text == "all") options.faults = test::mock_faults;
    else if (name == "faults") while (!value.empty()) options.faults.emplace_back(prismatic::ascii::take_until(value, ","));
    else return std::fprintf(stderr, "mock_llm: found %s, expected an option\n", argv[i]), 2;
  }
  test::mock_llm server(options);
  std::printf("%s\n", server.url().c_str());
  std::fflush(stdout);
  while (std::getchar() != EOF) {}
  int twice = 0;
  for (const auto& [body, count] : server.served()) twice += count > 1 ? 1 : 0;
  std::printf("requests %d, answered %zu, twice %d\n", server.requests(), server.served().size(), twice);
}
