/// Reading safetensors files: named tensors of any size, mapped into memory.
#pragma once

#include <prismatic/core/checked.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/io/dtype.hpp>
#include <prismatic/io/json.hpp>
#include <prismatic/io/mapped_file.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prismatic {

/// The largest header that the format allows, in bytes.
inline constexpr index_t max_safetensors_header = 100'000'000;

/// One tensor of a file: row-major, little-endian, at any alignment.
struct tensor_entry {
  std::string name;
  dtype type;
  std::vector<index_t> shape;
  index_t elements;                  ///< product of the shape; 1 for a scalar
  std::span<const std::byte> bytes;  ///< valid as long as the file object
};

/// A safetensors file. Everything its header says is checked once, when it is opened: lengths, offsets,
/// overlap, and that dtype and shape account for every byte of a tensor. Gaps between tensors are allowed.
class safetensors_file {
 public:
  /// Cost: reads the header only. @throws io_error, data_error
  explicit safetensors_file(const std::string& path) : file_(path) {
    const index_t header_bytes = header_length();
    const std::string_view header = file_.text(8, header_bytes, "header");
    const json document = parse_json(header, {.file = file_.path()});
    if (!document.is_object()) throw data_error(path, 0, "header", described(document), "an object");
    const index_t data_begin = 8 + header_bytes;
    for (const auto& [name, value] : document.items()) {
      if (name == "__metadata__")
        read_metadata(value);
      else
        tensors_.push_back(read_entry(name, value, data_begin));
    }
    check_cover(data_begin);
  }

  [[nodiscard]] const std::string& path() const noexcept { return file_.path(); }

  /// Every tensor, sorted by name.
  [[nodiscard]] std::span<const tensor_entry> tensors() const noexcept { return tensors_; }

  /// The free-form strings of `__metadata__`.
  [[nodiscard]] const std::map<std::string, std::string>& metadata() const noexcept { return metadata_; }

  /// The tensor of that name, or nullptr.
  [[nodiscard]] const tensor_entry* find(std::string_view name) const noexcept {
    const auto at = std::ranges::lower_bound(tensors_, name, {}, &tensor_entry::name);
    return at == tensors_.end() || at->name != name ? nullptr : &*at;
  }

  /// The tensor of that name. @throws data_error
  [[nodiscard]] const tensor_entry& at(std::string_view name) const {
    const tensor_entry* const found = find(name);
    if (found == nullptr)
      throw data_error(path(), 0, in_quotes(name, 120), "no such tensor",
                       "it among " + std::to_string(tensors_.size()));
    return *found;
  }

  /// Reads elements [first, first + out.size()) of a tensor of this file, in row-major order, as T.
  /// @throws data_error when the dtype does not convert to T (see converts_to) or the range is outside
  template <tensor_scalar T>
  void copy_as(const tensor_entry& tensor, vector_view<T> out, index_t first = 0) const {
    if (!converts_to<T>(tensor.type))
      throw data_error(path(), 0, in_quotes(tensor.name, 120), std::string(info_of(tensor.type).name),
                       "a type that reads as " + std::string(info_of(dtype_of<T>()).name));
    if (first < 0 || first > tensor.elements || out.size() > tensor.elements - first)
      throw data_error(path(), 0, in_quotes(tensor.name, 120), std::to_string(tensor.elements) + " elements",
                       std::to_string(out.size()) + " from element " + std::to_string(first));
    copy_elements(tensor.type, tensor.bytes.data() + first * info_of(tensor.type).bytes, out);
  }

  /// A two-dimensional tensor as a matrix. @throws data_error
  template <tensor_scalar T>
  [[nodiscard]] matrix<T> read_matrix(std::string_view name) const {
    const tensor_entry& tensor = at(name);
    if (tensor.shape.size() != 2)
      throw data_error(path(), 0, in_quotes(name, 120), "shape " + shape_text(tensor.shape), "two dimensions");
    matrix<T> out(tensor.shape[0], tensor.shape[1]);
    copy_as(tensor, out.flat());
    return out;
  }

