#include "console.hpp"
#include "run_report.hpp"

#include <prismatic/report/html.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <string_view>

namespace command {

namespace {

std::string text_of(const ordered_json& report, const char* key) {
  const ordered_json& value = report.at(key);
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string two_digits(const ordered_json& value) { return fixed(value.get<double>(), 2); }

chart_series curve(const std::string& name, const ordered_json& rounds, const ordered_json& report) {
  chart_series out{name, {report["seeds"].get<double>()}, {report["g_vendi_of_seeds"].get<double>()}};
  for (const ordered_json& r : rounds) {
    out.x.push_back(r["pool"].get<double>());
    out.y.push_back(r["g_vendi"].get<double>());
  }
  return out;
}

chart_series spectrum(const std::string& name, const ordered_json& sums) {
  chart_series out{name, {}, {}};
  for (const ordered_json& sum : sums) {
    out.x.push_back(static_cast<double>(out.x.size() + 1));
    out.y.push_back(sum.get<double>());
  }
  return out;
}

std::vector<std::vector<std::string>> round_table(const ordered_json& rounds) {
  constexpr std::pair<const char*, const char*> columns[] = {
      {"round", "round"}, {"kept", "kept"}, {"pool", "pool"}, {"g_vendi", "G-Vendi"}, {"generated", "generated"},
      {"unparsed", "unparsed"}, {"off_length", "length"}, {"off_script", "script, language"}, {"duplicates", "duplicates"},
      {"near_duplicates", "of these near"}, {"contaminated", "contaminated"}, {"disagreed", "disagreed"},
      {"verified", "verified"}, {"unusable", "unusable"}, {"judged", "judged"}, {"in_sparse", "in sparse clusters"}};
  std::vector<std::vector<std::string>> out(1);
  for (const auto& [key, heading] : columns) out[0].push_back(heading);
  for (const ordered_json& r : rounds) {
    out.emplace_back();
    for (const auto& [key, heading] : columns)
      out.back().push_back(r[key].is_number_float() ? two_digits(r[key]) : r[key].dump());
  }
  return out;
}

std::string_view reason_for(const std::string& verdict) {
  static const std::map<std::string, std::string_view> reasons{
      {"kept", "in the pool"},
      {"unparsed", "no problem in the response"},
      {"length", "too short or too long"},
      {"script", "not in the scripts asked for"},
      {"language", "not in the languages asked for"},
      {"duplicate", "the words of one that is there"},
      {"near duplicate", "nearly the words of one that is there"},
      {"contaminated", "shares words with an evaluation set"},
      {"no agreement", "too few solutions agree"},
      {"unusable", "no gradient, or too long for the proxy"},
      {"filtered", "the gradient filter wants others more"},
      {"surplus", "the round's quota was full"}};
  const auto found = reasons.find(verdict);
  return found == reasons.end() ? std::string_view() : found->second;
}

void show(html_page& page, const ordered_json& candidate) {
  std::string line = "request " + candidate["number"].dump();
  if (candidate.contains("surprisal")) line += ", surprisal " + two_digits(candidate["surprisal"]) + " nats";
  for (const char* key : {"topic", "answer", "detail"})
    if (candidate.contains(key)) line += ", " + (std::string_view(key) == "detail" ? "" : std::string(key) + " ") + text_of(candidate, key);
  page.paragraph(line);
  if (const std::string problem = text_of(candidate, "problem"); !problem.empty()) page.preformatted(problem);
}

void show_verdicts(html_page& page, const ordered_json& report) {
  page.heading("What became of the candidates, and why");
  const double all = std::max(1.0, report["candidates"].get<double>());
  std::vector<std::vector<std::string>> lines{{"verdict", "candidates", "share"}};
  for (const ordered_json& v : report["verdicts"]) {
    const std::string verdict = text_of(v, "verdict");
    lines.push_back({verdict + ": " + std::string(reason_for(verdict)), v["candidates"].dump(),
                     fixed(100 * v["candidates"].get<double>() / all, 1) + " %"});
  }
  page.table(lines);
  for (const ordered_json& v : report["verdicts"]) {
    if (v["examples"].empty()) continue;
    page.begin_details("Examples: " + text_of(v, "verdict"));
    for (const ordered_json& candidate : v["examples"]) show(page, candidate);
    page.end_details();
  }
}

}  // namespace

std::vector<chart_series> g_vendi_curves(const ordered_json& report) {
  std::vector<chart_series> out{curve(text_of(report, "filter"), report["rounds"], report)};
  if (report.contains("control")) out.push_back(curve("control", report["control"]["rounds"], report));
  return out;
}

std::string report_page(const ordered_json& report) {
  html_page page("prismatic run " + text_of(report, "run"));
  const bool has_control = report.contains("control") && !report["control"]["rounds"].empty();
  page.paragraph("G-Vendi went from " + two_digits(report["g_vendi_of_seeds"]) + " (" + text_of(report, "seeds") + " seeds) to " +
                 two_digits(report["g_vendi"]) + " (" + text_of(report, "pool") + " samples) in " +
                 std::to_string(report["rounds"].size()) + " rounds" +
                 (has_control ? "; the control, without a gradient filter, reached " +
                                    two_digits(report["control"]["rounds"].back()["g_vendi"]) + " with " +
                                    report["control"]["rounds"].back()["pool"].dump() + "."
                              : "."));
  page.figure(line_chart(g_vendi_curves(report), {.x_label = "samples in the pool", .y_label = "G-Vendi"}),
              "G-Vendi of the pool after each round. The first point is the seeds.");
  const std::vector<chart_series> spectra{spectrum("after: the pool", report["spectrum"]["pool"]),
                                          spectrum("before: the seeds", report["spectrum"]["seeds"])};
  page.figure(line_chart(spectra, {.x_label = "directions", .y_label = "share of the spectrum, %"}),
              "How much of the gradients' spectrum the leading directions hold: lower is more diverse.");
  page.figure(histogram(report["cluster_sizes"].get<std::vector<index_t>>(), {.x_label = "samples in a cluster", .y_label = "clusters"}),
              "Sizes of the pool's clusters.");
  page.heading("Rounds");
  page.table(round_table(report["rounds"]));
  if (has_control) {
    page.begin_details("Rounds of the control");
    page.table(round_table(report["control"]["rounds"]));
    page.end_details();
  }
  show_verdicts(page, report);
  for (const auto& [key, title] : {std::pair("most_novel", "Most novel of the kept"), std::pair("least_novel", "Least novel of the kept")}) {
    if (report[key].empty()) continue;
    page.heading(title);
    for (const ordered_json& candidate : report[key]) show(page, candidate);
  }
  page.heading("Cost");
  const ordered_json& cost = report["cost"];
  page.paragraph(cost["problems_asked"].dump() + " problems were asked for, and solutions of " + cost["problems_solved"].dump() + ".");
  std::vector<std::vector<std::string>> servers{{"server", "answers", "prompt tokens", "completion tokens", "unread", "cut prompts"}};
  for (const char* role : {"generator", "solver"}) {
    const ordered_json& c = cost[role];
    if (c["server_answers"] > 0)
      servers.push_back({role, c["server_answers"].dump(), c["prompt_tokens"].dump(), c["completion_tokens"].dump(), c["unread"].dump(),
                         c["cut_prompts"].dump()});
  }
  if (servers.size() > 1) page.table(servers);
  page.heading("Configuration");
  page.preformatted(report["configuration"].dump(2));
  return page.text();
}

}  // namespace command
