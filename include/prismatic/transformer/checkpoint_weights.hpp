/// The tensors of a checkpoint directory: one safetensors file, or several that an index names.
#pragma once

#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>
#include <prismatic/io/json.hpp>
#include <prismatic/io/safetensors.hpp>

#include <cstddef>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace prismatic {

/// All files mapped, every tensor under its name.
class checkpoint_weights {
 public:
  /// A tensor and the file it is in.
  struct located_tensor {
    const safetensors_file* file;
    const tensor_entry* entry;
  };

  /// model.safetensors if it is there, else the shards of model.safetensors.index.json.
  /// Cost: reads headers only.
  /// @throws io_error, data_error  a file cannot be read, or a shard's name leads out of the directory
  /// @throws model_error           no weights, or index and shards disagree
  explicit checkpoint_weights(const std::string& directory) : directory_(directory) {
    const std::filesystem::path root(directory);
    const std::filesystem::path single = root / "model.safetensors", index = root / "model.safetensors.index.json";
    if (std::filesystem::exists(single))
      files_.emplace_back(single.string());
    else if (std::filesystem::exists(index))
      open_shards(index.string());
    else
      throw model_error(directory + ": found neither model.safetensors nor model.safetensors.index.json, expected one of them");
    for (const safetensors_file& file : files_)
      for (const tensor_entry& entry : file.tensors())
        if (const auto [first, added] = tensors_.emplace(entry.name, located_tensor{&file, &entry}); !added)
          throw model_error(file.path() + ": found tensor " + in_quotes(entry.name, 120) + ", expected it only in " +
                            first->second.file->path());
    check_index();
  }
  checkpoint_weights(const checkpoint_weights&) = delete;  // located tensors point into it
  checkpoint_weights& operator=(const checkpoint_weights&) = delete;

  [[nodiscard]] const std::string& directory() const noexcept { return directory_; }
  [[nodiscard]] const std::map<std::string, located_tensor>& tensors() const noexcept { return tensors_; }

  /// The tensor of that name, or nullptr.
  [[nodiscard]] const located_tensor* find(const std::string& name) const {
    const auto found = tensors_.find(name);
    return found == tensors_.end() ? nullptr : &found->second;
  }

  /// The element types that occur, as safetensors names them: "BF16", or "BF16 and F32".
  [[nodiscard]] std::string dtypes() const {
    std::set<std::string_view> names;
    for (const auto& [name, tensor] : tensors_) names.insert(info_of(tensor.entry->type).name);
    std::string out;
    for (const std::string_view name : names) out += (out.empty() ? "" : " and ") + std::string(name);
    return out;
  }

 private:
  void open_shards(const std::string& path) {
    const json index = read_json(path);
    const json& map = require_object(index, "weight_map", {.file = path});
    std::set<std::string> names;
    for (const auto& [tensor, file] : map.items()) {
      const json_place place{.file = path, .inside = "weight_map"};
      const auto name = as_value<std::string>(file, in_quotes(tensor, 120), place);
      if (name.empty() || name == "." || name == ".." || name.find_first_of(std::string_view("/\\\0", 3)) != std::string::npos)
        throw field_error(place, in_quotes(tensor, 120), "file " + in_quotes(name), "the name of a file in the same directory");
      mapped_to_.emplace(tensor, name);
      names.insert(name);
    }
    files_.reserve(names.size());
    for (const std::string& name : names) files_.emplace_back((std::filesystem::path(directory_) / name).string());
  }

  void check_index() const {
    for (const auto& [tensor, name] : mapped_to_) {
      const located_tensor* const found = find(tensor);
      if (found == nullptr || std::filesystem::path(found->file->path()).filename() != name)
        throw model_error((std::filesystem::path(directory_) / name).string() + ": found no tensor " + in_quotes(tensor, 120) +
                          ", expected it as the index says");
    }
  }

  std::string directory_;
  std::vector<safetensors_file> files_;
  std::map<std::string, std::string> mapped_to_;  // tensor to shard, as the index says
  std::map<std::string, located_tensor> tensors_;
};

}  // namespace prismatic
