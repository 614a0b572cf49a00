/// prismatic gradients: the rows of a data set, kept.
#pragma once

#include "session.hpp"

#include <prismatic/gradient/row_store.hpp>
#include <prismatic/io/npy.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace command {

struct gradients_flags : shared_flags {
  std::string input;
  std::string output;
};

struct gradients_verb {
  using flags_type = gradients_flags;

  static constexpr index_t shard_rows = 1024;

  // Shard by shard into a directory; what is there already is not computed again.
  template <class B>
  static index_t fill_store(session<B>& s, dataset data, const std::string& directory) {
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

  template <class B>
  static void run(session<B>& s, const gradients_flags& flags) {
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
};

}  // namespace command
