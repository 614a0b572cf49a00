#include <prismatic/io/dataset.hpp>

#include "support/catch.hpp"
#include "support/gzip.hpp"
#include "support/temporary_directory.hpp"

using namespace prismatic;

TEST_CASE("a file of mixed schemas reads as one data set", "[io][dataset]") {
  const test::temporary_directory directory;
  const std::string text =
      "\xEF\xBB\xBF{\"id\":\"a\",\"prompt\":\"Q\",\"completion\":\"A\"}\r\n"
      "\r\n"
      "{\"messages\":[{\"role\":\"user\",\"content\":\"Q\"},{\"role\":\"assistant\",\"content\":\"A\"}]}\r\n"
      "{\"text\":\"T\"}";
  const std::string path = directory.write("a.jsonl", text);
  const dataset found = read_samples(path);
  REQUIRE(found.size() == 3);
  CHECK(found.path == path);
  CHECK(found.samples[0].id == "a");
  CHECK(found.samples[1].line == 3);
  CHECK(found.samples[2].line == 4);
  CHECK(found.count(schema::prompt_completion) == 1);
  CHECK(found.count(schema::messages) == 1);
  CHECK(found.count(schema::text) == 1);
  CHECK(found.count(schema::alpaca) == 0);
  CHECK(found.skipped.empty());
  CHECK(found.repeated.empty());

  const dataset packed = read_samples(directory.write("a.jsonl.gz", test::gzip(text)));
  CHECK(packed.size() == 3);
  CHECK(packed.samples[1].id == found.samples[1].id);
}

TEST_CASE("a JSON array reads like JSON Lines", "[io][dataset]") {
  const test::temporary_directory directory;
  const dataset found = read_samples(directory.write(
      "a.json", "\n[\n  {\n    \"text\": \"one\",\r\n    \"n\": 1.50\n  },\n  {\"text\":\"two\"}\n]\n"));
  REQUIRE(found.size() == 2);
  CHECK(found.samples[0].line == 3);
  CHECK(found.samples[0].raw == "{     \"text\": \"one\",     \"n\": 1.50   }");
  CHECK(found.samples[1].line == 7);
  CHECK_THROWS_WITH(read_samples(directory.write("b.json", "[\n{\"text\":\"one\"},\n{\"text\":\n5x}]")),
                    Catch::StartsWith(directory / "b.json:4: byte "));
  CHECK_THROWS_AS(read_samples(directory.write("c.json", "[{\"text\":\"one\"},]")), data_error);
  CHECK_THROWS_AS(read_samples(directory.write("d.json", "[{\"text\":\"one\"}")), data_error);
  CHECK_THROWS_WITH(read_samples(directory.write("e.json", "[]")), Catch::Contains("found no records"));
}

TEST_CASE("a bad line is refused by file and number, or skipped with its reason", "[io][dataset]") {
  const test::temporary_directory directory;
  const std::string path = directory.write(
      "a.jsonl",
      "{\"text\":\"one\"}\n{\"text\":}\n\n{\"tex\":\"two\"}\n{\"text\":\"\xFF\"}\n{\"text\":\"three\"}\n");
  CHECK_THROWS_WITH(read_samples(path), Catch::StartsWith(path + ":2: "));
  const dataset found = read_samples(path, {.on_bad_record = bad_record::skip});
  CHECK(found.size() == 2);
  REQUIRE(found.skipped.size() == 3);
  CHECK(found.skipped[0].line == 2);
  CHECK(found.skipped[1].line == 4);
  CHECK(found.skipped[1].reason ==
        path +
            ":4: found fields \"tex\", expected one of: messages; conversations; premise + hypothesis + label; "
            "instruction + output; prompt + completion; problem + solution; question + answer; query + "
            "response; text");
  CHECK(found.skipped[2].line == 5);
}

TEST_CASE("nothing to read is refused", "[io][dataset]") {
  const test::temporary_directory directory;
  CHECK_THROWS_WITH(read_samples(directory.write("a", "")),
                    directory / "a: found no records, expected at least one sample");
  CHECK_THROWS_AS(read_samples(directory.write("a", "\n \n")), data_error);
  CHECK_THROWS_WITH(read_samples(directory.write("a", "x\ny\n"), {.on_bad_record = bad_record::skip}),
                    Catch::Contains("found no usable sample among 2 records") && Catch::Contains(":1: "));
  CHECK_THROWS_WITH(read_samples(directory / "absent"), Catch::Contains("cannot open"));
  CHECK_THROWS_AS(read_samples(directory.path()), io_error);
}

TEST_CASE("an id that comes twice is refused", "[io][dataset]") {
  const test::temporary_directory directory;
  const std::string path =
      directory.write("a", "{\"id\":7,\"text\":\"one\"}\n{\"id\":\"7\",\"text\":\"two\"}\n");
  CHECK_THROWS_WITH(read_samples(path),
                    path + ":2: id: found \"7\", which line 1 has too, expected an id of its own");
  const dataset found = read_samples(path, {.on_bad_record = bad_record::skip});
  CHECK(found.size() == 1);
  CHECK(found.skipped.size() == 1);
}

TEST_CASE("content that comes again without ids is kept and reported", "[io][dataset]") {
  const test::temporary_directory directory;
  const std::string one = "{\"text\":\"one\"}\n", two = "{\"text\":\"two\"}\n";
  const std::string hash = content_hash("4:text3:one");
  const dataset found = read_samples(
      directory.write("a", one + two + one + "{\"id\":\"" + hash + "#3\",\"text\":\"x\"}\n" + one));
  REQUIRE(found.size() == 5);
  CHECK(found.samples[0].id == hash);
  CHECK(found.samples[2].id == hash + "#2");
  CHECK(found.samples[4].id == hash + "#4");  // #3 is taken
  REQUIRE(found.repeated.size() == 2);
  CHECK(found.repeated[0].line == 3);
  CHECK(found.repeated[1].line == 5);
  CHECK(found.repeated[1].first_line == 1);
}

TEST_CASE("format and map reach every record", "[io][dataset]") {
  const test::temporary_directory directory;
  const std::string path = directory.write("a", "{\"text\":\"T\",\"question\":\"Q\",\"answer\":\"A\"}\n");
  CHECK(read_samples(path).count(schema::question_answer) == 1);
  CHECK(read_samples(path, {.schemas = {.format = schema::text}}).count(schema::text) == 1);
  const dataset mapped =
      read_samples(path, {.schemas = {.fields = {.prompt = "text", .completion = "question"}}});
  CHECK(mapped.samples[0].completion() == "Q");
  CHECK(mapped.count(schema::mapped) == 1);
  CHECK_THROWS_AS(read_samples(path, {.schemas = {.fields = {.prompt = "text"}}}), option_error);
}

TEST_CASE("arbitrary bytes never do worse than a refusal", "[io][dataset]") {
  const test::temporary_directory directory;
  const std::string whole =
      "{\"id\":1,\"messages\":[{\"role\":\"user\",\"content\":\"caf\xC3\xA9 "
      "\\u00e9\"},{\"role\":\"assistant\",\"content\":\"A\"}]}\n"
      "{\"instruction\":\"I\",\"input\":\"X\",\"output\":\"A\",\"n\":[1,2.5e3,null,true]}\n";
  int refused = 0;
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    try {
      const dataset found = read_samples(directory.write("a", damaged));
      CHECK(found.size() >= 1);
    } catch (const data_error&) {
      ++refused;
    }
  }
  CHECK(refused > 100);
}
