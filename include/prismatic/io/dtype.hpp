/// The element types that tensor files name, and reading elements of one type as another.
#pragma once

#include <prismatic/core/bfloat16.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/io/half.hpp>

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace prismatic {

/// Element types of tensor files. The 8-bit floats can be listed and copied as bytes, not converted.
enum class dtype : std::uint8_t {
  boolean,
  u8,
  i8,
  f8_e4m3,
  f8_e5m2,
  u16,
  i16,
  f16,
  bf16,
  u32,
  i32,
  f32,
  u64,
  i64,
  f64
};

/// What there is to know of each.
struct dtype_info {
  dtype type;
  std::string_view name;  ///< as safetensors spells it
  index_t bytes;          ///< of one element
};

inline constexpr std::array<dtype_info, 15> dtypes{{{dtype::boolean, "BOOL", 1},
                                                    {dtype::u8, "U8", 1},
                                                    {dtype::i8, "I8", 1},
                                                    {dtype::f8_e4m3, "F8_E4M3", 1},
                                                    {dtype::f8_e5m2, "F8_E5M2", 1},
                                                    {dtype::u16, "U16", 2},
                                                    {dtype::i16, "I16", 2},
                                                    {dtype::f16, "F16", 2},
                                                    {dtype::bf16, "BF16", 2},
                                                    {dtype::u32, "U32", 4},
                                                    {dtype::i32, "I32", 4},
                                                    {dtype::f32, "F32", 4},
                                                    {dtype::u64, "U64", 8},
                                                    {dtype::i64, "I64", 8},
                                                    {dtype::f64, "F64", 8}}};

constexpr const dtype_info& info_of(dtype type) noexcept { return dtypes[static_cast<std::size_t>(type)]; }

/// The type safetensors calls `name`, or nothing.
constexpr std::optional<dtype> dtype_named(std::string_view name) noexcept {
  for (const dtype_info& each : dtypes)
    if (each.name == name) return each.type;
  return std::nullopt;
}

/// The C++ types that elements are read into and written from. float16 has none of its own.
template <class T>
concept tensor_scalar = std::same_as<T, float> || std::same_as<T, double> || std::same_as<T, bf16> || std::same_as<T, std::int64_t> ||
    std::same_as<T, std::int32_t> || std::same_as<T, std::uint8_t>;

/// The dtype whose elements are stored as T.
template <tensor_scalar T>
constexpr dtype dtype_of() noexcept {
  if constexpr (std::same_as<T, float>)
    return dtype::f32;
  else if constexpr (std::same_as<T, double>)
    return dtype::f64;
  else if constexpr (std::same_as<T, bf16>)
    return dtype::bf16;
  else if constexpr (std::same_as<T, std::int64_t>)
    return dtype::i64;
  else if constexpr (std::same_as<T, std::int32_t>)
    return dtype::i32;
  else
    return dtype::u8;
}

/// Whether `copy_elements<T>` reads this type: its own, any float of 16 bits or more as float or double, any
/// smaller integer as int64. A double read as float is rounded; nothing else loses a bit.
template <tensor_scalar T>
constexpr bool converts_to(dtype type) noexcept {
  using enum dtype;
  if (type == dtype_of<T>()) return true;
  if constexpr (real<T>) return type == f16 || type == bf16 || type == f32 || type == f64;
  if constexpr (std::same_as<T, std::int64_t>)
    return type == u8 || type == i8 || type == u16 || type == i16 || type == u32 || type == i32;
  return false;
}

namespace detail {

// Element by element through memcpy: the bytes of a file need not be aligned.
template <class Stored, class T, class Convert>
void convert_elements(const std::byte* from, vector_view<T> out, Convert convert) {
  for (index_t i = 0; i < out.size(); ++i) {
    Stored stored;
    std::memcpy(&stored, from + i * index_t{sizeof(Stored)}, sizeof(Stored));
    out[i] = static_cast<T>(convert(stored));
  }
}

}  // namespace detail

/// Reads out.size() elements of `type` from `from`, little-endian and unaligned.
/// Precondition: converts_to<T>(type), and that many elements are there.
template <tensor_scalar T>
void copy_elements(dtype type, const std::byte* from, vector_view<T> out) {
  const auto same = [](auto stored) { return stored; };
  if (out.empty()) return;
  if (type == dtype_of<T>()) {
    std::memcpy(out.data(), from, static_cast<std::size_t>(out.size()) * sizeof(T));
  } else if constexpr (real<T>) {
    if (type == dtype::bf16) detail::convert_elements<std::uint16_t>(from, out, from_bfloat16);
    if (type == dtype::f16) detail::convert_elements<std::uint16_t>(from, out, from_half);
    if (type == dtype::f32) detail::convert_elements<float>(from, out, same);
    if (type == dtype::f64) detail::convert_elements<double>(from, out, same);
  } else if constexpr (std::same_as<T, std::int64_t>) {
    if (type == dtype::u8) detail::convert_elements<std::uint8_t>(from, out, same);
    if (type == dtype::i8) detail::convert_elements<std::int8_t>(from, out, same);
    if (type == dtype::u16) detail::convert_elements<std::uint16_t>(from, out, same);
    if (type == dtype::i16) detail::convert_elements<std::int16_t>(from, out, same);
    if (type == dtype::u32) detail::convert_elements<std::uint32_t>(from, out, same);
    if (type == dtype::i32) detail::convert_elements<std::int32_t>(from, out, same);
  }
}

/// (3, 4) for people, as error texts show a shape.
inline std::string shape_text(std::span<const index_t> shape) {
  std::string out = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) out += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  return out + ")";
}

static_assert(std::endian::native == std::endian::little, "tensor files are little-endian");

}  // namespace prismatic
