/// prismatic cluster: k-means of a data set in gradient space, and which clusters are sparse.
#pragma once

#include "session.hpp"

#include <prismatic/backend/host.hpp>
#include <prismatic/cluster/kmeans.hpp>
#include <prismatic/cluster/sparse.hpp>
#include <prismatic/io/sample_writer.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace command {

struct cluster_flags : shared_flags {
  std::string input;
  std::string output;
  index_t clusters = 0;
  int iterations = 20;
  std::string metric = "spherical";
  std::string start = "k-means++";
  double sparse = 0.5;
  std::string sparse_rule = "clusters";
};

struct cluster_verb {
  using flags_type = cluster_flags;

  template <class B>
  static void run(session<B>& s, const cluster_flags& flags) {
    static const std::map<std::string, kmeans_start> starts{
        {"first-k", kmeans_start::first_k}, {"k-means++", kmeans_start::plus_plus}, {"k-means||", kmeans_start::parallel}};
    const row_set set = s.load(flags.input);
    const index_t k = flags.clusters > 0 ? flags.clusters : std::max<index_t>(1, set.size() / 10);
    const auto result = kmeans(
        s.cx(), on_backend(s.cx(), set.rows().view()),
        {.clusters = k,
         .iterations = flags.iterations,
         .metric = flags.metric == "spherical" ? cluster_metric::spherical : cluster_metric::euclidean,
         .start = starts.at(flags.start),
         .report = progress(s.bar())});
    const std::vector<bool> sparse = sparse_clusters(
        result.sizes, {.rule = flags.sparse_rule == "clusters" ? sparse_rule::fraction_of_clusters : sparse_rule::fraction_of_mass,
                       .fraction = flags.sparse});
    index_t sparse_rows = 0;
    for (std::size_t j = 0; j < sparse.size(); ++j) sparse_rows += sparse[j] ? result.sizes[j] : 0;
    if (!flags.output.empty()) {
      require_option(!set.samples.empty(), "cluster: --output needs samples, not rows");
      std::vector<ordered_json> extras;
      for (const label_t label : result.labels)
        extras.push_back({{"prismatic", {{"cluster", label}, {"sparse", bool(sparse[static_cast<std::size_t>(label)])}}}});
      write_samples(flags.output, set.samples, extras);
    }
    s.bar().clear();
    print_notes(set, flags);
    const auto [least, most] = std::ranges::minmax(result.sizes);
    if (flags.json) {
      ordered_json out = describe(set);
      out["clusters"] = k;
      out["objective"] = result.objective;
      out["iterations"] = result.iterations;
      out["converged"] = result.converged;
      out["sizes"] = result.sizes;
      out["sparse"] = sparse;
      out["sparse_rows"] = sparse_rows;
      return say(out.dump(2));
    }
    std::string text = table(
        {{"samples", std::to_string(set.size())},
         {"clusters", std::to_string(k)},
         {"smallest, largest", std::to_string(least) + ", " + std::to_string(most)},
         {flags.metric == "spherical" ? "mean cosine to the own centroid" : "sum of squared distances", fixed(result.objective, 4)},
         {"iterations", std::to_string(result.iterations) + (result.converged ? " (converged)" : "")},
         {"sparse clusters", std::to_string(std::ranges::count(sparse, true))},
         {"samples in sparse clusters", std::to_string(sparse_rows)}});
    text.pop_back();
    say(text);
  }
};

}  // namespace command
