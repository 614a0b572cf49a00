#include <prismatic/io/safetensors.hpp>

#include <prismatic/core/philox.hpp>
#include <prismatic/io/safetensors_writer.hpp>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace prismatic;

namespace {

// A file made by hand: what the writer would never write.
std::string file_of(std::string_view header, std::string_view data) {
  const std::uint64_t length = header.size();
  std::string out(reinterpret_cast<const char*>(&length), 8);
  return out.append(header).append(data);
}

void read_all(const std::string& path) {
  const safetensors_file file(path);
  for (const tensor_entry& tensor : file.tensors()) {
    unsigned sum = 0;
    for (const std::byte b : tensor.bytes) sum += std::to_integer<unsigned>(b);
    CHECK(sum < 1u << 30);  // every byte is really there
  }
}

constexpr std::string_view small_header =
    R"({"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}})";

}  // namespace

TEST_CASE("safetensors: a file made by hand reads as the format says", "[io][safetensors]") {
  const test::temporary_directory directory;
  const std::string data("\0\0\x80?\0\0\0@abc", 11);
  const safetensors_file file(directory.write("a", file_of(small_header, data)));
  REQUIRE(file.tensors().size() == 2);
  CHECK(file.tensors()[0].name == "b");
  CHECK(file.tensors()[1].name == "w");
  CHECK(file.metadata().at("format") == "pt");
  const matrix<double> w = file.read_matrix<double>("w");
  CHECK(w(0, 0) == 1.0);
  CHECK(w(1, 0) == 2.0);

  std::vector<float> second(1);
  file.copy_as(file.at("w"), vector_view<float>(second), 1);
  CHECK(second[0] == 2.0f);
  CHECK_THROWS_AS(file.copy_as(file.at("w"), vector_view<float>(second), 2), data_error);
  CHECK_THROWS_AS(file.copy_as(file.at("w"), vector_view<float>(second), -1), data_error);
  CHECK_THROWS_WITH(file.copy_as(file.at("b"), vector_view<float>(second)), Catch::Contains("\"b\": found U8"));
  CHECK_THROWS_WITH(file.at("missing"), Catch::Contains("\"missing\": found no such tensor"));
  CHECK_THROWS_WITH(file.read_matrix<float>("b"), Catch::Contains("found shape (3), expected two dimensions"));
  CHECK(file.find("missing") == nullptr);
}

TEST_CASE("safetensors: scalars, empty tensors and odd offsets are fine", "[io][safetensors]") {
  const test::temporary_directory directory;
  const std::string data = std::string("xyz") + std::string("\0\0\x80?", 4);
  const safetensors_file file(directory.write(
      "a",
      file_of(
          R"({"s":{"dtype":"F32","shape":[],"data_offsets":[3,7]},"x":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"e":{"dtype":"F64","shape":[0,5],"data_offsets":[5,5]}}   )",
          data)));
  std::vector<float> one(1);
  file.copy_as(file.at("s"), vector_view<float>(one));
  CHECK(one[0] == 1.0f);
  CHECK(file.at("e").elements == 0);
  CHECK(file.read_matrix<double>("e").cols() == 5);
  CHECK(safetensors_file(directory.write("none", file_of("{}", ""))).tensors().empty());
}

