#include <prismatic/io/dtype.hpp>

#include "support/catch.hpp"

#include <vector>

using namespace prismatic;

namespace {
template <class Stored, class T>
std::vector<T> through(dtype type, const std::vector<Stored>& stored) {
  std::vector<std::byte> bytes(stored.size() * sizeof(Stored) + 1);
  std::memcpy(bytes.data() + 1, stored.data(), stored.size() * sizeof(Stored));  // off by one: never aligned
  std::vector<T> out(stored.size());
  copy_elements(type, bytes.data() + 1, vector_view<T>(out));
  return out;
}
}  // namespace

TEST_CASE("the table of types is in the order of the enumeration", "[io][dtype]") {
  for (std::size_t i = 0; i < dtypes.size(); ++i) {
    CHECK(static_cast<std::size_t>(dtypes[i].type) == i);
    CHECK(dtype_named(dtypes[i].name) == dtypes[i].type);
  }
  CHECK_FALSE(dtype_named("F4"));
  CHECK_FALSE(dtype_named(""));
}

TEST_CASE("elements widen exactly", "[io][dtype]") {
  const std::vector<float> floats{0.0f, -1.5f, 3.25e20f};
  CHECK(through<float, float>(dtype::f32, floats) == floats);
  CHECK(through<float, double>(dtype::f32, floats) == std::vector<double>(floats.begin(), floats.end()));
  CHECK(through<double, float>(dtype::f64, {1.0 / 3}) == std::vector<float>{1.0f / 3});
  CHECK(through<std::uint16_t, float>(dtype::bf16, {0x3F80, 0xC000}) == std::vector<float>{1.0f, -2.0f});
  CHECK(through<std::uint16_t, double>(dtype::f16, {0x3C00, 0xC000}) == std::vector<double>{1.0, -2.0});
  CHECK(through<std::int8_t, index_t>(dtype::i8, {-128, 127}) == std::vector<index_t>{-128, 127});
  CHECK(through<std::uint32_t, index_t>(dtype::u32, {0xFFFFFFFFu}) == std::vector<index_t>{0xFFFFFFFF});
  CHECK(through<std::int16_t, index_t>(dtype::i16, {-2}) == std::vector<index_t>{-2});
}

TEST_CASE("no conversion loses bits, but for doubles read as floats", "[io][dtype]") {
  CHECK(converts_to<float>(dtype::f64));
  CHECK_FALSE(converts_to<float>(dtype::i32));
  CHECK_FALSE(converts_to<float>(dtype::f8_e4m3));
  CHECK_FALSE(converts_to<index_t>(dtype::u64));
  CHECK_FALSE(converts_to<index_t>(dtype::f32));
  CHECK_FALSE(converts_to<std::int32_t>(dtype::i64));
  CHECK(converts_to<std::uint8_t>(dtype::u8));
}
