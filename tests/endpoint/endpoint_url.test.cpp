#include <prismatic/endpoint/endpoint_url.hpp>

#include "support/catch.hpp"

#include <string>

using namespace prismatic;

TEST_CASE("an address is what stands before /chat/completions", "[endpoint][endpoint_url]") {
  for (const char* text : {"http://host:8000/v1", "http://host:8000/v1/", "HTTP://host:8000/v1/chat/completions"}) {
    const endpoint_url url(text);
    CHECK(url.text() == "http://host:8000/v1");
    CHECK(url.completions() == "http://host:8000/v1/chat/completions");
    CHECK(url.models() == "http://host:8000/v1/models");
  }
  CHECK(endpoint_url("https://host").completions() == "https://host/chat/completions");
}

TEST_CASE("what crosses a network unencrypted is not private", "[endpoint][endpoint_url]") {
  for (const char* text : {"https://host/v1", "http://localhost:1/v1", "http://127.0.0.1:8000/v1", "http://[::1]:8000"})
    CHECK(endpoint_url(text).is_private());
  for (const char* text : {"http://host/v1", "http://localhost.example.org/", "http://10.0.0.1:8000/v1", "http://[::2]/"})
    CHECK_FALSE(endpoint_url(text).is_private());
}

TEST_CASE("addresses that are none are refused", "[endpoint][endpoint_url]") {
  for (const char* text : {"ftp://host/", "host:8000", "file:///etc/passwd", "http://", "http:///v1", "http://ho st/", "http://host/\r\nX: y",
                           "http://host/?key=1", "http://host/#x", "http://h\xC3\xB6st/", "http://[::1/v1"})
    CHECK_THROWS_AS(endpoint_url(text), option_error);
  CHECK_THROWS_WITH(endpoint_url("http://me:secret@host/v1"),
                    "endpoint: found \"***@host/v1\", expected no user or password in it: a key comes from a file or the environment");
  CHECK(endpoint_url::is_endpoint("HTTPS://x"));
  CHECK_FALSE(endpoint_url::is_endpoint("http:/x"));
  CHECK_FALSE(endpoint_url::is_endpoint("models/qwen"));
}