TEST_CASE("safetensors: headers that lie are refused", "[io][safetensors]") {
  const test::temporary_directory directory;
  const auto refused = [&](std::string_view header, std::string_view why) {
    CAPTURE(header);
    const std::string path = directory.write("a", file_of(header, "01234567"));
    CHECK_THROWS_AS(read_all(path), data_error);
    CHECK_THROWS_WITH(read_all(path), Catch::StartsWith(path) && Catch::Contains(std::string(why)));
  };
  refused("", "JSON");
  refused("[]", "header: found array");
  refused("{", "JSON");
  refused(R"({"a":1})", "\"a\": found number 1, expected an object");
  refused(R"({"a":{}})", "\"a\".dtype: found nothing");
  refused(R"({"a":{"dtype":"F7","shape":[1],"data_offsets":[0,4]}})", "\"F7\"");
  refused(R"({"a":{"dtype":"F32","shape":[1]}})", "data_offsets: found nothing");
  refused(R"({"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}})", "shape");
  refused(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}})", "found 3 numbers, expected 2");
  refused(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}})", "expected the bytes of F32 (1)");
  refused(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}})", "within 8 bytes");
  refused(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", "data_offsets");
  refused(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}})", "data_offsets");
  refused(R"({"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}})", "shape: found number 1.0");
  refused(R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", "shape");
  refused(R"({"a":{"dtype":"F32","shape":[9223372036854775807,4],"data_offsets":[0,4]}})", "63 bits");
  refused(R"({"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,4]}})", "shape");
  refused(R"({"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,4]}})", "data_offsets");
  refused(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", "63 bits");
  refused(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[9223372036854775803,9223372036854775807]}})",
          "data_offsets");
  refused(
      R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[3,7]}})",
      "\"b\": found bytes shared with \"a\"");
  refused(
      R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[1],"data_offsets":[3,4]}})",
      "shared");
  refused(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}})", "\"a\": found 4 bytes before it that are no tensor's");
  refused(
      R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}})",
      "\"b\": found 1 bytes before it");
  refused(R"({"a":{"dtype":"U8","shape":[6],"data_offsets":[0,6]}})", "data: found 2 bytes behind the last tensor");
  refused("{}", "data: found 8 bytes behind the last tensor");
  refused(
      R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
      "the key \"a\" twice");
  refused(R"({"__metadata__":{"a":1}})", "__metadata__.\"a\": found number 1");
  refused(R"({"__metadata__":[]})", "__metadata__: found array");
  refused(std::string(100000, '['), "nested");
  refused("{\"\xFF\":{}}", "invalid UTF-8");
}

TEST_CASE("safetensors: header lengths that lie are refused", "[io][safetensors]") {
  const test::temporary_directory directory;
  const std::uint64_t length = GENERATE(3ull, 100'000'001ull, 1ull << 32, 1ull << 63, ~0ull);
  std::string text(reinterpret_cast<const char*>(&length), 8);
  CHECK_THROWS_WITH(read_all(directory.write("a", text + "{}")),
                    Catch::Contains("header length: found " + std::to_string(length)));
}

TEST_CASE("safetensors: a header length within its padding is refused: it would shift every tensor", "[io][safetensors]") {
  const test::temporary_directory directory;
  std::string text = file_of(std::string(small_header) + "   ", std::string(11, 'x'));
  read_all(directory.write("a", text));
  --text[0];
  CHECK_THROWS_WITH(read_all(directory.write("a", text)), Catch::Contains("data: found 1 bytes behind the last tensor"));
}

TEST_CASE("safetensors: a file cut at any byte is refused", "[io][safetensors]") {
  const test::temporary_directory directory;
  const std::string whole = file_of(small_header, std::string(11, 'x'));
  read_all(directory.write("a", whole));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK_THROWS_AS(read_all(directory.write("a", whole.substr(0, size))), data_error);
  }
}

TEST_CASE("safetensors: flipped bits are refused or stay within the file", "[io][safetensors]") {
  const test::temporary_directory directory;
  const std::string whole = file_of(small_header, std::string(11, 'x'));
  const random_stream random(1, "safetensors flips");
  int refused = 0;
  for (std::uint64_t trial = 0; trial < 3000; ++trial) {
    std::string damaged = whole;
    const index_t flips = 1 + random.below(8 * trial, 3);
    for (index_t f = 0; f < flips; ++f) {
      const auto bit = static_cast<std::size_t>(random.below(
          8 * trial + 1 + static_cast<std::uint64_t>(f), static_cast<index_t>(8 * (8 + small_header.size()))));
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    }
    try {
      read_all(directory.write("a", damaged));
    } catch (const data_error&) {
      ++refused;
    }
  }
  CHECK(refused > 1500);  // the rest changed a name or a number into another valid one
}
