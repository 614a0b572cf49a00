/// The members of session, for the sources that instantiate it.
#pragma once

#include "session.hpp"

#include <prismatic/core/memory_budget.hpp>
#include <prismatic/gradient/sample_rows.hpp>
#include <prismatic/transformer/auto_proxy.hpp>
#include <prismatic/transformer/checkpoint.hpp>
#include <prismatic/transformer/modules.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>

namespace command {

/// What --max-memory leaves for one sweep's activations: all of it on the host, where it is for them alone; on
/// a device half of what all allocations there may take.
template <class B>
[[nodiscard]] index_t sweep_bytes(const shared_flags& flags) {
  if constexpr (B::space != memory::host)
    return memory_budget::limit() / 2;
  else if (flags.max_memory == 0)
    return usual_activation_bytes;
  else
    return static_cast<index_t>(std::min(flags.max_memory, std::uint64_t{1} << 50));
}

template <class B>
session<B>::session(const shared_flags& flags)
    : flags_(flags),
      cx_({.threads = flags.threads, .seed = flags.seed, .activation_bytes = sweep_bytes<B>(flags)}),
      bar_(flags.quiet),
      smaller_sweeps_{bar_, flags.quiet},
      projection_(flags.projection, flags.width, flags.seed) {}

template <class B>
dataset session<B>::read(const std::string& path) const {
  dataset_options options;
  if (!flags_.format.empty()) options.schemas.format = schema_named(flags_.format);
  if (!flags_.map.empty()) options.schemas.fields = parse_field_map(flags_.map);
  if (flags_.skip_bad) options.on_bad_record = bad_record::skip;
  return read_samples(path, options);
}

template <class B>
auto session<B>::checkpoint(const std::string& directory) -> const proxy_type& {
  const std::string key = std::filesystem::canonical(directory).string();
  auto found = checkpoints_.find(key);
  if (found == checkpoints_.end())
    found = checkpoints_
                .emplace(key, load_checkpoint<scalar>(
                                  cx_, directory,
                                  {.template_name = flags_.template_name, .max_context = flags_.max_context}))
                .first;
  return found->second;
}

template <class B>
auto session<B>::proxy_for(std::span<const sample> samples) -> const proxy_type& {
  if (proxy_ != nullptr) return *proxy_;
  if (flags_.proxy != "auto" && std::filesystem::is_directory(flags_.proxy))
    return *(proxy_ = &checkpoint(flags_.proxy));
  require_option(flags_.template_name.empty() || !checkpoints_.empty(),
                 "--template: found --proxy " + flags_.proxy + ", expected a checkpoint's directory");
  if (flags_.proxy == "auto") {
    embedded_ = train_auto_proxy<scalar>(
        cx_, samples, {.steps = flags_.proxy_steps, .seed = flags_.seed, .on_progress = progress(bar_)});
    if (!flags_.save_proxy.empty()) save_auto_proxy(*embedded_, flags_.save_proxy);
  } else {
    embedded_ = load_auto_proxy<scalar>(cx_, flags_.proxy);
  }
  return *(proxy_ = &*embedded_);
}

template <class B>
auto session<B>::proxy_kept(const std::string& path, std::span<const sample> samples) -> const proxy_type& {
  if (proxy_ != nullptr || flags_.proxy != "auto") return proxy_for(samples);
  if (std::filesystem::exists(path))
    proxy_ = &embedded_.emplace(load_auto_proxy<scalar>(cx_, path));
  else
    save_auto_proxy(proxy_for(samples), path);
  return *proxy_;
}

template <class B>
auto session<B>::proxy_untrained() -> const proxy_type& {
  if (proxy_ != nullptr || flags_.proxy != "auto") return proxy_for({});
  embedded_.emplace(
      proxy_type{decoder<B, scalar>(auto_proxy_config()), std::make_shared<byte_encoder>(), "auto"});
  embedded_->model.initialise(flags_.seed);
  return *(proxy_ = &*embedded_);
}

template <class B>
truncation session<B>::too_long() const {
  return flags_.truncation == "refuse" ? truncation::refuse : truncation::prompt;
}

/// As --precision spells it.
inline product_precision products_named(std::string_view name) {
  if (name == "tf32") return product_precision::tf32;
  if (name == "bf16-backward") return product_precision::bf16_backward;
  return name == "bf16" ? product_precision::bf16 : product_precision::full;
}

template <class B>
collect_options session<B>::collecting() {
  const auto& model = proxy_->model;
  return {.batch_tokens = flags_.batch_tokens,
          .wanted = wanted_parameters(model.parameters().infos(), model.config().layers, flags_.modules),
          .products = products_named(flags_.precision),
          .on_progress = progress(bar_),
          .on_smaller_sweeps = progress(smaller_sweeps_)};
}

template <class B>
json session<B>::manifest() const {
  json out{{"format", "prismatic-rows-1"},
           {"proxy", weights_fingerprint(proxy_->model.parameters())},
           {"encoder", proxy_->encoder->fingerprint()},
           {"truncation", flags_.truncation},
           {"modules", flags_.modules},
           {"loss", "mean NLL of completion tokens"},
           {"dtype", "F32"}};
  if (flags_.precision != "full") out["precision"] = flags_.precision;
  out.update(projection_.manifest());
  return out;
}

template <class B>
row_set session<B>::collect(dataset data) {
  const auto& model = proxy_for(data.samples);
  sample_rows<scalar> found = collect_samples(cx_, model, data.samples, projection_,
                                              {.too_long = too_long(), .file = data.path}, collecting());
  row_set out;
  out.path = data.path;
  out.truncated = found.truncated;
  out.tokens = found.tokens;
  for (std::size_t kind = 0; kind < schemas.size(); ++kind)
    if (data.counts[kind] > 0) out.schemas[std::string(schemas[kind].name)] = data.counts[kind];
  for (const skipped_record& s : data.skipped) out.left_out.push_back(s.reason);
  for (const refused_sample& r : found.refused) {
    if (!flags_.skip_bad)
      throw data_error(r.reason, 0, "", "a sample that cannot be used", "--on-bad-sample skip leaves it out");
    out.left_out.push_back(r.reason);
  }
  if (found.used.empty()) throw data_error(data.path, 0, "", "no usable sample", "at least one");
  out.gradients = std::move(found.gradients);
  out.manifest = manifest();
  for (const index_t i : found.used)
    out.samples.push_back(std::move(data.samples[static_cast<std::size_t>(i)]));
  return out;
}

template <class B>
row_set session<B>::load(const std::string& path) {
  return row_set::is_at(path) ? row_set::read(path) : collect(read(path));
}

}  // namespace command