 private:
  [[nodiscard]] index_t header_length() const {
    std::uint64_t claimed = 0;
    std::memcpy(&claimed, file_.slice(0, 8, "header length").data(), 8);
    if (claimed > static_cast<std::uint64_t>(max_safetensors_header) ||
        claimed > static_cast<std::uint64_t>(file_.size() - 8))
      throw data_error(path(), 0, "header length", std::to_string(claimed) + " bytes",
                       "at most " + std::to_string(std::min(max_safetensors_header, file_.size() - 8)));
    return static_cast<index_t>(claimed);
  }

  void read_metadata(const json& value) {
    const json_place place{.file = path(), .inside = "__metadata__"};
    if (!value.is_object()) throw field_error(place, "", described(value), "an object");
    for (const auto& [name, text] : value.items())
      metadata_.emplace(name, as_value<std::string>(text, in_quotes(name), place));
  }

  [[nodiscard]] tensor_entry read_entry(const std::string& name, const json& value, index_t data_begin) const {
    const std::string shown = in_quotes(name, 120);
    const json_place place{.file = path(), .inside = shown};
    const std::string type_name = require<std::string>(value, "dtype", place);
    const std::optional<dtype> type = dtype_named(type_name);
    if (!type) throw field_error(place, "dtype", in_quotes(type_name), "BOOL, U8 ... F64");

    std::vector<index_t> shape;
    for (const json& size : require_array(value, "shape", place)) {
      shape.push_back(as_value<index_t>(size, "shape", place));
      if (shape.back() < 0) throw field_error(place, "shape", described(size), "sizes of 0 or more");
    }
    const json& offsets = require_array(value, "data_offsets", place);
    if (offsets.size() != 2)
      throw field_error(place, "data_offsets", std::to_string(offsets.size()) + " numbers", "2");
    const index_t begin = as_value<index_t>(offsets[0], "data_offsets", place);
    const index_t end = as_value<index_t>(offsets[1], "data_offsets", place);
    const std::string range = "[" + std::to_string(begin) + ", " + std::to_string(end) + ")";
    if (begin < 0 || end < begin || end > file_.size() - data_begin)
      throw field_error(place, "data_offsets", range,
                        "a range within " + std::to_string(file_.size() - data_begin) + " bytes of data");
    const index_t elements = product(shape, place);
    if (elements > file_.size() || elements * info_of(*type).bytes != end - begin)
      throw field_error(place, "data_offsets", range, "the bytes of " + type_name + " " + shape_text(shape));
    return {name, *type, std::move(shape), elements, file_.slice(data_begin + begin, end - begin, shown)};
  }

  static index_t product(std::span<const index_t> shape, const json_place& place) {
    index_t elements = 1;
    for (const index_t size : shape)
      if (__builtin_mul_overflow(elements, size, &elements))
        throw field_error(place, "shape", shape_text(shape), "a size that fits 63 bits");
    return elements;
  }

  // The tensors are the data, end to end. A hole is what a header length that is off by a little leaves: without this
  // every tensor would be read from beside its place.
  void check_cover(index_t data_begin) const {
    std::vector<const tensor_entry*> order;
    for (const tensor_entry& tensor : tensors_)
      if (!tensor.bytes.empty()) order.push_back(&tensor);
    std::ranges::sort(order, {}, [](const tensor_entry* tensor) { return tensor->bytes.data(); });
    const std::byte* end = file_.slice(data_begin, 0, "data").data();
    for (std::size_t i = 0; i < order.size(); ++i) {
      const std::string shown = in_quotes(order[i]->name, 120);
      if (order[i]->bytes.data() < end)
        throw data_error(path(), 0, shown, "bytes shared with " + in_quotes(order[i - 1]->name, 120), "bytes of its own");
      if (order[i]->bytes.data() > end)
        throw data_error(path(), 0, shown, std::to_string(order[i]->bytes.data() - end) + " bytes before it that are no tensor's", "none");
      end += order[i]->bytes.size();
    }
    const std::byte* const last = file_.slice(file_.size(), 0, "data").data();
    if (end != last) throw data_error(path(), 0, "data", std::to_string(last - end) + " bytes behind the last tensor", "none");
  }

  mapped_file file_;
  std::vector<tensor_entry> tensors_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace prismatic
