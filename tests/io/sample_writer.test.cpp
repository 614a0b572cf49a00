#include <prismatic/io/sample_writer.hpp>

#include <prismatic/io/dataset.hpp>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace prismatic;

TEST_CASE("records pass through byte for byte", "[io][sample_writer]") {
  const test::temporary_directory directory;
  const std::string text =
      "{\"text\":\"caf\xC3\xA9 \\u00e9\\/\", "
      "\"big\":123456789012345678901234567890,\"odd\":[1.50E+02,-0.0,1e-400],  \"z\":null}\n"
      " {\"b\" : {\"y\":1,\"x\":2} ,\"text\":\"two\"} \n";
  const dataset found = read_samples(directory.write("in", text));
  write_samples(directory / "out", found.samples);
  CHECK(test::contents(directory / "out") == text);
}

TEST_CASE("members can be set in passing, any number of times", "[io][sample_writer]") {
  const test::temporary_directory directory;
  const std::vector<ordered_json> extras{{{"prismatic", {{"novelty", 1.5}}}}, nullptr};
  const dataset first =
      read_samples(directory.write("in", "{\"text\":\"one\",\"n\":1.0}\n{\"text\":\"two\"}\n"));
  write_samples(directory / "out", first.samples, extras);
  const std::string expected =
      "{\"text\":\"one\",\"n\":1.0, \"prismatic\": {\"novelty\":1.5}}\n{\"text\":\"two\"}\n";
  CHECK(test::contents(directory / "out") == expected);

  const dataset second = read_samples(directory / "out");
  CHECK(second.samples[0].id == first.samples[0].id);
  write_samples(directory / "again", second.samples, extras);
  CHECK(test::contents(directory / "again") == expected);
  CHECK_THROWS_AS(write_samples(directory / "x", second.samples, std::span(extras).first(1)), shape_error);
}

TEST_CASE("new samples come back as they were", "[io][sample_writer]") {
  const test::temporary_directory directory;
  sample text, chat;
  text.id = "t";
  text.messages = {{"text", "line\nline \"\xC3\xA9\""}};
  chat.id = "c";
  chat.messages = {{"system", "S"}, {"user", "Q"}, {"assistant", "A"}};
  const std::vector<sample> samples{make_sample("p", "Q?", "A!"), text, chat};
  write_samples(directory / "out", samples);
  CHECK(test::contents(directory / "out")
            .starts_with("{\"id\":\"p\",\"prompt\":\"Q?\",\"completion\":\"A!\"}\n"));
  const dataset back = read_samples(directory / "out");
  REQUIRE(back.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(back.samples[i].id == samples[i].id);
    CHECK(back.samples[i].messages == samples[i].messages);
  }
}

TEST_CASE("what cannot be written leaves nothing", "[io][sample_writer]") {
  const test::temporary_directory directory;
  const std::vector<sample> bad{make_sample("p", "Q", "\xFF")};
  CHECK_THROWS_WITH(write_samples(directory / "out", bad),
                    "sample \"p\": found text that is not UTF-8, expected UTF-8");
  CHECK_THROWS_AS(write_samples(directory / "no/such/out", std::vector<sample>{}), io_error);
  CHECK(directory.entries() == 0);
}
