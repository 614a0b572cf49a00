/// NumPy's .npy files: the header, checked, and two-dimensional arrays as matrices.
#pragma once

#include <prismatic/core/checked.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/core/matrix_view.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/io/atomic_file.hpp>
#include <prismatic/io/dtype.hpp>
#include <prismatic/io/json.hpp>
#include <prismatic/io/mapped_file.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prismatic {

namespace detail {

struct npy_type {
  std::string_view descr;
  dtype type;
};
inline constexpr std::array<npy_type, 12> npy_types{{{"<f4", dtype::f32},
                                                     {"<f8", dtype::f64},
                                                     {"<f2", dtype::f16},
                                                     {"<i8", dtype::i64},
                                                     {"<i4", dtype::i32},
                                                     {"<i2", dtype::i16},
                                                     {"|i1", dtype::i8},
                                                     {"<u8", dtype::u64},
                                                     {"<u4", dtype::u32},
                                                     {"<u2", dtype::u16},
                                                     {"|u1", dtype::u8},
                                                     {"|b1", dtype::boolean}}};

// Reads the one Python literal that a header may be: {'descr': STRING, 'fortran_order': BOOL, 'shape': TUPLE},
// its keys in any order.
class npy_header_parser {
 public:
  npy_header_parser(std::string_view text, const std::string& path) : text_(text), path_(path) {}

  void parse() {
    expect('{');
    while (!accept('}')) {
      const std::string_view key = string();
      expect(':');
      if (key == "descr" && descr.empty())
        descr = string();
      else if (key == "fortran_order" && !fortran_order)
        fortran_order = boolean();
      else if (key == "shape" && !shape)
        shape = tuple();
      else
        fail("the key " + in_quotes(key), "descr, fortran_order and shape, once each");
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (at_ != text_.size()) fail("text behind the dictionary", "white space");
    if (descr.empty() || !fortran_order || !shape) fail("too few keys", "descr, fortran_order and shape");
  }

  std::string_view descr;
  std::optional<bool> fortran_order;
  std::optional<std::vector<index_t>> shape;

 private:
  [[noreturn]] void fail(const std::string& found, const std::string& expected) const {
    throw data_error(path_, 0, "header", found, expected);
  }
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  bool accept(char c) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c))
      fail(in_quotes(text_.substr(at_, 1)) + " at byte " + std::to_string(at_), std::string("'") + c + "'");
  }
  std::string_view string() {
    skip_space();
    const char quote = at_ < text_.size() && text_[at_] == '"' ? '"' : '\'';
    expect(quote);
    const std::size_t end = text_.find(quote, at_);
    if (end == std::string_view::npos) fail("a string without end", "a closing quote");
    return text_.substr(std::exchange(at_, end + 1), end - at_);
  }
  bool boolean() {
    skip_space();
    const std::string_view rest = text_.substr(at_);
    const bool value = rest.starts_with("True");
    if (!value && !rest.starts_with("False")) fail(in_quotes(rest.substr(0, 8)), "True or False");
    at_ += value ? 4 : 5;
    return value;
  }
  index_t number() {
    skip_space();
    index_t value = 0;
    const std::size_t begin = at_;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_)
      if (__builtin_mul_overflow(value, index_t{10}, &value) ||
          __builtin_add_overflow(value, index_t{text_[at_] - '0'}, &value))
        fail("a size beyond 63 bits", "a smaller one");
    if (at_ == begin) fail(in_quotes(text_.substr(at_, 8)), "a size");
    return value;
  }
  std::vector<index_t> tuple() {
    std::vector<index_t> sizes;
    expect('(');
    while (!accept(')')) {
      sizes.push_back(number());
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return sizes;
  }

  std::string_view text_;
  const std::string& path_;
  std::size_t at_ = 0;
};

}  // namespace detail

/// A .npy file, mapped: one array of any rank. Its header is checked against the length of the file before
/// anything is allocated.
class npy_file {
 public:
  /// @throws io_error, data_error  not .npy of version 1, 2 or 3; big-endian, structured or object arrays;
  ///         more or fewer bytes than the shape calls for
  explicit npy_file(const std::string& path) : file_(path) {
    if (!file_.text().starts_with("\x93NUMPY"))
      throw data_error(path, 0, "", "no .npy file", "its magic number");
    const index_t version = std::to_integer<index_t>(file_.slice(6, 2, "version")[0]);
    if (version < 1 || version > 3) throw data_error(path, 0, "version", std::to_string(version), "1, 2 or 3");
    const index_t length_bytes = version == 1 ? 2 : 4;
    std::uint32_t length = 0;
    std::memcpy(&length, file_.slice(8, length_bytes, "header length").data(),
                static_cast<std::size_t>(length_bytes));
    const index_t data_begin = 8 + length_bytes + index_t{length};
    read_header(file_.text(8 + length_bytes, length, "header"));
    read_data(data_begin);
  }

