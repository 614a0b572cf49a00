/// Which of a decoder's parameters a gradient is taken of: coverage for time.
#pragma once

#include <prismatic/autodiff/parameter.hpp>
#include <prismatic/core/error.hpp>
#include <prismatic/core/types.hpp>

#include <algorithm>
#include <charconv>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace prismatic {

/// One flag a parameter, for `collect_options::wanted`. `modules` is a list joined by commas; a parameter is
/// wanted when every item keeps it:
///
///   all            every parameter
///   attention      self_attn of every block: projections, their biases, q and k norms
///   mlp            mlp of every block
///   no-embedding   all but the token table and the head
///   last:N         the last N blocks and the last norm; the backward sweep ends below them
///
/// @throws option_error  an item that is none of these, N outside 1 ... layers, or nothing left
inline std::vector<bool> wanted_parameters(std::span<const parameter_info> parameters, index_t layers,
                                           std::string_view modules) {
  const auto in_layer = [](std::string_view name) {  // -1 outside the blocks
    constexpr std::string_view prefix = "model.layers.";
    index_t layer = -1;
    if (name.starts_with(prefix)) std::from_chars(name.data() + prefix.size(), name.data() + name.size(), layer);
    return layer;
  };
  std::vector<bool> wanted(parameters.size(), true);
  const auto keep = [&](auto&& kept) {
    for (std::size_t p = 0; p < parameters.size(); ++p) wanted[p] = wanted[p] && kept(std::string_view(parameters[p].name));
  };
  const auto holds = [](std::string_view part) { return [=](std::string_view name) { return name.find(part) != name.npos; }; };

  std::string_view rest = modules;
  for (bool more = true; more;) {
    const std::string_view item = rest.substr(0, rest.find(','));
    more = item.size() < rest.size();
    rest.remove_prefix(item.size() + (more ? 1 : 0));
    index_t count = 0;
    const char* const number = item.data() + std::min<std::size_t>(5, item.size());
    if (item == "attention") {
      keep(holds(".self_attn."));
    } else if (item == "mlp") {
      keep(holds(".mlp."));
    } else if (item == "no-embedding") {
      keep([](std::string_view name) { return name != "model.embed_tokens.weight" && name != "lm_head.weight"; });
    } else if (item.starts_with("last:") &&
               std::from_chars(number, item.data() + item.size(), count).ptr == item.data() + item.size() &&
               count >= 1 && count <= layers) {
      keep([&](std::string_view name) { return in_layer(name) >= layers - count || name == "model.norm.weight"; });
    } else {
      require_option(item == "all", "modules: found \"" + std::string(item) +
                                        "\", expected all, attention, mlp, no-embedding or last:N with N from 1 to " +
                                        std::to_string(layers) + ", joined by commas");
    }
  }
  require_option(std::ranges::find(wanted, true) != wanted.end(),
                 "modules: found \"" + std::string(modules) + "\", which leaves no parameter");
  return wanted;
}

}  // namespace prismatic
