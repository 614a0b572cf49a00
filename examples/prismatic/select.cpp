/// prismatic select: a smaller set that covers more directions.
#include "session.hpp"
#include "subcommands.hpp"

#include <prismatic/cluster/kmeans.hpp>
#include <prismatic/diversity/greedy.hpp>
#include <prismatic/diversity/select.hpp>
#include <prismatic/diversity/vendi.hpp>
#include <prismatic/io/sample_writer.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace command {

namespace {

struct select_flags : shared_flags {
  std::string input;
  std::string output;
  index_t count = 0;
  std::string method = "spectral";
};

std::vector<index_t> choose(session& s, const row_set& set, const select_flags& flags) {
  const random_stream random = s.cx().random("select");
  if (flags.method == "random") return select_random(set.size(), flags.count, random);
  if (flags.method == "balanced") {
    const auto clusters = kmeans(s.cx(), set.rows(), {.clusters = std::max<index_t>(1, set.size() / 10),
                                                      .start = kmeans_start::plus_plus,
                                                      .report = progress(s.bar())});
    return select_cluster_balanced(clusters.labels, flags.count, random);
  }
  return select_greedy(s.cx(), set.rows(), flags.count).rows;
}

double score_of(session& s, const row_set& set, const std::vector<index_t>& chosen) {
  matrix<scalar> rows(static_cast<index_t>(chosen.size()), set.rows().cols());
  const std::vector<token_id> ids(chosen.begin(), chosen.end());
  backend_type::gather_rows(s.cx(), set.rows(), ids, rows.view());
  return vendi(s.cx(), rows).score;
}

void run(const select_flags& flags) {
  session s(flags);
  const row_set set = s.load(flags.input);
  require_option(flags.count <= set.size(), "select: -m: found " + std::to_string(flags.count) + ", expected at most " +
                                                std::to_string(set.size()) + " (the usable samples)");
  const std::vector<index_t> chosen = choose(s, set, flags);
  const double score = score_of(s, set, chosen);
  const double random = score_of(s, set, select_random(set.size(), flags.count, s.cx().random("select/baseline")));
  if (!flags.output.empty()) {
    require_option(!set.samples.empty(), "select: --output needs samples, not rows");
    std::vector<sample> subset;
    for (const index_t i : chosen) subset.push_back(set.samples[static_cast<std::size_t>(i)]);
    write_samples(flags.output, subset);
  }
  s.bar().clear();
  print_notes(set, flags);
  if (flags.json) {
    ordered_json out = describe(set);
    out["method"] = flags.method;
    out["chosen"] = chosen;
    out["g_vendi"] = score;
    out["g_vendi_random"] = random;
    return say(out.dump(2));
  }
  std::string text = table({{"samples", std::to_string(set.size())},
                            {"chosen", std::to_string(flags.count)},
                            {"G-Vendi of the chosen", fixed(score, 2)},
                            {"G-Vendi of as many at random", fixed(random, 2)}});
  text.pop_back();
  say(text);
  if (flags.output.empty()) {
    std::string indices = "rows";
    for (const index_t i : chosen) indices += ' ' + std::to_string(i);
    say(indices);
  }
}

}  // namespace

void add_select(CLI::App& app) {
  auto flags = std::make_shared<select_flags>();
  CLI::App* sub = app.add_subcommand("select", "a subset of given size that covers more directions");
  sub->add_option("data", flags->input, "samples, or rows (.npy, a gradients directory)")->required();
  sub->add_option("-m,--count", flags->count, "samples to choose")->required()->check(CLI::PositiveNumber);
  sub->add_option("-o,--output", flags->output, "write the chosen samples here, in the order chosen");
  sub->add_option("--method", flags->method, "spectral (greedy in entropy), balanced (over clusters) or random")
      ->capture_default_str()
      ->check(CLI::IsMember({"spectral", "balanced", "random"}));
  add_run_flags(*sub, *flags);
  add_data_flags(*sub, *flags);
  add_gradient_flags(*sub, *flags);
  sub->footer("Examples:\n"
              "  prismatic select data.jsonl -m 1000 -o subset.jsonl\n"
              "  prismatic select rows.npy -m 500 --method balanced --json\n");
  sub->callback([flags] { run(*flags); });
}

}  // namespace command
