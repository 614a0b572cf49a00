/// Rows and what they are the rows of.
#pragma once

#include "flags.hpp"

#include <prismatic/core/matrix.hpp>
#include <prismatic/gradient/collect.hpp>
#include <prismatic/io/json.hpp>
#include <prismatic/io/sample.hpp>

#include <map>
#include <string>
#include <vector>

namespace command {

using scalar = float;

/// In host memory, whatever computed them. Without samples when the rows themselves were the input.
struct row_set {
  std::string path;
  std::vector<sample> samples;
  gradient_rows<scalar> gradients;
  std::vector<std::string> left_out;  ///< one line a sample that could not be used
  index_t truncated = 0;
  index_t tokens = 0;
  std::map<std::string, index_t> schemas;
  json manifest;  ///< how the rows were made; empty for .npy

  [[nodiscard]] const matrix<scalar>& rows() const { return gradients.rows; }
  [[nodiscard]] index_t size() const { return gradients.rows.rows(); }

  /// Whether a path holds rows rather than samples.
  [[nodiscard]] static bool is_at(const std::string& path);
  /// Rows made before: .npy, or a directory that `gradients` wrote. @throws data_error, io_error
  [[nodiscard]] static row_set read(const std::string& path);
};

/// What there is to say of the data, for people and for programs.
[[nodiscard]] ordered_json describe(const row_set& set);
void print_notes(const row_set& set, const shared_flags& flags);

}  // namespace command
