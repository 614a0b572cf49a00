/// Rows on disk: a directory of shards that grows, survives a kill, and says how its rows were made.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/gradient/collect.hpp>
#include <prismatic/io/atomic_file.hpp>
#include <prismatic/io/json.hpp>
#include <prismatic/io/safetensors.hpp>
#include <prismatic/io/safetensors_writer.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace prismatic {

/// The first place where two JSON objects differ, as "key: found X, expected Y", or nothing.
inline std::optional<std::string> first_difference(const json& found, const json& expected) {
  for (const auto& [key, value] : expected.items())
    if (!found.contains(key) || found[key] != value)
      return key + ": found " + (found.contains(key) ? found[key].dump() : "nothing") + ", expected " + value.dump();
  for (const auto& [key, value] : found.items())
    if (!expected.contains(key)) return key + ": found " + value.dump() + ", expected nothing";
  return std::nullopt;
}

/// A directory of rows.
///
///   manifest.json            every convention the rows depend on: proxy, template, projection, seed, masking
///   rows-00000.safetensors   "rows" (N, d) F32, "norms" (N), "losses" (N) F64, "loss_tokens" (N) I64, and
///                            the N ids, one a line, as the bytes "ids"
///
/// A shard appears whole or not at all, so what is there is done: a kill loses at most the rows that were
/// not yet appended, and never repeats one.
class row_store {
 public:
  /// Opens the store in `directory`, or makes it. @param manifest  an object with "width" among its members
  /// @throws data_error  the store there was made another way (the difference is named) or is damaged; io_error
  row_store(std::string directory, const json& manifest) : directory_(std::move(directory)), manifest_(manifest) {
    width_ = require<index_t>(manifest_, "width", {directory_});
    std::error_code failure;
    std::filesystem::create_directories(directory_, failure);
    if (failure) throw io_error(directory_ + ": cannot create: " + failure.message());
    const std::string path = directory_ + "/manifest.json";
    if (std::filesystem::exists(path)) {
      if (const auto difference = first_difference(read_json(path), manifest_))
        throw data_error(path, 0, "", "rows made with other settings: " + *difference, "");
    } else {
      write_file(path, manifest_.dump(2) + "\n");
    }
    open_shards();
  }

  /// Opens an existing store. @throws data_error, io_error
  explicit row_store(const std::string& directory) : row_store(directory, read_json(directory + "/manifest.json")) {}

  [[nodiscard]] index_t size() const noexcept { return static_cast<index_t>(ids_.size()); }
  [[nodiscard]] index_t width() const noexcept { return width_; }
  [[nodiscard]] const json& manifest() const noexcept { return manifest_; }
  /// In the order they were appended.
  [[nodiscard]] std::span<const std::string> ids() const noexcept { return ids_; }
  [[nodiscard]] bool contains(std::string_view id) const { return position_.contains(std::string(id)); }

  /// Adds rows as one shard. @throws option_error  an id is there already, or holds a line break; io_error
  template <class T>
  void append(std::span<const std::string> ids, const gradient_rows<T>& rows) {
    require_equal(rows.rows.rows(), static_cast<index_t>(ids.size()), "row_store: ids");
    require_equal(rows.rows.cols(), width_, "row_store: width of the rows");
    if (ids.empty()) return;
    std::string text;
    for (const std::string& id : ids) {
      require_option(!contains(id), "row_store: id " + in_quotes(id) + " is there already");
      require_option(id.find('\n') == std::string::npos, "row_store: id " + in_quotes(id) + " holds a line break");
      text += id + '\n';
    }
    const std::vector<double> norms = rows.norms();
    write_safetensors(shard_path(shards_.size()),
                      {tensor_of("rows", rows.rows), tensor_of("norms", norms), tensor_of("losses", rows.losses),
                       tensor_of("loss_tokens", rows.loss_tokens),
                       tensor_of("ids", dtype::u8, {static_cast<index_t>(text.size())},
                                 std::as_bytes(std::span(text.data(), text.size())))});
    open_shard(shard_path(shards_.size()));
  }

  /// The rows of the given ids, in that order. @throws data_error  an id is not in the store
  template <class T>
  [[nodiscard]] gradient_rows<T> load(std::span<const std::string> wanted) const {
    gradient_rows<T> out{matrix<T>(static_cast<index_t>(wanted.size()), width_), {}, {}, {}};
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const auto found = position_.find(wanted[i]);
      if (found == position_.end()) throw data_error(directory_, 0, "id " + in_quotes(wanted[i]), "nothing", "a row");
      const auto [shard, row] = found->second;
      const safetensors_file& file = shards_[shard];
      file.copy_as(file.at("rows"), vector_view<T>(out.rows.view().row(static_cast<index_t>(i)), width_), row * width_);
      out.losses.push_back(element<double>(file, "losses", row));
      out.loss_tokens.push_back(element<index_t>(file, "loss_tokens", row));
    }
    return out;
  }

 private:
  [[nodiscard]] std::string shard_path(std::size_t shard) const {
    std::string number = std::to_string(shard);
    number.insert(0, number.size() < 5 ? 5 - number.size() : 0, '0');
    return directory_ + "/rows-" + number + ".safetensors";
  }

  void open_shards() {
    while (std::filesystem::exists(shard_path(shards_.size()))) open_shard(shard_path(shards_.size()));
  }

  void open_shard(const std::string& path) {
    safetensors_file file(path);
    const tensor_entry& rows = file.at("rows");
    const tensor_entry& text = file.at("ids");
    if (rows.shape.size() != 2 || rows.shape[1] != width_)
      throw data_error(path, 0, "rows", "another shape", "(N, " + std::to_string(width_) + ")");
    std::string_view ids(reinterpret_cast<const char*>(text.bytes.data()), text.bytes.size());
    index_t row = 0;
    for (; !ids.empty(); ++row) {
      const std::size_t end = std::min(ids.find('\n'), ids.size() - 1);
      if (!position_.try_emplace(std::string(ids.substr(0, end)), shards_.size(), row).second)
        throw data_error(path, 0, "ids", "id " + in_quotes(ids.substr(0, end)) + " twice", "each id once");
      ids_.emplace_back(ids.substr(0, end));
      ids.remove_prefix(end + 1);
    }
    for (const char* name : {"losses", "loss_tokens", "norms"})
      if (file.at(name).elements != rows.shape[0])
        throw data_error(path, 0, name, std::to_string(file.at(name).elements) + " elements", "one per row");
    if (row != rows.shape[0])
      throw data_error(path, 0, "ids", std::to_string(row) + " ids", std::to_string(rows.shape[0]));
    shards_.push_back(std::move(file));
  }

  template <class T>
  static T element(const safetensors_file& file, const char* name, index_t i) {
    T out{};
    file.copy_as(file.at(name), vector_view<T>(&out, 1), i);
    return out;
  }

  std::string directory_;
  json manifest_;
  index_t width_ = 0;
  std::vector<safetensors_file> shards_;
  std::vector<std::string> ids_;
  std::unordered_map<std::string, std::pair<std::size_t, index_t>> position_;  // id -> shard, row
};

}  // namespace prismatic
