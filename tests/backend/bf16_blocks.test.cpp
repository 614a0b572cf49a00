#include <prismatic/backend/cpu/bf16_blocks.hpp>
#include <prismatic/core/bfloat16.hpp>

#include "support/catch.hpp"
#include "support/numeric.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <vector>

using namespace prismatic;

#if PRISMATIC_X86 && defined(__linux__)

namespace {

using block = std::vector<std::uint32_t>;  // of all parts

// Number `along` (of 32) of line `line` (of 16) of part p: a row's numbers lie side by side in its row.
float in_row(const block& b, int p, index_t line, index_t along) {
  const std::uint32_t pair = b[static_cast<std::size_t>(p * detail::unit_block + line * 16 + along / 2)];
  return from_bfloat16(static_cast<std::uint16_t>(along % 2 == 0 ? pair : pair >> 16));
}
// The same where a row is a pair of all lines.
float in_column(const block& b, int p, index_t line, index_t along) {
  const std::uint32_t pair = b[static_cast<std::size_t>(p * detail::unit_block + along / 2 * 16 + line)];
  return from_bfloat16(static_cast<std::uint16_t>(along % 2 == 0 ? pair : pair >> 16));
}

// A matrix whose numbers differ widely, and one beyond the last row, since what comes next is fetched.
matrix<float> wide_numbers(index_t rows, index_t cols) {
  auto out = test::gaussian<float>(rows, cols, "blocks");
  for (index_t i = 0; i < out.size(); ++i) out.data()[i] = std::ldexp(out.data()[i], static_cast<int>(i * 37 % 160) - 80);
  return out;
}

template <int Parts>
void check_blocks(index_t lines, index_t length) {
  CAPTURE(Parts, lines, length);
  const auto rows = wide_numbers(lines, length);  // a line is a row
  matrix<float> columns(length, lines);
  for (index_t i = 0; i < lines; ++i)
    for (index_t l = 0; l < length; ++l) columns(l, i) = rows(i, l);
  block of_rows(Parts * detail::unit_block, 0xFFFFFFFFu), of_columns = of_rows;
  detail::bf16_blocks<Parts>::of_rows(rows.data(), length, lines, length, of_rows.data());
  detail::bf16_blocks<Parts>::of_columns(columns.data(), lines, length, lines, of_columns.data());
  for (index_t i = 0; i < 16; ++i)
    for (index_t l = 0; l < 32; ++l) {
      const float value = i < lines && l < length ? rows(i, l) : 0;
      float sum = 0, in_columns = 0;
      for (int p = Parts - 1; p >= 0; --p) {
        sum += in_row(of_rows, p, i, l);
        in_columns += in_column(of_columns, p, i, l);
      }
      const float expected = Parts == 1 ? from_bfloat16(to_bfloat16(value)) : value;
      REQUIRE(sum == expected);
      REQUIRE(in_columns == expected);
    }
  block turned = of_rows;
  detail::bf16_blocks<Parts>::turn(turned.data(), turned.data());
  CHECK(turned == of_columns);
}

}  // namespace

TEST_CASE("blocks hold every number, in parts that add up to it, and zeros around them", "[backend][units]") {
  if (!detail::has_matrix_units()) return;
  for (const index_t lines : {1, 2, 15, 16})
    for (const index_t length : {1, 2, 15, 16, 17, 31, 32}) {
      check_blocks<1>(lines, length);
      check_blocks<3>(lines, length);
    }
}

TEST_CASE("blocks of numbers that are bfloat16 are those of the same floats", "[backend][units]") {
  if (!detail::has_matrix_units()) return;
  using blocks = detail::bf16_blocks<1>;
  for (const index_t count : {1, 7, 16})
    for (const index_t length : {1, 2, 15, 16, 17, 31, 32}) {
      CAPTURE(count, length);
      const auto rows = test::rounded(wide_numbers(count, length)), columns = test::rounded(wide_numbers(length, count));
      block expected(detail::unit_block, 0xFFFFFFFFu), found = expected;
      blocks::of_rows(test::as_floats(rows).data(), length, count, length, expected.data());
      blocks::of_rows(rows.data(), length, count, length, found.data());
      CHECK(found == expected);
      blocks::of_columns(test::as_floats(columns).data(), count, length, count, expected.data());
      blocks::of_columns(columns.data(), count, length, count, found.data());
      CHECK(found == expected);
    }
}

TEST_CASE("the first of three parts is rounded, and what is not finite does not become so", "[backend][units]") {
  if (!detail::has_matrix_units()) return;
  constexpr float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  std::array<float, 32> values{1.01171875f, -1.01171875f, infinity, -infinity, nan, -nan, 0x1.FFFFFEp127f};
  block b(3 * detail::unit_block);
  detail::bf16_blocks<3>::of_rows(values.data(), 32, 1, 32, b.data());
  CHECK(in_row(b, 0, 0, 0) == 1.015625f);  // a tie goes away from zero
  CHECK(in_row(b, 0, 0, 1) == -1.015625f);
  for (index_t i = 2; i < 7; ++i) {
    CAPTURE(i);
    CHECK_FALSE(std::isfinite(in_row(b, 0, 0, i) + in_row(b, 1, 0, i) + in_row(b, 2, 0, i)));
  }
}

#endif
