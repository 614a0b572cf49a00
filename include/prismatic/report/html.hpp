/// One self-contained HTML page: text, tables and inline SVG charts, no script and no network.
#pragma once

#include <prismatic/core/types.hpp>
#include <prismatic/io/unicode.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace prismatic {

/// Text made safe between tags and inside quoted attributes, whatever bytes it holds: what is not UTF-8, or a control
/// character, shows as U+FFFD.
inline std::string html_escaped(std::string_view text) {
  std::string out;
  for (const char c : replace_invalid_utf8(text)) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < ' ' && c != '\n' && c != '\t') || byte == 0x7F) {
      out += "\xEF\xBF\xBD";
      continue;
    }
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

/// A page that is written from top to bottom. Everything passed as text is escaped; charts are `svg`.
class html_page {
 public:
  explicit html_page(std::string_view title) : title_(html_escaped(title)) {}

  void heading(std::string_view text) { body_ += "<h2>" + html_escaped(text) + "</h2>\n"; }
  void paragraph(std::string_view text) { body_ += "<p>" + html_escaped(text) + "</p>\n"; }
  void preformatted(std::string_view text) { body_ += "<pre>" + html_escaped(text) + "</pre>\n"; }

  /// What follows, until end_details, is folded away under `summary`.
  void begin_details(std::string_view summary) { body_ += "<details><summary>" + html_escaped(summary) + "</summary>\n"; }
  void end_details() { body_ += "</details>\n"; }

  /// A chart with its caption.
  void figure(std::string_view svg, std::string_view caption) {
    body_ += "<figure>\n" + std::string(svg) + "<figcaption>" + html_escaped(caption) + "</figcaption></figure>\n";
  }

  /// The first row is the heading; the first column is text, the others are numbers.
  void table(const std::vector<std::vector<std::string>>& rows) {
    body_ += "<div class=\"wide\"><table>\n";
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const char* const cell = i == 0 ? "th" : "td";
      body_ += "<tr>";
      for (const std::string& text : rows[i])
        body_ += std::string("<") + cell + ">" + html_escaped(text) + "</" + cell + ">";
      body_ += "</tr>\n";
    }
    body_ += "</table></div>\n";
  }

  [[nodiscard]] std::string text() const {
    return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
           title_ + "</title>\n<style>\n" + std::string(style) + "</style></head>\n<body><main>\n<h1>" + title_ +
           "</h1>\n" + body_ + "</main></body></html>\n";
  }

 private:
  static constexpr std::string_view style =
      ":root{color-scheme:light dark;--ink:#1c2024;--soft:#60646c;--paper:#fff;--line:#d9d9e0;--a:#3358d4;--b:#ca6a1f}\n"
      "@media(prefers-color-scheme:dark){:root{--ink:#edeef0;--soft:#a0a4ab;--paper:#111113;--line:#363a3f;"
      "--a:#8da4ef;--b:#ffa057}}\n"
      "body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}\n"
      "main{max-width:52rem;margin:0 auto;padding:1rem}\nh1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}\n"
      ".wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}\n"
      "td,th{padding:.2rem .7rem;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}\n"
      "td:first-child,th:first-child{text-align:left;white-space:normal}th{font-weight:600}\n"
      "pre{white-space:pre-wrap;overflow-wrap:anywhere;border-left:3px solid var(--line);margin:.5rem 0;padding:.2rem .8rem;"
      "font:14px/1.5 ui-monospace,monospace}\n"
      "summary{cursor:pointer;padding:.3rem 0}pre+p,details p{margin:.6rem 0 0}\n"
      "figure{margin:1rem 0}figcaption{color:var(--soft);font-size:.9rem}svg{width:100%;height:auto;display:block}\n"
      "svg text{fill:var(--soft);font:12px system-ui,sans-serif}\n"
      "@media(max-width:36rem){svg text{font-size:20px}td,th{padding:.2rem .45rem}}\n";

  std::string title_;
  std::string body_;
};

}  // namespace prismatic
