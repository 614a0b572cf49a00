/// prismatic report: one page about a run, that opens anywhere and needs no network.
#include "console.hpp"
#include "flags.hpp"
#include "run_report.hpp"
#include "subcommands.hpp"

#include <prismatic/io/atomic_file.hpp>

#include <memory>
#include <string>

namespace command {

namespace {

struct report_flags : shared_flags {
  std::string run;
  std::string svg;
};

void run(const report_flags& flags) {
  const ordered_json report = write_report(flags.run, {.threads = flags.threads, .seed = flags.seed});
  if (!flags.svg.empty())
    write_file(flags.svg, line_chart(g_vendi_curves(report), {.x_label = "samples in the pool",
                                                              .y_label = "G-Vendi",
                                                              .colours = {"#3358d4", "#ca6a1f"},
                                                              .ink = "#60646c",
                                                              .paper = "#ffffff"}));
  say(flags.json ? report.dump(2) : flags.run + "/report.html");
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
