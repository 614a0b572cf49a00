/// prismatic select: a smaller set that covers more directions.
#pragma once

#include "session.hpp"

#include <prismatic/backend/host.hpp>
#include <prismatic/cluster/kmeans.hpp>
#include <prismatic/diversity/greedy.hpp>
#include <prismatic/diversity/select.hpp>
#include <prismatic/diversity/vendi.hpp>
#include <prismatic/io/sample_writer.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace command {

struct select_flags : shared_flags {
  std::string input;
  std::string output;
  index_t count = 0;
  std::string method = "spectral";
};

struct select_verb {
  using flags_type = select_flags;

  template <class B>
  static std::vector<index_t> choose(session<B>& s, input_matrix<scalar, B::space> rows, const select_flags& flags) {
    const random_stream random = s.cx().random("select");
    if (flags.method == "random") return select_random(rows.rows(), flags.count, random);
    if (flags.method == "balanced") {
      const auto clusters = kmeans(s.cx(), rows, {.clusters = std::max<index_t>(1, rows.rows() / 10),
                                                  .start = kmeans_start::plus_plus,
                                                  .report = progress(s.bar())});
      return select_cluster_balanced(clusters.labels, flags.count, random);
    }
    return select_greedy(s.cx(), rows, flags.count).rows;
  }

  template <class B>
  static double score_of(session<B>& s, input_matrix<scalar, B::space> rows, const std::vector<index_t>& chosen) {
    matrix<scalar, B::space> subset(static_cast<index_t>(chosen.size()), rows.cols());
    const std::vector<token_id> ids(chosen.begin(), chosen.end());
    B::gather_rows(s.cx(), rows, ids, subset.view());
    return vendi(s.cx(), subset).score;
  }

  template <class B>
  static void run(session<B>& s, const select_flags& flags) {
    const row_set set = s.load(flags.input);
    require_option(flags.count <= set.size(), "select: -m: found " + std::to_string(flags.count) + ", expected at most " +
                                                  std::to_string(set.size()) + " (the usable samples)");
    const auto rows = on_backend(s.cx(), set.rows().view());
    const std::vector<index_t> chosen = choose(s, rows, flags);
    const double score = score_of(s, rows, chosen);
    const double random = score_of(s, rows, select_random(set.size(), flags.count, s.cx().random("select/baseline")));
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
};

}  // namespace command
