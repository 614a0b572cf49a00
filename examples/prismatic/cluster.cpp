#include "cluster.hpp"

#include "devices.hpp"
#include "subcommands.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace command {

void add_cluster(CLI::App& app) {
  auto flags = std::make_shared<cluster_flags>();
  CLI::App* sub = app.add_subcommand("cluster", "clusters of a data set in gradient space");
  sub->add_option("data", flags->input, "samples, or rows (.npy, a gradients directory)")->required();
  sub->add_option("-k,--clusters", flags->clusters, "how many; 0 takes a tenth of the samples")->check(CLI::NonNegativeNumber);
  sub->add_option("-o,--output", flags->output, "write the samples here, each with its cluster");
  sub->add_option("--iterations", flags->iterations, "at most")->capture_default_str()->check(CLI::PositiveNumber);
  sub->add_option("--metric", flags->metric)->capture_default_str()->check(CLI::IsMember({"spherical", "euclidean"}));
  sub->add_option("--start", flags->start)->capture_default_str()->check(CLI::IsMember({"first-k", "k-means++", "k-means||"}));
  sub->add_option("--sparse", flags->sparse, "fraction that counts as sparse")->capture_default_str()->check(CLI::Range(0.0, 1.0));
  sub->add_option("--sparse-rule", flags->sparse_rule, "fraction of the clusters, or of the samples (mass)")
      ->capture_default_str()
      ->check(CLI::IsMember({"clusters", "mass"}));
  add_run_flags(*sub, *flags);
  add_data_flags(*sub, *flags);
  add_gradient_flags(*sub, *flags);
  sub->footer("Examples:\n"
              "  prismatic cluster data.jsonl -o clustered.jsonl\n"
              "  prismatic cluster rows/ -k 500 --json\n");
  sub->callback([flags] { on_device<cluster_verb>(*flags); });
}

}  // namespace command
