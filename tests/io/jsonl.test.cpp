#include <prismatic/io/jsonl.hpp>

#include "support/catch.hpp"
#include "support/gzip.hpp"
#include "support/temporary_directory.hpp"

#include <vector>

using namespace prismatic;

namespace {

struct numbered {
  std::string text;
  index_t number;
  friend bool operator==(const numbered&, const numbered&) = default;
};

std::vector<numbered> lines(const std::string& path, index_t limit = jsonl_reader::default_max_line_bytes) {
  jsonl_reader reader(path, limit);
  std::vector<numbered> out;
  while (const auto line = reader.next()) out.push_back({std::string(line->text), line->number});
  return out;
}

}  // namespace

TEST_CASE("lines are numbered as an editor numbers them", "[io][jsonl]") {
  const test::temporary_directory directory;
  const auto read = [&](std::string_view text) { return lines(directory.write("a.jsonl", text)); };
  using all = std::vector<numbered>;
  CHECK(read("") == all{});
  CHECK(read("a\nb\n") == all{{"a", 1}, {"b", 2}});
  CHECK(read("a\nb") == all{{"a", 1}, {"b", 2}});
  CHECK(read("a\r\nb\r\n\r\n  \t\nc\r") == all{{"a", 1}, {"b", 2}, {"c", 5}});
  CHECK(read("\xEF\xBB\xBF"
             "a\n") == all{{"a", 1}});
  CHECK(read("\n\n\n") == all{});
  CHECK(read(" a ") == all{{" a ", 1}});
}

TEST_CASE("lines longer than the buffer arrive whole", "[io][jsonl]") {
  const test::temporary_directory directory;
  const std::string x((std::size_t{1} << 20) - 1, 'x'), y((std::size_t{5} << 20) + 3, 'y'), z(17, 'z');
  const auto found = lines(directory.write("a.jsonl", x + '\n' + y + '\n' + z + '\n' + x + y));
  REQUIRE(found.size() == 4);
  CHECK(found[0].text == x);
  CHECK(found[1].text == y);
  CHECK(found[2].text == z);
  CHECK(found[3].text == x + y);
}

TEST_CASE("a line beyond the limit is refused by number", "[io][jsonl]") {
  const test::temporary_directory directory;
  const std::string path = directory.write("a.jsonl", "a\n" + std::string(std::size_t{4} << 20, 'x'));
  CHECK_THROWS_WITH(lines(path, 1 << 20),
                    Catch::StartsWith(path + ":2: found a line of more than 1048576 bytes"));
}

TEST_CASE("gzip is read like plain text, whatever the name", "[io][jsonl]") {
  const test::temporary_directory directory;
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "line " + std::to_string(i * i) + '\n';
  const auto expected = lines(directory.write("a.jsonl", text));
  CHECK(lines(directory.write("a.jsonl.gz", test::gzip(text))) == expected);
  CHECK(lines(directory.write("b", test::gzip(text))) == expected);

  const std::size_t half = text.size() / 2;
  const std::string members = test::gzip(text.substr(0, half)) + test::gzip("") + test::gzip(text.substr(half));
  CHECK(lines(directory.write("members.gz", members)) == expected);
  CHECK(lines(directory.write("none.gz", test::gzip(""))).empty());
}

TEST_CASE("gzip cut at any byte is refused", "[io][jsonl]") {
  const test::temporary_directory directory;
  const std::string whole = test::gzip("one\ntwo\nthree\n") + test::gzip("four\n");
  const std::size_t second = test::gzip("one\ntwo\nthree\n").size();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    if (size == second) continue;  // a complete file of one member
    CAPTURE(size);
    CHECK_THROWS_AS(lines(directory.write("a.gz", whole.substr(0, size))), data_error);
  }
  CHECK_THROWS_WITH(lines(directory.write("a.gz", whole.substr(0, whole.size() - 1))),
                    Catch::Contains("the end of the file inside a member"));
  CHECK_THROWS_AS(lines(directory.write("a.gz", whole + "garbage")), data_error);
}

TEST_CASE("a flipped bit in gzip is refused or harmless", "[io][jsonl]") {
  const test::temporary_directory directory;
  const std::string whole = test::gzip("one\ntwo\nthree\nfour\n");
  const auto expected = lines(directory.write("a", whole));
  for (std::size_t bit = 16; bit < whole.size() * 8; ++bit) {  // the first two bytes say that it is gzip
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    CAPTURE(bit);
    try {
      const auto found = lines(directory.write("a", flipped));
      CHECK(found == expected);
    } catch (const data_error&) {
      SUCCEED("refused");
    }
  }
}

TEST_CASE("what cannot be a text file is refused", "[io][jsonl]") {
  const test::temporary_directory directory;
  CHECK_THROWS_AS(lines(directory / "absent"), io_error);
  CHECK_THROWS_AS(lines(directory.path()), io_error);
  CHECK_THROWS_WITH(lines(directory.write("a.zst", "\x28\xB5\x2F\xFD....")), Catch::Contains("zstd"));
  CHECK_THROWS_WITH(lines(directory.write("a.gz", "plain\n")), Catch::Contains("found no gzip header"));
}

TEST_CASE("standard input is read as a file called -", "[io][jsonl]") {
  const test::temporary_directory directory;
  const file_descriptor saved = file_descriptor::standard_input();
  const file_descriptor file = file_descriptor::open_for_reading(directory.write("in", test::gzip("a\nb\n")));
  REQUIRE(::dup2(file.get(), STDIN_FILENO) == STDIN_FILENO);
  const auto found = lines("-");
  jsonl_reader again("-");
  ::dup2(saved.get(), STDIN_FILENO);
  CHECK(found.size() == 2);
  CHECK(again.name() == "standard input");
}
