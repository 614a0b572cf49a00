/// The report of a synthesis run: its numbers, and a page that shows them.
#pragma once

#include "session.hpp"

#include <prismatic/io/json.hpp>
#include <prismatic/report/chart.hpp>

#include <string>
#include <vector>

namespace command {

/// Everything a report says, from the run's directory alone. Nothing of the run is changed, and another process may be
/// playing it. @throws data_error  no run, or one without a finished round; io_error
[[nodiscard]] ordered_json report_of(session& s, const std::string& directory);

/// The G-Vendi curves of a report: the run's, and the control's where there is one.
[[nodiscard]] std::vector<chart_series> g_vendi_curves(const ordered_json& report);

/// The page that shows a report. All its numbers are the report's.
[[nodiscard]] std::string report_page(const ordered_json& report);

/// Makes DIRECTORY/report.html and DIRECTORY/report.json, and returns what the latter says. @throws as report_of
ordered_json write_report(session& s, const std::string& directory);

}  // namespace command
