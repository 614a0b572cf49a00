/// prismatic report: one page about a run, that opens anywhere and needs no network.
#include "session.hpp"
#include "subcommands.hpp"

#include <prismatic/diversity/vendi.hpp>
#include <prismatic/gradient/row_store.hpp>
#include <prismatic/io/atomic_file.hpp>
#include <prismatic/report/chart.hpp>
#include <prismatic/report/html.hpp>
#include <prismatic/synthesis/filter.hpp>
#include <prismatic/synthesis/run_state.hpp>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace command {

namespace {

struct report_flags : shared_flags {
  std::string run;
  std::string svg;
};

/// A run as it lies on disk.
struct stored_run {
  json configuration;
  std::vector<sample> pool;
  index_t seeds;
  std::vector<round_record> rounds;
  std::vector<candidate_record> candidates;
  matrix<scalar> rows;
};

stored_run read_run(const std::string& directory) {
  stored_run out;
  run_state state = run_state::reading(directory);
  out.configuration = state.configuration();
  out.pool = state.pool();
  out.seeds = state.seeds();
  out.rounds = state.rounds();
  for (const round_record& r : out.rounds) {
    std::vector<candidate_record> more = state.candidates(r.round);
    out.candidates.insert(out.candidates.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }
  std::vector<std::string> ids;
  for (const sample& s : out.pool) ids.push_back(s.id);
  out.rows = row_store(directory + "/rows").load<scalar>(ids).rows;
  return out;
}

chart_series curve(const std::string& name, const stored_run& run) {
  chart_series out{name, {static_cast<double>(run.seeds)}, {run.rounds.front().vendi_before}};
  for (const round_record& r : run.rounds) {
    out.x.push_back(static_cast<double>(r.pool));
    out.y.push_back(r.vendi_after);
  }
  return out;
}

chart_series spectrum(session& s, const std::string& name, matrix_view<const scalar> rows) {
  chart_series out{name, {}, {}};
  const std::vector<double> lambda = vendi(s.cx(), rows).spectrum;
  double sum = 0;
  for (std::size_t i = 0; i < std::min<std::size_t>(lambda.size(), 200); ++i) {
    out.x.push_back(static_cast<double>(i + 1));
    out.y.push_back(100 * (sum += lambda[i]));
  }
  return out;
}

std::vector<std::vector<std::string>> round_table(const std::vector<round_record>& rounds) {
  std::vector<std::vector<std::string>> out{{"round", "generated", "unparsed", "duplicates", "contaminated", "disagreed",
                                             "verified", "judged", "in sparse clusters", "kept", "pool", "G-Vendi"}};
  for (const round_record& r : rounds)
    out.push_back({std::to_string(r.round), std::to_string(r.generated), std::to_string(r.unparsed),
                   std::to_string(r.duplicates), std::to_string(r.contaminated), std::to_string(r.disagreed),
                   std::to_string(r.verified), std::to_string(r.judged), std::to_string(r.in_sparse),
                   std::to_string(r.kept), std::to_string(r.pool), fixed(r.vendi_after, 2)});
  return out;
}

void examples_of(html_page& page, const stored_run& run, std::string_view verdict, std::string_view title, bool most) {
  std::vector<const candidate_record*> found;
  for (const candidate_record& c : run.candidates)
    if (c.verdict == verdict) found.push_back(&c);
  if (found.empty()) return;
  std::ranges::stable_sort(found, [&](const auto* a, const auto* b) {
    return most ? a->surprisal > b->surprisal : a->surprisal < b->surprisal;
  });
  page.heading(title);
  for (std::size_t i = 0; i < std::min<std::size_t>(3, found.size()); ++i) {
    page.paragraph("surprisal " + fixed(found[i]->surprisal, 2) + " nats" +
                   (found[i]->topic.empty() ? "" : ", topic " + found[i]->topic));
    page.preformatted(found[i]->question);
  }
}

void run(const report_flags& flags) {
  session s(flags);
  const stored_run found = read_run(flags.run);
  if (found.rounds.empty()) throw data_error(flags.run, 0, "", "no finished round", "at least one");
  std::vector<chart_series> curves{curve(found.configuration.value("filter", ""), found)};
  std::vector<round_record> control;
  if (std::filesystem::exists(flags.run + "/control/run.sqlite")) {
    const stored_run other = read_run(flags.run + "/control");
    control = other.rounds;
    if (!control.empty()) curves.push_back(curve("control", other));
  }
  const matrix_view<const scalar> rows = found.rows;
  const auto clusters = cluster_pool(s.cx(), found.rows, {});
  std::map<std::string, index_t> verdicts;
  for (const candidate_record& c : found.candidates) ++verdicts[c.verdict];

  html_page page("prismatic run " + std::filesystem::path(flags.run).lexically_normal().string());
  const round_record& last = found.rounds.back();
  page.paragraph("G-Vendi went from " + fixed(found.rounds.front().vendi_before, 2) + " (" + std::to_string(found.seeds) +
                 " seeds) to " + fixed(last.vendi_after, 2) + " (" + std::to_string(last.pool) + " samples) in " +
                 std::to_string(found.rounds.size()) + " rounds" +
                 (control.empty() ? "." : "; the control, as many samples without a gradient filter, reached " +
                                              fixed(control.back().vendi_after, 2) + "."));
  page.figure(line_chart(curves, {.x_label = "samples in the pool", .y_label = "G-Vendi"}), "G-Vendi of the pool after each round.");
  const std::vector<chart_series> spectra{spectrum(s, "pool", rows), spectrum(s, "seeds", rows.middle_rows(0, found.seeds))};
  page.figure(line_chart(spectra, {.x_label = "directions", .y_label = "share of the spectrum, %"}),
              "How much of the gradients' spectrum the leading directions hold: lower is more diverse.");
  page.figure(histogram(clusters.means.sizes, {.x_label = "samples in a cluster", .y_label = "clusters"}),
              "Sizes of the pool's clusters (k-means, a tenth as many clusters as samples).");
  page.heading("Rounds");
  page.table(round_table(found.rounds));
  page.heading("What became of the candidates");
  std::vector<std::vector<std::string>> lines{{"verdict", "candidates"}};
  for (const auto& [verdict, count] : verdicts) lines.push_back({verdict, std::to_string(count)});
  page.table(lines);
  examples_of(page, found, "kept", "Most novel of the kept", true);
  examples_of(page, found, "kept", "Least novel of the kept", false);
  examples_of(page, found, "filtered", "Least novel of those filtered out", false);
  page.heading("Configuration");
  page.preformatted(found.configuration.dump(2));

  ordered_json out{{"run", flags.run}, {"configuration", found.configuration}, {"seeds", found.seeds}, {"verdicts", verdicts}};
  for (const chart_series& c : curves) out["g_vendi"].push_back({{"name", c.name}, {"pool", c.x}, {"score", c.y}});
  out["cluster_sizes"] = clusters.means.sizes;
  for (const chart_series& c : spectra) out["spectrum"].push_back({{"name", c.name}, {"cumulative_percent", c.y}});
  if (!flags.svg.empty())
    write_file(flags.svg, line_chart(curves, {.x_label = "samples in the pool",
                                              .y_label = "G-Vendi",
                                              .colours = {"#3358d4", "#ca6a1f"},
                                              .ink = "#60646c",
                                              .paper = "#ffffff"}));
  write_file(flags.run + "/report.html", page.text());
  write_file(flags.run + "/report.json", out.dump(2) + "\n");
  if (flags.json)
    say(out.dump(2));
  else
    say(flags.run + "/report.html");
}

}  // namespace

void add_report(CLI::App& app) {
  auto flags = std::make_shared<report_flags>();
  CLI::App* sub = app.add_subcommand("report", "one self-contained page about a run: report.html, report.json");
  sub->add_option("run", flags->run, "run directory of synthesize")->required()->check(CLI::ExistingDirectory);
  sub->add_option("--svg", flags->svg, "also write the G-Vendi curves here, as a picture that stands alone");
  add_run_flags(*sub, *flags);
  sub->footer("Examples:\n  prismatic report runs/first\n  prismatic report runs/first --svg curves.svg\n");
  sub->callback([flags] { run(*flags); });
}

}  // namespace command
