/// Files of samples, written as JSON Lines in one atomic step.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/io/atomic_file.hpp>
#include <prismatic/io/json.hpp>
#include <prismatic/io/json_text.hpp>
#include <prismatic/io/sample.hpp>

#include <cstddef>
#include <span>
#include <string>

namespace prismatic {

/// The record of a sample: the one it was read from, byte for byte, or a new one of the schema that fits it
/// (prompt and completion, text, or messages) with its id.
/// @param extra  an object whose members are set in the record; null adds nothing
/// @throws data_error when a text of a new record, or of `extra`, is not UTF-8
[[nodiscard]] inline std::string sample_text(const sample& from, const ordered_json& extra = nullptr) {
  std::string raw = from.raw;
  if (raw.empty()) {
    ordered_json record{{"id", from.id}};
    const auto& turns = from.messages;
    if (turns.size() == 1 && turns[0].role == roles::text) {
      record["text"] = turns[0].content;
    } else if (turns.size() == 2 && turns[0].role == roles::user && turns[1].role == roles::assistant) {
      record["prompt"] = turns[0].content;
      record["completion"] = turns[1].content;
    } else {
      for (const message& turn : turns)
        record["messages"].push_back({{"role", turn.role}, {"content", turn.content}});
    }
    raw = dump_json(record, "sample " + in_quotes(from.id));
  }
  return extra.is_null() ? raw : with_members(raw, extra);
}

/// Writes samples as JSON Lines. @param extras  empty, or an object (or null) for each sample
/// @throws io_error, data_error, shape_error
inline void write_samples(const std::string& path, std::span<const sample> samples,
                          std::span<const ordered_json> extras = {}) {
  if (!extras.empty())
    require_equal(static_cast<index_t>(extras.size()), static_cast<index_t>(samples.size()),
                  "write_samples: extras");
  atomic_file file(path);
  for (std::size_t i = 0; i < samples.size(); ++i)
    file.write(extras.empty() ? sample_text(samples[i]) + '\n' : sample_text(samples[i], extras[i]) + '\n');
  file.commit();
}

}  // namespace prismatic
