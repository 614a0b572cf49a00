// Breaks two rules on purpose: clang-tidy must name both.
#include <string>
#include <utility>

inline std::size_t CamelCaseFunction(std::string text) {
  const std::string taken = std::move(text);
  return taken.size() + text.size();
}
