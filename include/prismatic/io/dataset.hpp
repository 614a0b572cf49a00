/// Whole files of samples: read with an account of what was found.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/io/json.hpp>
#include <prismatic/io/json_text.hpp>
#include <prismatic/io/jsonl.hpp>
#include <prismatic/io/sample.hpp>
#include <prismatic/io/sample_reader.hpp>
#include <prismatic/io/schema.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace prismatic {

/// What to do with a record that cannot be read.
enum class bad_record : std::uint8_t { refuse, skip };

/// How a file of samples is read.
struct dataset_options {
  schema_options schemas = {};                    ///< recognise each record, or force a schema or field names
  bad_record on_bad_record = bad_record::refuse;  ///< stop at the first, or leave it out and say so
};

/// A record that was left out, and the sentence that says why.
struct skipped_record {
  index_t line;
  std::string reason;
};

/// A record with the same content as an earlier one. It is kept, under the earlier id with "#2", "#3", ...
struct repeated_record {
  index_t line;
  index_t first_line;
};

/// The samples of a file, in its order, and what there is to report about it.
struct dataset {
  std::string path;
  std::vector<sample> samples;
  std::array<index_t, schemas.size()> counts{};  ///< samples of each schema, in the order of `schemas`
  std::vector<skipped_record> skipped;           ///< only with bad_record::skip
  std::vector<repeated_record> repeated;  ///< records without an id of their own whose content occurs twice

  [[nodiscard]] index_t size() const noexcept { return static_cast<index_t>(samples.size()); }
  [[nodiscard]] index_t count(schema kind) const noexcept { return counts[static_cast<std::size_t>(kind)]; }
};

namespace detail {

// Collects records into a data set whose ids are unique.
class dataset_builder {
 public:
  dataset_builder(std::string path, const dataset_options& options) : options_(options) {
    check_options(options.schemas);
    out_.path = std::move(path);
  }

  void add(std::string_view raw, index_t line) {
    try {
      keep(read_sample(raw, {.file = out_.path, .line = line}, options_.schemas));
    } catch (const data_error& refusal) {
      if (options_.on_bad_record == bad_record::refuse) throw;
      out_.skipped.push_back({line, refusal.what()});
    }
  }

  dataset finish() {
    if (out_.samples.empty() && out_.skipped.empty())
      throw data_error(out_.path, 0, "", "no records", "at least one sample");
    if (out_.samples.empty())
      throw data_error(out_.path, 0, "",
                       "no usable sample among " + std::to_string(out_.skipped.size()) + " records",
                       "at least one (the first was refused: " + out_.skipped.front().reason + ")");
    return std::move(out_);
  }

 private:
  struct first_use {
    index_t line;
    index_t copies;
  };

  void keep(recognised_sample found) {
    sample& value = found.value;
    const auto [used, is_new] = lines_.try_emplace(value.id, first_use{value.line, 1});
    if (!is_new && found.has_own_id)
      throw data_error(out_.path, value.line, "id",
                       in_quotes(value.id) + ", which line " + std::to_string(used->second.line) + " has too",
                       "an id of its own");
    if (!is_new) {
      out_.repeated.push_back({value.line, used->second.line});
      first_use& first = used->second;
      const std::string stem = value.id;
      do value.id = stem + '#' + std::to_string(++first.copies);
      while (lines_.contains(value.id));
      lines_.emplace(value.id, first_use{value.line, 1});
    }
    if (value.raw.find('\n') != std::string::npos) std::ranges::replace(value.raw, '\n', ' ');  // between tokens of an array's element; a line has none
    ++out_.counts[static_cast<std::size_t>(found.kind)];
    out_.samples.push_back(std::move(value));
  }

  const dataset_options& options_;
  dataset out_;
  std::unordered_map<std::string, first_use> lines_;  // by id
};

// The rest of the file as one text, every line where it was. An array may spread over any number of lines.
inline std::string whole_text(jsonl_reader& reader, text_line line) {
  const json_place place{.file = reader.name()};
  std::string out;
  index_t number = 1;
  for (std::optional<text_line> next = line; next; next = reader.next()) {
    out.append(static_cast<std::size_t>(next->number - number), '\n').append(next->text);
    number = next->number;
    if (out.size() > std::size_t{1} << 30)
      throw field_error(place, "", "an array of more than 1 GiB", "JSON Lines");
  }
  return out;
}

}  // namespace detail

/// Reads a file of samples: JSON Lines, or one JSON array; plain or gzip; "-" is standard input. Within an
/// array line breaks between tokens become spaces in `raw`, which is otherwise the record byte for byte.
///
/// Samples without an id get the hash of their content; when the same content comes again it is kept, told
/// apart by "#2", and reported. An id that a file gives twice is an error.
/// @throws io_error
/// @throws data_error    a record cannot be read (unless they are skipped); there is no usable one at all
/// @throws option_error  contradictory options
[[nodiscard]] inline dataset read_samples(const std::string& path, const dataset_options& options = {}) {
  jsonl_reader reader(path);
  detail::dataset_builder builder(reader.name(), options);
  std::optional<text_line> line = reader.next();
  if (line && line->text.find_first_not_of(" \t") == line->text.find('[')) {
    const std::string text = detail::whole_text(reader, *line);
    for (const json_element& element : split_array(text, {.file = reader.name(), .line = 1}))
      builder.add(element.text, element.line);
    return builder.finish();
  }
  for (; line; line = reader.next()) builder.add(line->text, line->number);
  return builder.finish();
}

}  // namespace prismatic
