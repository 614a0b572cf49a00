#include <prismatic/io/safetensors_writer.hpp>

#include "support/catch.hpp"
#include "support/numeric.hpp"
#include "support/temporary_directory.hpp"

#include <filesystem>

using namespace prismatic;

TEMPLATE_TEST_CASE("safetensors: matrices come back to the bit", "[io][safetensors_writer]", float, double) {
  const test::temporary_directory directory;
  const matrix<TestType> a = test::gaussian<TestType>(7, 5, "a"), one = test::gaussian<TestType>(1, 1, "one");
  const matrix<TestType> none(0, 4);
  const std::string path = directory / "a.safetensors";
  write_safetensors(path,
                    {tensor_of("all", a), tensor_of("part", a.view().middle_cols(1, 3).middle_rows(2, 4)),
                     tensor_of("one", one), tensor_of("none", none)},
                    {{"note", "caf\xC3\xA9"}, {"seed", "1"}});
  const safetensors_file file(path);
  CHECK(file.metadata() == std::map<std::string, std::string>{{"note", "caf\xC3\xA9"}, {"seed", "1"}});
  CHECK(file.tensors().size() == 4);
  CHECK(file.at("all").type == dtype_of<TestType>());

  const matrix<TestType> all = file.read_matrix<TestType>("all"), part = file.read_matrix<TestType>("part");
  CHECK(test::largest_difference(all, test::widened(a)) == 0.0);
  CHECK(part.rows() == 4);
  CHECK(part.cols() == 3);
  for (index_t i = 0; i < 4; ++i)
    for (index_t j = 0; j < 3; ++j) CHECK(part(i, j) == a(i + 2, j + 1));
  CHECK(file.read_matrix<TestType>("one")(0, 0) == one(0, 0));
  CHECK(file.read_matrix<TestType>("none").cols() == 4);
}

TEST_CASE("safetensors: every type comes back, aligned to itself", "[io][safetensors_writer]") {
  const test::temporary_directory directory;
  const std::vector<std::uint8_t> bytes{1, 2, 255};
  const std::vector<std::int64_t> longs{-1, std::int64_t{1} << 62};
  const std::vector<std::int32_t> ints{-7};
  const std::vector<float> floats{1.5f, -2.0f, 0.0f};
  const std::vector<std::uint16_t> halves{to_bfloat16(3.5f), to_bfloat16(-1.0f)};
  const std::string path = directory / "a.safetensors";
  write_safetensors(path, {tensor_of("a_bytes", bytes), tensor_of("z_longs", longs), tensor_of("ints", ints),
                           tensor_of("floats", floats),
                           tensor_of("halves", dtype::bf16, {2, 1}, std::as_bytes(std::span(halves)))});
  const safetensors_file file(path);
  const auto data_begin = static_cast<std::ptrdiff_t>(8) +
                          static_cast<std::ptrdiff_t>(test::contents(path)[0]) +
                          (static_cast<std::ptrdiff_t>(test::contents(path)[1]) << 8);
  CHECK(data_begin % 64 == 0);
  const std::byte* const begin = file.at("z_longs").bytes.data();
  for (const tensor_entry& tensor : file.tensors()) {
    CAPTURE(tensor.name);
    CHECK((tensor.bytes.data() - begin) % info_of(tensor.type).bytes == 0);
  }
  std::vector<std::int64_t> back(3);
  file.copy_as(file.at("a_bytes"), vector_view<std::int64_t>(back));
  CHECK(back == std::vector<std::int64_t>{1, 2, 255});
  back.resize(2);
  file.copy_as(file.at("z_longs"), vector_view<std::int64_t>(back));
  CHECK(back == longs);
  const matrix<float> widened = file.read_matrix<float>("halves");
  CHECK(widened(0, 0) == 3.5f);
  CHECK(widened(1, 0) == -1.0f);
}

TEST_CASE("safetensors: the same tensors give the same bytes in any order", "[io][safetensors_writer]") {
  const test::temporary_directory directory;
  const std::vector<float> a{1}, b{2};
  write_safetensors(directory / "ab", {tensor_of("a", a), tensor_of("b", b)});
  write_safetensors(directory / "ba", {tensor_of("b", b), tensor_of("a", a)});
  CHECK(test::contents(directory / "ab") == test::contents(directory / "ba"));
  CHECK(
      test::contents(directory / "ab")
          .substr(8)
          .starts_with(
              R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}} )"));
}

TEST_CASE("safetensors: what the format cannot hold is refused and leaves no file",
          "[io][safetensors_writer]") {
  const test::temporary_directory directory;
  const std::vector<float> a{1};
  const std::string path = directory / "a.safetensors";
  CHECK_THROWS_WITH(write_safetensors(path, {tensor_of("x", a), tensor_of("x", a)}),
                    Catch::Contains("two tensors called \"x\""));
  CHECK_THROWS_AS(write_safetensors(path, {tensor_of("__metadata__", a)}), option_error);
  CHECK_THROWS_AS(write_safetensors(path, {tensor_of("\xFF", a)}), data_error);
  CHECK_THROWS_AS(tensor_of("x", dtype::f32, {2}, std::as_bytes(std::span(a))), shape_error);
  CHECK_THROWS_AS(write_safetensors(directory / "no/such", {tensor_of("x", a)}), io_error);
  CHECK(directory.entries() == 0);
}
