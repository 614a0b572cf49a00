#include "support/catch.hpp"

#include <prismatic/report/html.hpp>

using namespace prismatic;

TEST_CASE("text cannot leave its place", "[report][html]") {
  CHECK(html_escaped("<a href=\"x\">&</a>") == "&lt;a href=&quot;x&quot;&gt;&amp;&lt;/a&gt;");
  CHECK(html_escaped("it's") == "it&#39;s");
  CHECK(html_escaped(std::string_view("a\0b\x1B[\xFF\n\t", 8)) == "a\uFFFDb\uFFFD[\uFFFD\n\t");
  html_page page("<script>");
  page.heading("<b>");
  page.paragraph("a & b");
  page.preformatted("<pre>");
  page.table({{"x", "<td>"}, {"1", "2"}});
  page.begin_details("<i>");
  page.end_details();
  page.figure("<svg></svg>", "\"caption\"");
  const std::string text = page.text();
  CHECK(text.find("<script>") == std::string::npos);
  CHECK(text.find("<b>") == std::string::npos);
  CHECK(text.find("<details><summary>&lt;i&gt;</summary>\n</details>") != std::string::npos);
  CHECK(text.find("<th>&lt;td&gt;</th>") != std::string::npos);
  CHECK(text.find("<td>1</td><td>2</td>") != std::string::npos);
  CHECK(text.find("<svg></svg>") != std::string::npos);
  CHECK(text.find("http") == std::string::npos);  // nothing is fetched
}
