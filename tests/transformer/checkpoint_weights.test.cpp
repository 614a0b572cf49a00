#include "support/catch.hpp"
#include "transformer/checkpoints.hpp"

#include <prismatic/core/error.hpp>
#include <prismatic/core/philox.hpp>
#include <prismatic/transformer/checkpoint_weights.hpp>

#include <cstring>
#include <filesystem>
#include <string>

using namespace prismatic;
using Catch::Matchers::Contains;

namespace {

const char* const index_file = "model.safetensors.index.json";

std::string refusal(const test::damaged_checkpoint& checkpoint) {
  return test::message_of([&] { const checkpoint_weights weights(checkpoint.path()); });
}

}  // namespace

TEST_CASE("tensors of one file and of shards are found by name", "[transformer][checkpoint]") {
  const checkpoint_weights one(test::checkpoint_path("qwen2")), shards(test::checkpoint_path("qwen3"));
  CHECK(one.tensors().size() == 26);
  CHECK(one.dtypes() == "BF16");
  CHECK(shards.tensors().size() == 36);
  CHECK(shards.dtypes() == "F16");
  REQUIRE(shards.find("model.norm.weight") != nullptr);
  CHECK(shards.find("model.norm.weight")->entry->shape == std::vector<index_t>{24});
  CHECK(shards.find("model.norm.bias") == nullptr);
}

TEST_CASE("shards are links to elsewhere in the cache of a hub", "[transformer][checkpoint]") {
  const test::temporary_directory snapshot;
  for (const auto& file : std::filesystem::directory_iterator(test::checkpoint_path("qwen3")))
    std::filesystem::create_symlink(file.path(), snapshot / file.path().filename().string());
  CHECK(checkpoint_weights(snapshot.path()).tensors().size() == 36);
}

TEST_CASE("a shard's name cannot leave the directory", "[transformer][checkpoint]") {
  const auto name = GENERATE("../model.safetensors", "/etc/passwd", "..", ".", "", "a/b.safetensors", "..\\x", "x\\u0000y");
  const test::damaged_checkpoint checkpoint("qwen3");
  checkpoint.edit(index_file, [&](json& index) {
    index["weight_map"]["model.norm.weight"] = json::parse(std::string("\"") + (std::string_view(name) == "..\\x" ? "..\\\\x" : name) + "\"");
  });
  CHECK_THROWS_AS(checkpoint_weights(checkpoint.path()), data_error);
  CHECK_THAT(refusal(checkpoint), Contains("model.norm.weight") && Contains("expected the name of a file in the same directory"));
}

TEST_CASE("an index that disagrees with its shards is refused", "[transformer][checkpoint]") {
  const test::damaged_checkpoint checkpoint("qwen3");
  SECTION("a tensor in another shard") {
    checkpoint.edit(index_file, [](json& index) { index["weight_map"]["model.norm.weight"] = "model-00001-of-00004.safetensors"; });
    CHECK_THAT(refusal(checkpoint), Contains("model-00001-of-00004.safetensors: found no tensor \"model.norm.weight\""));
  }
  SECTION("a tensor in no shard") {
    checkpoint.edit(index_file, [](json& index) { index["weight_map"]["model.more"] = "model-00001-of-00004.safetensors"; });
    CHECK_THAT(refusal(checkpoint), Contains("found no tensor \"model.more\""));
  }
  SECTION("a shard that is not there") {
    checkpoint.remove("model-00002-of-00004.safetensors");
    CHECK_THROWS_AS(checkpoint_weights(checkpoint.path()), io_error);
    CHECK_THAT(refusal(checkpoint), Contains("model-00002-of-00004.safetensors"));
  }
  SECTION("a tensor in two shards") {
    checkpoint.write("model-00002-of-00004.safetensors", checkpoint.read("model-00001-of-00004.safetensors"));
    CHECK_THAT(refusal(checkpoint), Contains("expected it only in"));
  }
  SECTION("no map") {
    checkpoint.write(index_file, "{}");
    CHECK_THAT(refusal(checkpoint), Contains("weight_map: found nothing"));
  }
  SECTION("no weights at all") {
    checkpoint.remove(index_file);
    CHECK_THROWS_AS(checkpoint_weights(checkpoint.path()), model_error);
    CHECK_THAT(refusal(checkpoint), Contains("expected one of them"));
  }
}

TEST_CASE("a file cut anywhere is refused in one line", "[transformer][checkpoint]") {
  const test::damaged_checkpoint checkpoint("qwen2");
  const std::string whole = checkpoint.read("model.safetensors");
  const auto length = GENERATE(0, 7, 8, 9, 500, 2000, 5000, 59527);
  checkpoint.write("model.safetensors", std::string_view(whole).substr(0, static_cast<std::size_t>(length)));
  CHECK_THROWS_AS(checkpoint_weights(checkpoint.path()), data_error);
  CHECK_THAT(refusal(checkpoint), Contains("model.safetensors") && !Contains("\n"));
}

TEST_CASE("a flipped bit in a header is refused or changes only names", "[transformer][checkpoint]") {
  const test::damaged_checkpoint checkpoint("qwen2");
  const std::string whole = checkpoint.read("model.safetensors");
  const random_stream random(1, "flips");
  std::uint64_t header = 0;
  std::memcpy(&header, whole.data(), 8);
  for (std::uint64_t i = 0; i < 200; ++i) {
    std::string broken = whole;
    broken[static_cast<std::size_t>(random.below(2 * i, static_cast<index_t>(8 + header)))] ^= static_cast<char>(1 << random.below(2 * i + 1, 8));
    checkpoint.write("model.safetensors", broken);
    const std::string message = refusal(checkpoint);
    CHECK((message.empty() || message.starts_with(checkpoint.path() + "/model.safetensors: ")));
    CHECK(message.find('\n') == std::string::npos);
  }
}

TEST_CASE("a header that lies about its length, or a shape of 2^63, is refused", "[transformer][checkpoint]") {
  const test::damaged_checkpoint checkpoint("qwen2");
  std::string whole = checkpoint.read("model.safetensors");
  SECTION("length") {
    whole[7] = '\x7F';
    checkpoint.write("model.safetensors", whole);
    CHECK_THAT(refusal(checkpoint), Contains("header length"));
  }
  SECTION("shape") {
    const std::string header = R"({"a":{"dtype":"F32","shape":[4294967296,2147483648],"data_offsets":[0,8]}})";
    std::string file(8, '\0');
    file[0] = static_cast<char>(header.size());
    checkpoint.write("model.safetensors", file + header + "12345678");
    CHECK_THAT(refusal(checkpoint), Contains("shape") && Contains("63 bits"));
  }
  SECTION("overlap") {
    const std::string header = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})";
    std::string file(8, '\0');
    file[0] = static_cast<char>(header.size());
    checkpoint.write("model.safetensors", file + header + "12345678");
    CHECK_THAT(refusal(checkpoint), Contains("bytes shared with"));
  }
}