  [[nodiscard]] const std::string& path() const noexcept { return file_.path(); }
  [[nodiscard]] dtype type() const noexcept { return type_; }
  [[nodiscard]] bool fortran_order() const noexcept { return fortran_order_; }
  [[nodiscard]] std::span<const index_t> shape() const noexcept { return shape_; }
  [[nodiscard]] index_t elements() const noexcept { return elements_; }

  /// The elements in the order of the file, as T. @throws data_error, shape_error
  template <tensor_scalar T>
  void copy_as(vector_view<T> out) const {
    require_equal(out.size(), elements_, path() + ": elements");
    if (!converts_to<T>(type_))
      throw data_error(path(), 0, "dtype", std::string(info_of(type_).name),
                       "a type that reads as " + std::string(info_of(dtype_of<T>()).name));
    copy_elements(type_, data_.data(), out);
  }

 private:
  void read_header(std::string_view text) {
    detail::npy_header_parser header(text, path());
    header.parse();
    const auto known = std::ranges::find(detail::npy_types, header.descr, &detail::npy_type::descr);
    if (known == detail::npy_types.end())
      throw data_error(path(), 0, "descr", in_quotes(header.descr), "little-endian numbers such as \"<f4\"");
    type_ = known->type;
    fortran_order_ = *header.fortran_order;
    shape_ = *std::move(header.shape);
  }

  void read_data(index_t begin) {
    elements_ = 1;
    index_t bytes = 0;
    bool overflow = false;
    for (const index_t size : shape_) overflow |= __builtin_mul_overflow(elements_, size, &elements_);
    overflow |= __builtin_mul_overflow(elements_, info_of(type_).bytes, &bytes);
    if (overflow || bytes != file_.size() - begin)
      throw data_error(path(), 0, "data", std::to_string(file_.size() - begin) + " bytes",
                       "the bytes of " + std::string(info_of(type_).name) + " " + shape_text(shape_));
    data_ = file_.slice(begin, bytes, "data");
  }

  mapped_file file_;
  dtype type_ = dtype::f32;
  bool fortran_order_ = false;
  std::vector<index_t> shape_;
  index_t elements_ = 0;
  std::span<const std::byte> data_;
};

/// A two-dimensional array as a matrix. @throws io_error, data_error
template <tensor_scalar T>
[[nodiscard]] matrix<T> read_npy(const std::string& path) {
  const npy_file file(path);
  if (file.shape().size() != 2) throw data_error(path, 0, "shape", shape_text(file.shape()), "two dimensions");
  if (file.fortran_order() && file.shape()[0] > 1 && file.shape()[1] > 1)
    throw data_error(path, 0, "fortran_order", "True", "False (numpy.ascontiguousarray makes it so)");
  matrix<T> out(file.shape()[0], file.shape()[1]);
  file.copy_as(out.flat());
  return out;
}

/// The header numpy.save writes before an array in row-major order, padded so that the data begins at a
/// multiple of 64 bytes.
inline std::string npy_header(dtype type, std::span<const index_t> shape) {
  const auto known = std::ranges::find(detail::npy_types, type, &detail::npy_type::type);
  require_option(known != detail::npy_types.end(), "npy: NumPy has no type " + std::string(info_of(type).name));
  std::string sizes = shape_text(shape);
  if (shape.size() == 1) sizes.insert(sizes.size() - 1, ",");
  std::string text =
      "{'descr': '" + std::string(known->descr) + "', 'fortran_order': False, 'shape': " + sizes + ", }";
  text.append(63 - (10 + text.size()) % 64, ' ');
  text += '\n';
  const auto length = narrow<std::uint16_t>(static_cast<index_t>(text.size()), "npy header bytes");
  return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(length & 0xFF) +
         static_cast<char>(length >> 8) + text;
}

/// Writes a matrix as a two-dimensional array, in one atomic step. @throws io_error
template <viewable M>
void write_npy(const std::string& path, const M& values) {
  const auto view = matrix_view(values);
  using T = scalar_of<M>;
  atomic_file file(path);
  const std::array<index_t, 2> shape{view.rows(), view.cols()};
  file.write(npy_header(dtype_of<T>(), shape));
  for (index_t i = 0; i < view.rows(); ++i)
    file.write(std::as_bytes(std::span(view.row(i), static_cast<std::size_t>(view.cols()))));
  file.commit();
}

}  // namespace prismatic
