/// Writing safetensors files in one atomic step.
#pragma once

#include <prismatic/core/checked.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/io/atomic_file.hpp>
#include <prismatic/io/dtype.hpp>
#include <prismatic/io/json.hpp>
#include <prismatic/io/safetensors.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prismatic {

/// A tensor to be written: `rows` runs of `row_bytes` bytes, `stride_bytes` apart. It refers to memory that
/// must outlive the write.
struct tensor_source {
  std::string name;
  dtype type;
  std::vector<index_t> shape;
  const std::byte* data;
  index_t rows;
  index_t row_bytes;
  index_t stride_bytes;
};

/// A matrix as a two-dimensional tensor.
template <viewable M>
tensor_source tensor_of(std::string name, const M& values) {
  const auto view = matrix_view(values);
  static_assert(decltype(view)::space == memory::host);
  using T = scalar_of<M>;
  return {std::move(name),
          dtype_of<T>(),
          {view.rows(), view.cols()},
          reinterpret_cast<const std::byte*>(view.data()),
          view.rows(),
          view.cols() * index_t{sizeof(T)},
          view.stride() * index_t{sizeof(T)}};
}

/// Elements that are already in the form of the file, for any dtype and shape.
/// @throws shape_error when `bytes` is not what dtype and shape call for
inline tensor_source tensor_of(std::string name, dtype type, std::vector<index_t> shape,
                               std::span<const std::byte> bytes) {
  index_t expected = info_of(type).bytes;
  for (const index_t size : shape) expected = checked_mul(expected, size, "tensor bytes");
  const auto found = static_cast<index_t>(bytes.size());
  require_equal(found, expected, "tensor " + in_quotes(name) + ": bytes");
  return {std::move(name), type, std::move(shape), bytes.data(), 1, found, found};
}

/// A contiguous range as a one-dimensional tensor.
template <tensor_scalar T>
tensor_source tensor_of(std::string name, std::span<const T> values) {
  return tensor_of(std::move(name), dtype_of<T>(), {static_cast<index_t>(values.size())},
                   std::as_bytes(values));
}
template <tensor_scalar T>
tensor_source tensor_of(std::string name, const std::vector<T>& values) {
  return tensor_of(std::move(name), std::span<const T>(values));
}

namespace detail {

// The header as text, padded with spaces so that the data begins at a multiple of 64 bytes.
inline std::string safetensors_header(std::span<const tensor_source* const> order,
                                      const std::map<std::string, std::string>& metadata) {
  ordered_json header = ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  index_t offset = 0;
  for (const tensor_source* tensor : order) {
    const index_t end =
        checked_add(offset, checked_mul(tensor->rows, tensor->row_bytes, "tensor bytes"), "file bytes");
    header.get_ref<ordered_json::object_t&>().emplace_back(
        tensor->name,
        ordered_json{
            {"dtype", info_of(tensor->type).name}, {"shape", tensor->shape}, {"data_offsets", {offset, end}}});
    offset = end;
  }
  std::string text = dump_json(header, "write_safetensors: names and metadata");
  constexpr std::size_t alignment = 64;
  text.append((alignment - (text.size() + 8) % alignment) % alignment, ' ');
  return text;
}

}  // namespace detail

/// Writes the tensors in the order of element size, widest first, then name, so that each is aligned to its
/// element size in the mapped file.
/// @param metadata  free-form strings, kept under `__metadata__`
/// @throws option_error  two tensors of one name, or the name the format reserves
/// @throws data_error    a name or metadata that is not UTF-8
/// @throws size_error    the header would exceed max_safetensors_header: too many tensors for one file
/// @throws io_error
inline void write_safetensors(const std::string& path, std::span<const tensor_source> tensors,
                              const std::map<std::string, std::string>& metadata = {}) {
  std::vector<const tensor_source*> order;
  for (const tensor_source& tensor : tensors) order.push_back(&tensor);
  std::ranges::sort(order, {}, &tensor_source::name);
  for (std::size_t i = 0; i < order.size(); ++i) {
    require_option(order[i]->name != "__metadata__", "write_safetensors: the name __metadata__ is reserved");
    require_option(i == 0 || order[i]->name != order[i - 1]->name,
                   "write_safetensors: found two tensors called " + in_quotes(order[i]->name));
  }
  std::ranges::stable_sort(order, std::ranges::greater{},
                           [](const tensor_source* t) { return info_of(t->type).bytes; });

  const std::string header = detail::safetensors_header(order, metadata);
  if (static_cast<index_t>(header.size()) > max_safetensors_header)
    throw size_error(path + ": a header of " + std::to_string(header.size()) + " bytes, expected at most " +
                     std::to_string(max_safetensors_header) + ": write fewer tensors a file");
  atomic_file file(path);
  const std::uint64_t length = header.size();
  file.write(std::as_bytes(std::span(&length, 1)));
  file.write(header);
  for (const tensor_source* tensor : order)
    for (index_t row = 0; row < tensor->rows; ++row)
      file.write({tensor->data + row * tensor->stride_bytes, static_cast<std::size_t>(tensor->row_bytes)});
  file.commit();
}
inline void write_safetensors(const std::string& path, std::initializer_list<tensor_source> tensors,
                              const std::map<std::string, std::string>& metadata = {}) {
  write_safetensors(path, std::span(tensors.begin(), tensors.size()), metadata);
}

}  // namespace prismatic
