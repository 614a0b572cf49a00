/// prismatic compare: data sets side by side, at equal n, with intervals.
#pragma once

#include "session.hpp"

#include <prismatic/backend/host.hpp>
#include <prismatic/diversity/confidence.hpp>
#include <prismatic/diversity/covariance.hpp>
#include <prismatic/diversity/surprisal.hpp>
#include <prismatic/diversity/vendi.hpp>
#include <prismatic/gradient/row_store.hpp>

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace command {

struct compare_flags : shared_flags {
  std::vector<std::string> inputs;
  index_t repeats = 100;
};

struct compare_verb {
  using flags_type = compare_flags;

  static matrix<scalar> stacked(const std::vector<row_set>& sets, std::size_t without) {
    index_t n = 0;
    for (std::size_t i = 0; i < sets.size(); ++i) n += i == without ? 0 : sets[i].size();
    matrix<scalar> out(n, sets.front().rows().cols());
    index_t at = 0;
    for (std::size_t i = 0; i < sets.size(); ++i) {
      if (i == without) continue;
      std::copy_n(sets[i].rows().data(), sets[i].rows().size(), out.view().row(at));
      at += sets[i].size();
    }
    return out;
  }

  static constexpr auto nobody = static_cast<std::size_t>(-1);

  // One proxy for all sets: a score means nothing beside one that another proxy gave.
  template <class B>
  static std::vector<row_set> load(session<B>& s, const compare_flags& flags) {
    const auto rows = std::ranges::count_if(flags.inputs, row_set::is_at);
    require_option(rows == 0 || rows == static_cast<std::ptrdiff_t>(flags.inputs.size()),
                   "compare: some inputs are rows and some are samples; give one kind");
    std::vector<row_set> sets;
    if (rows > 0) {
      for (const std::string& path : flags.inputs) sets.push_back(s.load(path));
    } else {
      std::vector<dataset> data;
      std::vector<sample> all;
      for (const std::string& path : flags.inputs) {
        data.push_back(s.read(path));
        all.insert(all.end(), data.back().samples.begin(), data.back().samples.end());
      }
      (void)s.proxy_for(all);
      for (dataset& d : data) sets.push_back(s.collect(std::move(d)));
    }
    for (const row_set& set : sets) {
      require_equal(set.rows().cols(), sets.front().rows().cols(), "compare: " + set.path + ": width of the rows");
      const auto difference = first_difference(set.manifest, sets.front().manifest);
      if (!set.manifest.empty() && !sets.front().manifest.empty() && difference)
        throw data_error(set.path, 0, "", "rows made with other settings than " + sets.front().path + ": " + *difference, "");
      require_option(set.size() >= 2, "compare: " + set.path + ": found 1 row, expected at least 2");
    }
    return sets;
  }

  template <class B>
  static void run(session<B>& s, const compare_flags& flags) {
    require_option(flags.inputs.size() >= 2, "compare: found one data set, expected at least two");
    const std::vector<row_set> sets = load(s, flags);
    index_t smallest = sets.front().size();
    for (const row_set& set : sets) smallest = std::min(smallest, set.size());
    const index_t n = std::max<index_t>(1, smallest / 2);
    const auto interval = [&](const matrix<scalar>& rows) {
      return vendi_confidence(s.cx(), on_backend(s.cx(), rows.view()), {.subsample = n, .repeats = flags.repeats});
    };

    const auto json_of = [](const std::string& name, index_t samples, const confidence_result& c) {
      return ordered_json{{"data", name}, {"samples", samples}, {"g_vendi", c.mean}, {"lower", c.lower}, {"upper", c.upper}};
    };
    ordered_json out{{"n", n}, {"repeats", flags.repeats}, {"sets", ordered_json::array()}};
    std::vector<std::vector<std::string>> lines{
        {"data", "samples", "G-Vendi at n = " + std::to_string(n), "95 % interval", "adds to the others", "novelty"}};
    const auto line_of = [&](const ordered_json& e) {
      const auto number = [&](const char* key, int digits) { return e.contains(key) ? fixed(e[key].get<double>(), digits) : ""; };
      lines.push_back({e["data"].get<std::string>(), e["samples"].dump(), number("g_vendi", 2), number("lower", 2) + " - " + number("upper", 2),
                       (e.value("adds", -1.0) >= 0 ? "+" : "") + number("adds", 2), number("novelty", 3)});
    };
    const matrix<scalar> all = stacked(sets, nobody);
    const confidence_result whole = interval(all);
    for (std::size_t i = 0; i < sets.size(); ++i) {
      ordered_json entry = json_of(sets[i].path, sets[i].size(), interval(sets[i].rows()));
      // What the set adds: the union's score beside that of the others alone, at the same n; and how far its rows
      // surprise the others beyond their own average.
      const matrix<scalar> others = stacked(sets, i);
      const confidence_result without = interval(others);
      entry["without"] = {{"g_vendi", without.mean}, {"lower", without.lower}, {"upper", without.upper}};
      entry["adds"] = whole.mean - without.mean;
      covariance_accumulator<B, scalar> sums(others.cols());
      sums.add(s.cx(), on_backend(s.cx(), others.view()));
      const surprisal_model<B, scalar> model(s.cx(), sums);
      std::vector<double> surprisals(static_cast<std::size_t>(sets[i].size()));
      model.score(s.cx(), on_backend(s.cx(), sets[i].rows().view()), surprisals);
      entry["novelty"] =
          std::accumulate(surprisals.begin(), surprisals.end(), 0.0) / static_cast<double>(surprisals.size()) - model.average();
      line_of(entry);
      out["sets"].push_back(std::move(entry));
    }
    out["union"] = json_of("union", all.rows(), whole);
    line_of(out["union"]);

    s.bar().clear();
    for (const row_set& set : sets) print_notes(set, flags);
    if (flags.json) return say(out.dump(2));
    std::string text = table(lines);
    text.pop_back();
    say(text);
    say("adds: G-Vendi of the union less that of the others without the set, at the same n");
    say("novelty: mean surprisal of the set's samples to all the others, in nats above the others' own average");
  }
};

}  // namespace command
