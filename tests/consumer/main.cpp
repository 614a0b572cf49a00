// Prints which backend each translation unit got; fails when they do not agree on 1 + 4 + 9.
#include "norm.hpp"

#include <cstdio>

int main() {
  const answer first = by_first_default(), second = by_second_default(), here = by_default();
  const bool agreed = first.squared_norm == 14 && second.squared_norm == 14 && here.squared_norm == 14;
  std::printf("first %s, second %s, %s\n", first.backend.c_str(), second.backend.c_str(), agreed ? "agreed" : "differ");
  return agreed ? 0 : 1;
}
