// Random bits are a pure function of (seed, stream name, counter): known answers, ranges, independence.
#include <prismatic/core/philox.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <string_view>
#include <vector>

using namespace prismatic;

namespace {

constexpr std::uint32_t ones = 0xffffffffu;

// Exceeded with probability below 1e-9 by chi-square with `degrees` degrees of freedom (Wilson-Hilferty).
double chi_square_limit(double degrees) {
  const double c = 2.0 / (9.0 * degrees);
  return degrees * std::pow(1.0 - c + 6.0 * std::sqrt(c), 3.0);
}

double chi_square_of_equal_bins(const std::vector<int>& counts) {
  const double expected = static_cast<double>(std::accumulate(counts.begin(), counts.end(), 0)) /
                          static_cast<double>(counts.size());
  double sum = 0;
  for (const int count : counts) sum += (count - expected) * (count - expected) / expected;
  return sum;
}

}  // namespace

TEST_CASE("Philox4x32-10 gives the published answers", "[core][philox]") {
  // kat_vectors of Random123 1.14, philox4x32 with 10 rounds.
  CHECK(philox4x32({0, 0, 0, 0}, {0, 0}) == philox_counter{0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u});
  CHECK(philox4x32({ones, ones, ones, ones}, {ones, ones}) ==
        philox_counter{0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu});
  CHECK(philox4x32({0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u}, {0xa4093822u, 0x299f31d0u}) ==
        philox_counter{0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u});
}

TEST_CASE("Philox can be evaluated by the compiler", "[core][philox]") {
  static_assert(philox4x32({0, 0, 0, 0}, {0, 0})[0] == 0x6627e8d5u);
  static_assert(random_stream(1, "a").bits(0) == random_stream(1, "a").bits(0));
  static_assert(random_stream(1, "a").below(7, 10) < 10);
  SUCCEED();
}

TEST_CASE("one flipped bit of counter or key changes about half of the output", "[core][philox]") {
  const philox_counter base = philox4x32({1, 2, 3, 4}, {5, 6});
  const auto distance = [&](philox_counter other) {
    int bits = 0;
    for (std::size_t word = 0; word < 4; ++word) bits += __builtin_popcount(base[word] ^ other[word]);
    return bits;
  };
  for (std::size_t word = 0; word < 4; ++word)
    for (int bit = 0; bit < 32; bit += 5) {
      philox_counter c{1, 2, 3, 4};
      c[word] ^= 1u << bit;
      const int changed = distance(philox4x32(c, {5, 6}));
      CHECK(changed > 30);  // 64 on average with deviation 5.7: six deviations either way
      CHECK(changed < 98);
    }
  CHECK(distance(philox4x32({1, 2, 3, 4}, {5, 7})) > 30);
}

TEST_CASE("streams of different name or seed have different keys", "[core][philox]") {
  std::set<philox_key> keys;
  for (std::uint64_t seed = 0; seed < 64; ++seed)
    for (const std::string_view name : {"", "a", "b", "ab", "ba", "aa", "shuffle", "shuffle ", "Shuffle"})
      keys.insert(stream_key(seed, name));
  CHECK(keys.size() == 64 * 9);
  CHECK(random_stream(3, "rows").key() == stream_key(3, "rows"));
}

TEST_CASE("bits are pinned: files written today must be read the same tomorrow", "[core][philox]") {
  const random_stream stream(42, "pinned");
  const philox_counter block = philox4x32({7, 1, 0, 0}, stream.key());
  CHECK(stream.bits((std::uint64_t{1} << 32) + 7) == (std::uint64_t{block[1]} << 32 | block[0]));
  CHECK(mix64(0) == 0);
  CHECK(mix64(0x9E3779B97F4A7C15u) == 0xE220A8397B1DCDAFu);  // SplitMix64 seeded with 0, its first number
}

TEST_CASE("two streams are uncorrelated", "[core][philox]") {
  const random_stream a(1, "first"), b(1, "second"), c(2, "first");
  constexpr int n = 20000;
  double ab = 0, ac = 0, lagged = 0;
  for (std::uint64_t i = 0; i < n; ++i) {
    ab += (a.uniform(i) - 0.5) * (b.uniform(i) - 0.5) * 12;
    ac += (a.uniform(i) - 0.5) * (c.uniform(i) - 0.5) * 12;
    lagged += (a.uniform(i) - 0.5) * (a.uniform(i + 1) - 0.5) * 12;
  }
  const double six_deviations = 6.0 / std::sqrt(n);  // each mean of products has deviation 1 / sqrt(n)
  CHECK(std::abs(ab / n) < six_deviations);
  CHECK(std::abs(ac / n) < six_deviations);
  CHECK(std::abs(lagged / n) < six_deviations);
}

