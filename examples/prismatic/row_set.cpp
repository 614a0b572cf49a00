#include "row_set.hpp"

#include "any_projection.hpp"
#include "console.hpp"

#include <prismatic/gradient/row_store.hpp>
#include <prismatic/io/npy.hpp>

#include <filesystem>

namespace command {

bool row_set::is_at(const std::string& path) {
  return path.ends_with(".npy") || std::filesystem::exists(path + "/manifest.json");
}

row_set row_set::read(const std::string& path) {
  row_set out;
  out.path = path;
  if (path.ends_with(".npy")) {
    out.gradients.rows = read_npy<scalar>(path);
  } else {
    const row_store store(path);
    out.gradients = store.load<scalar>(store.ids());
    out.manifest = store.manifest();
  }
  if (out.rows().empty()) throw data_error(path, 0, "", "no rows", "at least one");
  return out;
}

ordered_json describe(const row_set& set) {
  ordered_json out;
  out["path"] = set.path;
  out["n"] = set.size();
  out["d"] = set.rows().cols();
  if (!set.manifest.empty()) out["projection"] = any_projection::spelling_of(set.manifest);
  if (set.manifest.contains("precision")) out["precision"] = set.manifest["precision"];
  if (!set.samples.empty()) {
    double loss = 0;
    for (const double l : set.gradients.losses) loss += l / static_cast<double>(set.gradients.losses.size());
    out["mean_nll"] = loss;
    out["tokens"] = set.tokens;
    out["truncated"] = set.truncated;
    out["schemas"] = set.schemas;
    out["left_out"] = set.left_out;
  }
  return out;
}

void print_notes(const row_set& set, const shared_flags& flags) {
  if (flags.quiet) return;
  if (set.truncated > 0)
    note("note: " + std::to_string(set.truncated) +
         " samples were longer than the context; their prompts were cut");
  if (!set.left_out.empty())
    note("note: " + std::to_string(set.left_out.size()) +
         " samples left out; the first: " + set.left_out.front());
}

}  // namespace command
