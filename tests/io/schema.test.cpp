#include <prismatic/io/schema.hpp>

#include "support/catch.hpp"

using namespace prismatic;

TEST_CASE("the table of schemas is in the order of the enumeration", "[io][schema]") {
  for (std::size_t i = 0; i < schemas.size(); ++i) CHECK(static_cast<std::size_t>(schemas[i].kind) == i);
  CHECK(schema_named("prompt-completion") == schema::prompt_completion);
  CHECK(schema_named("nli") == schema::nli);
  CHECK_THROWS_WITH(schema_named("parquet"),
                    Catch::StartsWith("format: found \"parquet\", expected one of messages, sharegpt"));
  CHECK_THROWS_AS(schema_named("mapped"), option_error);
}

TEST_CASE("maps are read from text", "[io][schema]") {
  const field_map map = parse_field_map("prompt=my question,completion=a=b,id=key,system=sys");
  CHECK(map.prompt == "my question");
  CHECK(map.completion == "a=b");
  CHECK(map.id == "key");
  CHECK(map.system == "sys");
  CHECK(map.maps_content());
  CHECK_FALSE(parse_field_map("id=key").maps_content());

  const std::string bad =
      GENERATE(as<std::string>{}, "", "prompt", "prompt=", "=x", "prompt=a,", "prompt=a,prompt=b", "label=x");
  CAPTURE(bad);
  CHECK_THROWS_AS(parse_field_map(bad), option_error);
}

TEST_CASE("a map must be one way to a sample", "[io][schema]") {
  const auto check = [](std::string_view map, std::optional<schema> format = {}) {
    check_options({.format = format, .fields = parse_field_map(map)});
  };
  CHECK_NOTHROW(check("prompt=a,completion=b"));
  CHECK_NOTHROW(check("messages=a,system=b,id=c"));
  CHECK_NOTHROW(check("text=a"));
  CHECK_NOTHROW(check("id=a", schema::alpaca));
  CHECK_NOTHROW(check_options({}));
  CHECK_THROWS_AS(check("prompt=a"), option_error);
  CHECK_THROWS_AS(check("completion=a,text=b"), option_error);
  CHECK_THROWS_AS(check("messages=a,text=b"), option_error);
  CHECK_THROWS_AS(check("system=a"), option_error);
  CHECK_THROWS_AS(check("text=a", schema::alpaca), option_error);
  CHECK_THROWS_AS(check("id=a", schema::mapped), option_error);
}
