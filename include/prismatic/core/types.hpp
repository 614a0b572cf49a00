/// The scalar vocabulary of the library: sizes, token ids, real numbers, memory spaces.
#pragma once

#include <concepts>
#include <cstdint>

namespace prismatic {

/// Every size, index and count. Signed, so that differences are safe.
using index_t = std::int64_t;

/// A token of a proxy's vocabulary.
using token_id = std::int32_t;

/// Which cluster a row belongs to.
using label_t = std::int32_t;

/// The scalars the library computes in.
template <class T>
concept real = std::same_as<T, float> || std::same_as<T, double>;

/// Where a block of memory lives. It is part of every view's type: a host view handed to a
/// device verb does not compile.
enum class memory : std::uint8_t { host, device };

}  // namespace prismatic
