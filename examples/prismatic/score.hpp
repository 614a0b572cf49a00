/// prismatic score: G-Vendi of a data set, with what it has to be read with.
#pragma once

#include "session.hpp"

#include <prismatic/backend/host.hpp>
#include <prismatic/diversity/confidence.hpp>
#include <prismatic/diversity/covariance.hpp>
#include <prismatic/diversity/select.hpp>
#include <prismatic/diversity/surprisal.hpp>
#include <prismatic/diversity/vendi.hpp>
#include <prismatic/gradient/gram.hpp>
#include <prismatic/io/sample_writer.hpp>

#include <limits>
#include <string>
#include <vector>

namespace command {

struct score_flags : shared_flags {
  std::string input;
  index_t confidence = 0;
  index_t exact = 0;
  std::string per_sample;
};

struct score_verb {
  using flags_type = score_flags;

  static constexpr double orders[] = {0.1, 0.5, 1, 2, std::numeric_limits<double>::infinity()};
  static constexpr const char* order_names[] = {"0.1", "0.5", "1", "2", "inf"};

  // The score of exact inner products, without any projection, on a random subsample.
  template <class B>
  static vendi_result exact_score(session<B>& s, const row_set& set, index_t count) {
    require_option(!set.samples.empty(), "score: --exact needs samples, not rows");
    const index_t m = std::min(count, set.size());
    const auto chosen = select_random(set.size(), m, s.cx().random("score/exact"));
    std::vector<sample> subset;
    for (const index_t i : chosen) subset.push_back(set.samples[static_cast<std::size_t>(i)]);
    const auto& proxy = s.proxy_for({});
    const encoded_samples encoded = encode(proxy, subset);
    gram_sink<B, scalar> sink(s.cx(), proxy.model.parameters().infos());
    sink.restrict_to(s.collecting().wanted);
    std::vector<index_t> lengths;
    for (const token_sequence& t : encoded.sequences) lengths.push_back(t.size());
    for (const row_range part : plan_batches(lengths, sweep_tokens(s.cx(), proxy.model, s.flags().batch_tokens))) {
      std::vector<const token_sequence*> members;
      for (index_t i = part.begin; i < part.end; ++i) members.push_back(&encoded.sequences[static_cast<std::size_t>(i)]);
      sink.begin(part.size());
      (void)sweep(s.cx(), proxy.model, std::span<const token_sequence* const>(members), sink);
      s.bar()({"exact gradients", part.end, m});
    }
    return vendi_from_gram(s.cx(), sink.gram());
  }

  template <class B>
  static void run(session<B>& s, const score_flags& flags) {
    require_option(flags.exact == 0 || B::space == memory::host,
                   "score: --exact: found --device cuda, expected cpu: exact inner products are computed there");
    const row_set set = s.load(flags.input);
    const auto rows = on_backend(s.cx(), set.rows().view());
    const vendi_result result = vendi(s.cx(), rows);
    ordered_json out = describe(set);
    out["g_vendi"] = result.score;
    out["ceiling"] = result.ceiling;
    out["share_of_ceiling"] = result.score / result.ceiling;
    for (std::size_t i = 0; i < std::size(orders); ++i)
      out["orders"][order_names[i]] = result.score_at(orders[i]);
    out["order2_debiased"] = result.order2_debiased;
    if (flags.confidence > 0) {
      const confidence_result c = vendi_confidence(s.cx(), rows, {.repeats = flags.confidence});
      out["confidence"] = {{"subsample", c.subsample}, {"mean", c.mean},       {"lower", c.lower},
                           {"upper", c.upper},         {"repeats", c.repeats}, {"level", 0.95}};
    }
    if constexpr (B::space == memory::host) {
      if (flags.exact > 0) {
        const vendi_result exact = exact_score(s, set, flags.exact);
        out["exact"] = {{"n", exact.rows}, {"g_vendi", exact.score}, {"order2", exact.order2}};
      }
    }
    if (!flags.per_sample.empty()) {
      require_option(!set.samples.empty(), "score: --per-sample needs samples, not rows");
      covariance_accumulator<B, scalar> sums(set.rows().cols());
      sums.add(s.cx(), rows);
      std::vector<double> surprisals(static_cast<std::size_t>(set.size()));
      surprisal_model<B, scalar>(s.cx(), sums).score(s.cx(), rows, surprisals);
      const std::vector<double> norms = set.gradients.norms();
      std::vector<ordered_json> extras;
      for (std::size_t i = 0; i < surprisals.size(); ++i)
        extras.push_back({{"prismatic",
                           {{"surprisal", surprisals[i]}, {"nll", set.gradients.losses[i]}, {"gradient_norm", norms[i]}}}});
      write_samples(flags.per_sample, set.samples, extras);
    }

    s.bar().clear();
    print_notes(set, flags);
    if (flags.json) return say(out.dump(2));
    say("G-Vendi " + fixed(result.score, 2) + "   (n = " + std::to_string(result.rows) + ", d = " +
        std::to_string(result.width) + (out.contains("projection") ? ", " + out["projection"].get<std::string>() : "") +
        (out.contains("precision") ? ", products in " + out["precision"].get<std::string>() : "") + ")");
    std::vector<std::vector<std::string>> lines;
    lines.push_back({"ceiling for this n and d", fixed(result.ceiling, 2)});
    lines.push_back({"share of the ceiling", fixed(100 * result.score / result.ceiling, 1) + " %"});
    for (std::size_t i = 0; i < std::size(orders); ++i)
      if (orders[i] != 1)
        lines.push_back({std::string("Vendi of order ") + order_names[i],
                         fixed(result.score_at(orders[i]), 2)});
    lines.push_back({"order 2 without projection bias", fixed(result.order2_debiased, 2)});
    if (out.contains("mean_nll")) lines.push_back({"mean NLL, nats a token", fixed(out["mean_nll"].get<double>(), 3)});
    if (out.contains("confidence"))
      lines.push_back({"95 % interval at n = " + std::to_string(out["confidence"]["subsample"].get<index_t>()),
                       fixed(out["confidence"]["lower"].get<double>(), 2) + " to " +
                           fixed(out["confidence"]["upper"].get<double>(), 2)});
    if (out.contains("exact"))
      lines.push_back({"exact gradients, n = " + std::to_string(out["exact"]["n"].get<index_t>()),
                       fixed(out["exact"]["g_vendi"].get<double>(), 2)});
    std::string text = table(lines);
    text.pop_back();
    say(text);
    if (result.score > 0.9 * result.ceiling && !flags.quiet)
      note("note: the score is near its ceiling; a larger --width or more samples would tell more");
  }
};

}  // namespace command