TEST_CASE("uniform numbers fill [0, 1) evenly", "[core][philox]") {
  const random_stream stream(11, "uniform");
  std::vector<int> counts(64, 0);
  for (std::uint64_t i = 0; i < 64000; ++i) {
    const double u = stream.uniform(i);
    REQUIRE(u >= 0.0);
    REQUIRE(u < 1.0);
    ++counts[static_cast<std::size_t>(u * 64)];
  }
  CHECK(chi_square_of_equal_bins(counts) < chi_square_limit(63));
}

TEST_CASE("normal numbers have the moments of a standard normal", "[core][philox]") {
  const random_stream stream(12, "normal");
  constexpr int n = 100000;
  double m1 = 0, m2 = 0, m3 = 0, m4 = 0;
  int beyond_two = 0;
  for (std::uint64_t i = 0; i < n; ++i) {
    const double x = stream.normal(i);
    REQUIRE(std::isfinite(x));
    m1 += x, m2 += x * x, m3 += x * x * x, m4 += x * x * x * x;
    beyond_two += std::abs(x) > 2;
  }
  // Six deviations each: those of x, x^2, x^3, x^4 are 1, sqrt 2, sqrt 15, sqrt 96.
  const double six = 6.0 / std::sqrt(n);
  CHECK(std::abs(m1 / n) < six);
  CHECK(std::abs(m2 / n - 1) < six * std::sqrt(2.0));
  CHECK(std::abs(m3 / n) < six * std::sqrt(15.0));
  CHECK(std::abs(m4 / n - 3) < six * std::sqrt(96.0));
  CHECK(std::abs(beyond_two / double(n) - 0.0455) < six * 0.2084);
}

TEST_CASE("below(n) stays below n and is even", "[core][philox]") {
  const random_stream stream(13, "below");
  for (const index_t n : {1, 2, 3, 10, 1000}) {
    std::vector<int> counts(static_cast<std::size_t>(n), 0);
    for (std::uint64_t i = 0; i < 40000; ++i) {
      const index_t x = stream.below(i, n);
      REQUIRE(x >= 0);
      REQUIRE(x < n);
      ++counts[static_cast<std::size_t>(x)];
    }
    if (n > 1) CHECK(chi_square_of_equal_bins(counts) < chi_square_limit(static_cast<double>(n - 1)));
  }
  const index_t widest = std::numeric_limits<index_t>::max();
  CHECK(stream.below(0, widest) >= 0);
  CHECK(stream.below(0, widest) < widest);
}

TEST_CASE("shuffle is a permutation, repeatable, different between streams", "[core][philox]") {
  std::vector<int> sorted(100);
  std::iota(sorted.begin(), sorted.end(), 0);
  auto a = sorted, b = sorted, c = sorted;
  shuffle(a, random_stream(1, "order"));
  shuffle(b, random_stream(1, "order"));
  shuffle(c, random_stream(2, "order"));
  CHECK(a == b);
  CHECK(a != c);
  CHECK(a != sorted);
  std::ranges::sort(a);
  CHECK(a == sorted);

  std::vector<int> empty, one{5};
  shuffle(empty, random_stream(1, "order"));
  shuffle(one, random_stream(1, "order"));
  CHECK(empty.empty());
  CHECK(one == std::vector<int>{5});
}

TEST_CASE("every order of a shuffle is equally likely", "[core][philox]") {
  std::map<std::array<int, 4>, int> seen;
  for (std::uint64_t seed = 0; seed < 24000; ++seed) {
    std::array<int, 4> items{0, 1, 2, 3};
    shuffle(items, random_stream(seed, "orders"));
    ++seen[items];
  }
  REQUIRE(seen.size() == 24);
  std::vector<int> counts;
  for (const auto& [order, count] : seen) counts.push_back(count);
  CHECK(chi_square_of_equal_bins(counts) < chi_square_limit(23));
}
