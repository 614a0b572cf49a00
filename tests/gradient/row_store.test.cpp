#include "support/catch.hpp"
#include "support/numeric.hpp"
#include "support/temporary_directory.hpp"

#include <prismatic/gradient/row_store.hpp>

#include <filesystem>
#include <string>
#include <vector>

using namespace prismatic;

namespace {

gradient_rows<float> some_rows(index_t n, index_t d, std::string_view name) {
  gradient_rows<float> out{test::gaussian<float>(n, d, name), {}, {}, {}};
  for (index_t i = 0; i < n; ++i) {
    out.losses.push_back(0.5 * static_cast<double>(i));
    out.loss_tokens.push_back(i + 1);
  }
  return out;
}

const json manifest{{"width", 5}, {"proxy", "abc"}};

}  // namespace

TEST_CASE("rows come back by id, in any order, after reopening", "[gradient][row_store]") {
  const test::temporary_directory directory;
  const std::string path = directory / "rows";
  const auto first = some_rows(3, 5, "first"), second = some_rows(2, 5, "second");
  {
    row_store store(path, manifest);
    store.append(std::vector<std::string>{"a", "b", "c"}, first);
    store.append(std::vector<std::string>{"d", ""}, second);
    CHECK(store.contains("d"));
  }
  const row_store store(path);
  CHECK(store.size() == 5);
  CHECK(store.width() == 5);
  const auto found = store.load<float>(std::vector<std::string>{"", "b"});
  for (index_t j = 0; j < 5; ++j) {
    CHECK(found.rows(0, j) == second.rows(1, j));
    CHECK(found.rows(1, j) == first.rows(1, j));
  }
  CHECK(found.losses == std::vector<double>{0.5, 0.5});
  CHECK(found.loss_tokens == std::vector<index_t>{2, 2});
  CHECK_THROWS_AS(store.load<float>(std::vector<std::string>{"e"}), data_error);
}

TEST_CASE("rows made another way are refused with the difference named", "[gradient][row_store]") {
  const test::temporary_directory directory;
  const std::string path = directory / "rows";
  row_store(path, manifest);
  CHECK_THROWS_WITH(row_store(path, {{"width", 5}, {"proxy", "xyz"}}),
                    path + "/manifest.json: found rows made with other settings: proxy: found \"abc\", expected \"xyz\"");
  CHECK_THROWS_AS(row_store(path, {{"width", 5}}), data_error);
  CHECK_THROWS_AS(row_store(directory / "none"), io_error);
}

TEST_CASE("ids that cannot be kept are refused before anything is written", "[gradient][row_store]") {
  const test::temporary_directory directory;
  row_store store(directory / "rows", manifest);
  store.append(std::vector<std::string>{"a"}, some_rows(1, 5, "x"));
  CHECK_THROWS_AS(store.append(std::vector<std::string>{"a"}, some_rows(1, 5, "x")), option_error);
  CHECK_THROWS_AS(store.append(std::vector<std::string>{"b\nc"}, some_rows(1, 5, "x")), option_error);
  CHECK_THROWS_AS(store.append(std::vector<std::string>{"b"}, some_rows(1, 6, "x")), shape_error);
  store.append(std::vector<std::string>{}, some_rows(0, 5, "x"));
  CHECK(row_store(directory / "rows").size() == 1);
}

TEST_CASE("a damaged shard is refused, and one half written is not seen", "[gradient][row_store]") {
  const test::temporary_directory directory;
  const std::string path = directory / "rows";
  row_store(path, manifest).append(std::vector<std::string>{"a", "b"}, some_rows(2, 5, "x"));
  const std::string shard = path + "/rows-00000.safetensors";
  write_file(path + "/rows-00001.safetensors.part", "half");
  CHECK(row_store(path).size() == 2);
  std::filesystem::resize_file(shard, std::filesystem::file_size(shard) - 1);
  CHECK_THROWS_AS(row_store(path), data_error);
  write_safetensors(shard, {tensor_of("rows", some_rows(2, 4, "x").rows)});
  CHECK_THROWS_AS(row_store(path), data_error);
}

TEST_CASE("the first difference of two configurations is named", "[gradient][row_store]") {
  CHECK_FALSE(first_difference({{"a", 1}}, {{"a", 1}}));
  CHECK(*first_difference({{"a", 1}}, {{"a", 2}}) == "a: found 1, expected 2");
  CHECK(*first_difference({{"a", 1}}, {{"a", 1}, {"b", "x"}}) == "b: found nothing, expected \"x\"");
  CHECK(*first_difference({{"a", 1}, {"b", 2}}, {{"a", 1}}) == "b: found 2, expected nothing");
}
