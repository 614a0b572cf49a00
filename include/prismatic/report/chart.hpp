/// Charts as inline SVG: lines over a common axis, and bars. Colours come from the page's style, or are
/// given for an SVG that stands alone.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/report/html.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace prismatic {

/// One line of a chart.
struct chart_series {
  std::string name;
  std::vector<double> x, y;
};

/// How a chart is labelled and coloured.
struct chart_options {
  std::string x_label;
  std::string y_label;
  std::array<std::string, 2> colours = {"var(--a)", "var(--b)"};  ///< of the series, in turn
  std::string ink = "var(--soft)";                                ///< of axes and text
  std::string paper = "none";                                     ///< background
};

namespace detail {

/// A number short enough for an axis.
inline std::string tick_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

/// Round numbers, about five of them, that cover [low, high].
inline std::vector<double> ticks(double low, double high) {
  if (!(high > low)) high = low + 1;
  const double raw = (high - low) / 5, power = std::pow(10.0, std::floor(std::log10(raw)));
  const double step = power * (raw / power < 1.5 ? 1 : raw / power < 3.5 ? 2 : raw / power < 7.5 ? 5 : 10);
  std::vector<double> out;
  for (double i = std::floor(low / step); i * step < high + step * 0.999; ++i) out.push_back(i * step);
  return out;
}

/// A plot area with axes; maps data to the picture.
class chart_frame {
 public:
  chart_frame(double x_low, double x_high, double y_low, double y_high, const chart_options& options)
      : x_(ticks(x_low, x_high)), y_(ticks(y_low, y_high)) {
    out_ = "<svg viewBox=\"0 0 640 320\" role=\"img\" xmlns=\"http://www.w3.org/2000/svg\" font-family=\"sans-serif\""
           " font-size=\"12\">\n";
    if (options.paper != "none") out_ += "<rect width=\"640\" height=\"320\" fill=\"" + options.paper + "\"/>\n";
    for (const double y : y_) {
      line(left, down(y), right, down(y), options.ink, 0.25);
      text(left - 6, down(y) + 4, "end", tick_text(y), options.ink);
    }
    for (const double x : x_) text(across(x), bottom + 18, "middle", tick_text(x), options.ink);
    text((left + right) / 2, 316, "middle", options.x_label, options.ink);
    text(left, 14, "start", options.y_label, options.ink);
  }

  [[nodiscard]] double across(double x) const { return left + (right - left) * (x - x_.front()) / (x_.back() - x_.front()); }
  [[nodiscard]] double down(double y) const { return bottom - (bottom - top) * (y - y_.front()) / (y_.back() - y_.front()); }

  void line(double x1, double y1, double x2, double y2, const std::string& colour, double opacity, double width = 1) {
    out_ += "<line x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" + number(x2) + "\" y2=\"" + number(y2) +
            "\" stroke=\"" + colour + "\" stroke-opacity=\"" + number(opacity) + "\" stroke-width=\"" + number(width) + "\"/>\n";
  }
  void text(double x, double y, std::string_view anchor, std::string_view words, const std::string& colour) {
    out_ += "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + std::string(anchor) + "\" fill=\"" +
            colour + "\">" + html_escaped(words) + "</text>\n";
  }
  void add(std::string_view element) { out_ += element; }
  [[nodiscard]] std::string finish() { return out_ + "</svg>\n"; }

  static std::string number(double value) {
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, "%.1f", value);
    return buffer;
  }

  static constexpr double left = 56, right = 620, top = 28, bottom = 272;

 private:
  std::vector<double> x_, y_;
  std::string out_;
};

}  // namespace detail

/// Lines with a legend at the right, above or below, where they leave more room; the points are marked while they are
/// few.
/// @throws shape_error  a series whose x and y differ in length; option_error  no point at all
inline std::string line_chart(std::span<const chart_series> series, const chart_options& options) {
  std::vector<double> xs, ys;
  for (const chart_series& s : series) {
    require_equal(static_cast<index_t>(s.y.size()), static_cast<index_t>(s.x.size()), "line_chart: points of " + s.name);
    xs.insert(xs.end(), s.x.begin(), s.x.end());
    ys.insert(ys.end(), s.y.begin(), s.y.end());
  }
  require_option(!xs.empty(), "line_chart: no points");
  constexpr std::size_t most_marks = 40;
  const auto [x_low, x_high] = std::ranges::minmax(xs);
  const auto [y_low, y_high] = std::ranges::minmax(ys);
  detail::chart_frame frame(x_low, x_high, y_low, y_high, options);
  double right_end = 0;  // how high the lines end, on average
  for (const chart_series& s : series) right_end += s.y.empty() ? 0 : s.y.back() / static_cast<double>(series.size());
  constexpr double line_height = 24, edge = detail::chart_frame::right - 8;
  const bool low = frame.down(right_end) < (detail::chart_frame::top + detail::chart_frame::bottom) / 2;
  double legend = low ? detail::chart_frame::bottom - 14 - line_height * static_cast<double>(series.size() - 1)
                      : detail::chart_frame::top + 20;
  for (std::size_t i = 0; i < series.size(); ++i) {
    const std::string& colour = options.colours[i % options.colours.size()];
    std::string points;
    for (std::size_t k = 0; k < series[i].x.size(); ++k)
      points += detail::chart_frame::number(frame.across(series[i].x[k])) + ',' +
                detail::chart_frame::number(frame.down(series[i].y[k])) + ' ';
    frame.add("<polyline fill=\"none\" stroke-width=\"2\" stroke=\"" + colour + "\" points=\"" + points + "\"/>\n");
    for (std::size_t k = 0; k < series[i].x.size() && series[i].x.size() <= most_marks; ++k)
      frame.add("<circle r=\"3\" cx=\"" + detail::chart_frame::number(frame.across(series[i].x[k])) + "\" cy=\"" +
                detail::chart_frame::number(frame.down(series[i].y[k])) + "\" fill=\"" + colour + "\"/>\n");
    frame.line(edge - 24, legend - 4, edge, legend - 4, colour, 1, 2);
    frame.text(edge - 32, legend, "end", series[i].name, options.ink);
    legend += line_height;
  }
  return frame.finish();
}

/// A histogram: bar i counts the values in [i, i + 1) bin widths from zero.
inline std::string histogram(std::span<const index_t> values, const chart_options& options) {
  require_option(!values.empty(), "histogram: no values");
  const index_t most = std::ranges::max(values), width = std::max<index_t>(1, (most + 30) / 30);
  std::vector<double> counts(static_cast<std::size_t>(most / width) + 1);
  for (const index_t v : values) ++counts[static_cast<std::size_t>(v / width)];
  detail::chart_frame frame(0, static_cast<double>(most + width), 0, std::ranges::max(counts), options);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double x1 = frame.across(static_cast<double>(i) * static_cast<double>(width)),
                 x2 = frame.across(static_cast<double>(i + 1) * static_cast<double>(width)), y = frame.down(counts[i]);
    frame.add("<rect x=\"" + detail::chart_frame::number(x1 + 1) + "\" y=\"" + detail::chart_frame::number(y) +
              "\" width=\"" + detail::chart_frame::number(std::max(1.0, x2 - x1 - 2)) + "\" height=\"" +
              detail::chart_frame::number(detail::chart_frame::bottom - y) + "\" fill=\"" + options.colours[0] + "\"/>\n");
  }
  return frame.finish();
}

}  // namespace prismatic
