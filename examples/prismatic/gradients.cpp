/// prismatic gradients: the rows of a data set, kept.
#include "session.hpp"
#include "subcommands.hpp"

#include <prismatic/gradient/row_store.hpp>
#include <prismatic/io/npy.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace command {

namespace {

struct gradients_flags : shared_flags {
  std::string input;
  std::string output;
};

constexpr index_t shard_rows = 1024;

// Shard by shard into a directory; what is there already is not computed again.
index_t fill_store(session& s, dataset data, const std::string& directory) {
  (void)s.proxy_for(data.samples);  // the manifest names it
  row_store store(directory, s.manifest());
  std::erase_if(data.samples, [&](const sample& x) { return store.contains(x.id); });
  const index_t found = store.size();
  if (found > 0 && !s.flags().quiet) note("note: " + std::to_string(found) + " rows were there already");
  for (std::size_t first = 0; first < data.samples.size(); first += shard_rows) {
    const std::size_t last = std::min(first + shard_rows, data.samples.size());
    dataset part;
    part.path = data.path;
    part.skipped = std::exchange(data.skipped, {});  // noted with the first part
    part.samples.assign(std::make_move_iterator(data.samples.begin() + static_cast<std::ptrdiff_t>(first)),
                        std::make_move_iterator(data.samples.begin() + static_cast<std::ptrdiff_t>(last)));
    const row_set set = s.collect(std::move(part));
    std::vector<std::string> ids;
    for (const sample& x : set.samples) ids.push_back(x.id);
    store.append(ids, set.gradients);
    print_notes(set, s.flags());
    s.bar()({"rows", static_cast<index_t>(last), static_cast<index_t>(data.samples.size())});
  }
  return store.size();
}

void run(const gradients_flags& flags) {
  session s(flags);
  index_t count = 0;
  if (flags.output.ends_with(".npy")) {
    const row_set set = s.collect(s.read(flags.input));
    write_npy(flags.output, set.rows());
    print_notes(set, flags);
    count = set.size();
  } else {
    count = fill_store(s, s.read(flags.input), flags.output);
  }
  s.bar().clear();
  if (flags.json)
    say(ordered_json{{"path", flags.output}, {"n", count}, {"d", flags.width}}.dump(2));
  else
    say(flags.output + ": " + std::to_string(count) + " rows of " + std::to_string(flags.width) + " numbers");
}

}  // namespace

void add_gradients(CLI::App& app) {
  auto flags = std::make_shared<gradients_flags>();
  CLI::App* sub = app.add_subcommand("gradients", "projected gradients of every sample, written to disk");
  sub->add_option("data", flags->input, "samples: .jsonl, .jsonl.gz, .json, or - for standard input")->required();
  sub->add_option("-o,--output", flags->output, "a directory (shards, ids, manifest; resumable) or a .npy file")->required();
  add_run_flags(*sub, *flags);
  add_data_flags(*sub, *flags);
  add_gradient_flags(*sub, *flags);
  sub->footer("Examples:\n"
              "  prismatic gradients data.jsonl -o rows/ --save-proxy proxy.safetensors\n"
              "  prismatic gradients more.jsonl -o more/ --proxy proxy.safetensors\n"
              "  prismatic gradients data.jsonl -o rows.npy\n");
  sub->callback([flags] { run(*flags); });
}

}  // namespace command
