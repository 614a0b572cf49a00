/// The projection that --projection names: one type for every subcommand, whichever was asked for.
#pragma once

#include <prismatic/io/json.hpp>
#include <prismatic/projection/kronecker.hpp>
#include <prismatic/projection/rademacher.hpp>
#include <prismatic/projection/sparse_sign.hpp>

#include <charconv>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>

namespace command {

using namespace prismatic;

/// A projection in its own right. The choice is looked up once a block of a parameter, which is nothing
/// beside projecting it.
class any_projection {
 public:
  static constexpr std::string_view name = "chosen at run time";
  static constexpr const char* spellings = "rademacher, sparse-sign, sparse-sign:S or kronecker";

  /// @throws option_error  a spelling that is none of those; a width or S that the projection refuses
  any_projection(const std::string& spelling, index_t width, std::uint64_t seed)
      : chosen_(choose(spelling, width, seed)) {}

  [[nodiscard]] index_t width() const {
    return std::visit([](const auto& p) { return p.width(); }, chosen_);
  }
  [[nodiscard]] double scale() const {
    return std::visit([](const auto& p) { return p.scale(); }, chosen_);
  }

  [[nodiscard]] index_t usual_tokens() const {
    return std::visit([](const auto& p) { return prismatic::usual_tokens(p); }, chosen_);
  }

  /// Numbers it adds up for each parameter of a gradient; kronecker, which never sees the parameters, takes fewer.
  [[nodiscard]] index_t additions() const {
    return std::visit(
        [](const auto& p) {
          if constexpr (requires { p.nonzeros(); })
            return p.nonzeros();
          else
            return p.width();
        },
        chosen_);
  }

  template <class B, real T>
  void accumulate(context<B>& cx, const tensor_block& block, input_matrix<T, B::space> g,
                  matrix_view<T, B::space> z) const {
    std::visit([&](const auto& p) { p.accumulate(cx, block, g, z); }, chosen_);
  }

  /// @pre !takes_factors()
  template <class B, real T>
  void accumulate_each(context<B>& cx, std::string_view tensor, std::span<const token_id> ids, input_matrix<T, B::space> g,
                       matrix_view<T, B::space> z) const
    requires row_projection<rademacher, B, T> && row_projection<sparse_sign, B, T>
  {
    if (const auto* dense = std::get_if<rademacher>(&chosen_)) return dense->accumulate_each(cx, tensor, ids, g, z);
    std::get<sparse_sign>(chosen_).accumulate_each(cx, tensor, ids, g, z);
  }

  [[nodiscard]] bool takes_factors() const { return std::holds_alternative<kronecker>(chosen_); }

  /// @pre takes_factors()
  template <class B, real T>
  void accumulate_outer(context<B>& cx, const tensor_block& tensor, input_matrix<T, B::space> dy, input_matrix<T, B::space> x,
                        const layout& seq, matrix_view<T, B::space> z) const {
    std::get<kronecker>(chosen_).accumulate_outer(cx, tensor, dy, x, seq, z);
  }
  template <class B, real T>
  void accumulate_rows(context<B>& cx, const tensor_block& tensor, std::span<const token_id> ids, input_matrix<T, B::space> dy,
                       const layout& seq, matrix_view<T, B::space> z) const {
    std::get<kronecker>(chosen_).accumulate_rows(cx, tensor, ids, dy, seq, z);
  }

  /// What a manifest records: every member that rows depend on.
  [[nodiscard]] json manifest() const {
    return std::visit(
        []<class P>(const P& p) {
          json out{{"width", p.width()}, {"projection", P::name}, {"projection_seed", p.seed()}};
          if constexpr (requires { p.nonzeros(); }) out["projection_nonzeros"] = p.nonzeros();
          return out;
        },
        chosen_);
  }

  /// The spelling that stands for what a manifest records, empty where it records nothing.
  [[nodiscard]] static std::string spelling_of(const json& manifest) {
    const auto name = manifest.find("projection"), nonzeros = manifest.find("projection_nonzeros");
    std::string out = name != manifest.end() && name->is_string() ? name->get<std::string>() : "";
    if (nonzeros != manifest.end()) out += ":" + nonzeros->dump();
    return out;
  }

 private:
  using choice = std::variant<rademacher, sparse_sign, kronecker>;

  static choice choose(const std::string& spelling, index_t width, std::uint64_t seed) {
    if (spelling == rademacher::name) return rademacher(width, seed);
    if (spelling == sparse_sign::name) return sparse_sign(width, 4, seed);
    if (spelling == kronecker::name) return kronecker(width, seed);
    const std::string prefix = std::string(sparse_sign::name) + ":";
    if (spelling.starts_with(prefix)) {
      index_t nonzeros = 0;
      const char* const end = spelling.data() + spelling.size();
      const auto [stop, failure] = std::from_chars(spelling.data() + prefix.size(), end, nonzeros);
      if (failure == std::errc{} && stop == end) return sparse_sign(width, nonzeros, seed);
    }
    throw option_error("--projection: found " + spelling + ", expected " + spellings);
  }

  choice chosen_;
};

}  // namespace command
