/// The report of a synthesis run: its numbers, and a page that shows them.
#pragma once

#include <prismatic/backend/context.hpp>
#include <prismatic/io/json.hpp>
#include <prismatic/report/chart.hpp>

#include <string>
#include <vector>

namespace command {

using namespace prismatic;

/// Everything a report says, from the run's directory alone. Nothing of the run is changed, and another process may be
/// playing it. What has to be computed is computed on the CPU. @throws data_error  no run, or one without a finished round; io_error
[[nodiscard]] ordered_json report_of(const std::string& directory, const context_options& options);

/// The G-Vendi curves of a report: the run's, and the control's where there is one.
[[nodiscard]] std::vector<chart_series> g_vendi_curves(const ordered_json& report);

/// The page that shows a report. All its numbers are the report's.
[[nodiscard]] std::string report_page(const ordered_json& report);

/// Makes DIRECTORY/report.html and DIRECTORY/report.json, and returns what the latter says. @throws as report_of
ordered_json write_report(const std::string& directory, const context_options& options);

}  // namespace command
