/// prismatic score: G-Vendi of a data set, with what it has to be read with.
#include "session.hpp"
#include "subcommands.hpp"

#include <prismatic/diversity/confidence.hpp>
#include <prismatic/diversity/covariance.hpp>
#include <prismatic/diversity/select.hpp>
#include <prismatic/diversity/surprisal.hpp>
#include <prismatic/diversity/vendi.hpp>
#include <prismatic/gradient/gram.hpp>
#include <prismatic/io/sample_writer.hpp>

#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace command {

namespace {

struct score_flags : shared_flags {
  std::string input;
  index_t confidence = 0;
  index_t exact = 0;
  std::string per_sample;
};

constexpr double orders[] = {0.1, 0.5, 1, 2, std::numeric_limits<double>::infinity()};
constexpr const char* order_names[] = {"0.1", "0.5", "1", "2", "inf"};

// The score of exact inner products, without any projection, on a random subsample.
vendi_result exact_score(session& s, const row_set& set, index_t count) {
  require_option(!set.samples.empty(), "score: --exact needs samples, not rows");
  const index_t m = std::min(count, set.size());
  const auto chosen = select_random(set.size(), m, s.cx().random("score/exact"));
  std::vector<sample> subset;
  for (const index_t i : chosen) subset.push_back(set.samples[static_cast<std::size_t>(i)]);
  const auto& proxy = s.proxy_for({});
  const encoded_samples encoded = encode(proxy, subset);
  gram_sink<backend_type, scalar> sink(s.cx(), proxy.model.parameters().infos());
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

void run(const score_flags& flags) {
  session s(flags);
  const row_set set = s.load(flags.input);
  const vendi_result result = vendi(s.cx(), set.rows());
  ordered_json out = describe(set);
  out["g_vendi"] = result.score;
  out["ceiling"] = result.ceiling;
  out["share_of_ceiling"] = result.score / result.ceiling;
  for (std::size_t i = 0; i < std::size(orders); ++i)
    out["orders"][order_names[i]] = vendi_from_spectrum(result.spectrum, orders[i]);
  out["order2_debiased"] = result.order2_debiased;
  if (flags.confidence > 0) {
    const confidence_result c = vendi_confidence(s.cx(), set.rows(), {.repeats = flags.confidence});
    out["confidence"] = {{"subsample", c.subsample}, {"mean", c.mean},       {"lower", c.lower},
                         {"upper", c.upper},         {"repeats", c.repeats}, {"level", 0.95}};
  }
  if (flags.exact > 0) {
    const vendi_result exact = exact_score(s, set, flags.exact);
    out["exact"] = {{"n", exact.rows}, {"g_vendi", exact.score}, {"order2", exact.order2}};
  }
  if (!flags.per_sample.empty()) {
    require_option(!set.samples.empty(), "score: --per-sample needs samples, not rows");
    covariance_accumulator<backend_type, scalar> sums(set.rows().cols());
    sums.add(s.cx(), set.rows());
    std::vector<double> surprisals(static_cast<std::size_t>(set.size()));
    surprisal_model<backend_type, scalar>(s.cx(), sums).score(s.cx(), set.rows(), surprisals);
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
      std::to_string(result.width) + (out.contains("projection") ? ", " + out["projection"].get<std::string>() : "") + ")");
  std::vector<std::vector<std::string>> lines;
  lines.push_back({"ceiling for this n and d", fixed(result.ceiling, 2)});
  lines.push_back({"share of the ceiling", fixed(100 * result.score / result.ceiling, 1) + " %"});
  for (std::size_t i = 0; i < std::size(orders); ++i)
    if (orders[i] != 1)
      lines.push_back({std::string("Vendi of order ") + order_names[i],
                       fixed(vendi_from_spectrum(result.spectrum, orders[i]), 2)});
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

}  // namespace

void add_score(CLI::App& app) {
  auto flags = std::make_shared<score_flags>();
  CLI::App* sub = app.add_subcommand("score", "G-Vendi of a data set");
  sub->add_option("data", flags->input, "samples (.jsonl, .jsonl.gz, .json, -), or rows (.npy, a gradients directory)")
      ->required();
  sub->add_option("--confidence", flags->confidence, "subsamples for a 95 % interval, e.g. 100")
      ->check(CLI::NonNegativeNumber);
  sub->add_option("--exact", flags->exact, "also score this many samples by exact inner products, e.g. 200")
      ->check(CLI::NonNegativeNumber);
  sub->add_option("--per-sample", flags->per_sample, "write the samples here, each with surprisal, nll, gradient_norm");
  add_run_flags(*sub, *flags);
  add_data_flags(*sub, *flags);
  add_gradient_flags(*sub, *flags);
  sub->footer("Examples:\n"
              "  prismatic score data.jsonl\n"
              "  prismatic score data.jsonl.gz --confidence 100 --json\n"
              "  prismatic score data.jsonl --per-sample scored.jsonl\n"
              "  prismatic score rows.npy\n");
  sub->callback([flags] { run(*flags); });
}

}  // namespace command
