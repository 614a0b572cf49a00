#include "session.hpp"

#include <prismatic/gradient/row_store.hpp>
#include <prismatic/gradient/sample_rows.hpp>
#include <prismatic/io/npy.hpp>
#include <prismatic/transformer/auto_proxy.hpp>
#include <prismatic/transformer/checkpoint.hpp>
#include <prismatic/transformer/modules.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <utility>

namespace command {

void add_run_flags(CLI::App& app, shared_flags& flags) {
  app.add_option("--threads", flags.threads, "CPU threads; 0 takes all")->check(CLI::NonNegativeNumber);
  app.add_option("--seed", flags.seed, "seed of everything random")->capture_default_str();
  app.add_flag("--json", flags.json, "print one JSON object instead of text");
  app.add_flag("--quiet", flags.quiet, "no progress on standard error");
}

void add_data_flags(CLI::App& app, shared_flags& flags) {
  app.add_option("--format", flags.format,
                 "schema of every record: messages, sharegpt, nli, alpaca, ... (default: recognise each)");
  app.add_option("--map", flags.map, "where to find what: prompt=FIELD,completion=FIELD[,system=..][,id=..]");
  app.add_option_function<std::string>(
         "--on-bad-sample", [&flags](const std::string& rule) { flags.skip_bad = rule == "skip"; },
         "a record or sample that cannot be used: error (default) or skip")
      ->check(CLI::IsMember({"error", "skip"}));
}

void add_gradient_flags(CLI::App& app, shared_flags& flags) {
  app.add_option("--proxy", flags.proxy,
                 "proxy model: auto (a small byte-level decoder trained on the data), a Hugging Face checkpoint's "
                 "directory (qwen2, qwen3, llama), or a file made by --save-proxy")
      ->capture_default_str();
  app.add_option("--template", flags.template_name,
                 "chat template of a checkpoint: " + chat_format_list() + " (default: its own)");
  app.add_option("--max-context", flags.max_context, "positions of a checkpoint's context to use, if it has as many")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--proxy-steps", flags.proxy_steps, "training steps of --proxy auto")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--save-proxy", flags.save_proxy, "keep the trained proxy in this file");
  app.add_option("--width", flags.width, "d, numbers a gradient is projected to")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--projection", flags.projection,
                 "rademacher (dense, the paper's), sparse-sign or sparse-sign:S (S signs a parameter, default 4: faster), kronecker "
                 "(no gradient is formed: fastest, and noisier)")
      ->capture_default_str();
  app.add_option("--truncation", flags.truncation, "a sample longer than the context: prompt (cut its left) or refuse")
      ->capture_default_str()
      ->check(CLI::IsMember({"prompt", "refuse"}));
  app.add_option("--modules", flags.modules,
                 "parameters whose gradient counts: all, or a list of attention, mlp, no-embedding and last:N (blocks) that "
                 "all must hold; fewer are faster")
      ->capture_default_str();
  app.add_option("--batch-tokens", flags.batch_tokens, "tokens packed into one sweep, at most; 0: 512 a thread")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  app.add_option("--activations", flags.activation_bytes,
                 "memory for one sweep's activations, such as 800MB or 4GB (default 2 GiB); with less, sweeps take fewer "
                 "tokens, and a sample that does not fit is computed block by block, twice")
      ->transform(CLI::AsSizeValue(false));
}

session::session(const shared_flags& flags)
    : flags_(flags),
      cx_({.threads = flags.threads,
           .seed = flags.seed,
           .activation_bytes = static_cast<index_t>(std::min(flags.activation_bytes, std::uint64_t{1} << 50))}),
      bar_(flags.quiet),
      projection_(flags.projection, flags.width, flags.seed) {}

dataset session::read(const std::string& path) const {
  dataset_options options;
  if (!flags_.format.empty()) options.schemas.format = schema_named(flags_.format);
  if (!flags_.map.empty()) options.schemas.fields = parse_field_map(flags_.map);
  if (flags_.skip_bad) options.on_bad_record = bad_record::skip;
  return read_samples(path, options);
}

const proxy<backend_type, scalar>& session::checkpoint(const std::string& directory) {
  const std::string key = std::filesystem::canonical(directory).string();
  auto found = checkpoints_.find(key);
  if (found == checkpoints_.end())
    found = checkpoints_
                .emplace(key, load_checkpoint<scalar>(cx_, directory, {.template_name = flags_.template_name, .max_context = flags_.max_context}))
                .first;
  return found->second;
}

const proxy<backend_type, scalar>& session::proxy_for(std::span<const sample> samples) {
  if (proxy_ != nullptr) return *proxy_;
  if (flags_.proxy != "auto" && std::filesystem::is_directory(flags_.proxy)) return *(proxy_ = &checkpoint(flags_.proxy));
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

const proxy<backend_type, scalar>& session::proxy_kept(const std::string& path, std::span<const sample> samples) {
  if (proxy_ != nullptr || flags_.proxy != "auto") return proxy_for(samples);
  if (std::filesystem::exists(path))
    proxy_ = &embedded_.emplace(load_auto_proxy<scalar>(cx_, path));
  else
    save_auto_proxy(proxy_for(samples), path);
  return *proxy_;
}

const proxy<backend_type, scalar>& session::proxy_untrained() {
  if (proxy_ != nullptr || flags_.proxy != "auto") return proxy_for({});
  embedded_.emplace(proxy<backend_type, scalar>{decoder<backend_type, scalar>(auto_proxy_config()), std::make_shared<byte_encoder>(), "auto"});
  embedded_->model.initialise(flags_.seed);
  return *(proxy_ = &*embedded_);
}

truncation session::too_long() const { return flags_.truncation == "refuse" ? truncation::refuse : truncation::prompt; }

collect_options session::collecting() {
  const auto& model = proxy_->model;
  return {.batch_tokens = flags_.batch_tokens,
          .wanted = wanted_parameters(model.parameters().infos(), model.config().layers, flags_.modules),
          .on_progress = progress(bar_)};
}

json session::manifest() const {
  json out{{"format", "prismatic-rows-1"},
           {"proxy", weights_fingerprint(proxy_->model.parameters())},
           {"encoder", proxy_->encoder->fingerprint()},
           {"truncation", flags_.truncation},
           {"modules", flags_.modules},
           {"loss", "mean NLL of completion tokens"},
           {"dtype", "F32"}};
  out.update(projection_.manifest());
  return out;
}

row_set session::collect(dataset data) {
  const auto& model = proxy_for(data.samples);
  sample_rows<scalar> found =
      collect_samples(cx_, model, data.samples, projection_,
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
  for (const index_t i : found.used) out.samples.push_back(std::move(data.samples[static_cast<std::size_t>(i)]));
  return out;
}

bool session::holds_rows(const std::string& path) {
  return path.ends_with(".npy") || std::filesystem::exists(path + "/manifest.json");
}

row_set session::load_rows(const std::string& path) const {
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

row_set session::load(const std::string& path) { return holds_rows(path) ? load_rows(path) : collect(read(path)); }

ordered_json describe(const row_set& set) {
  ordered_json out;
  out["path"] = set.path;
  out["n"] = set.size();
  out["d"] = set.rows().cols();
  if (!set.manifest.empty()) out["projection"] = any_projection::spelling_of(set.manifest);
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
    note("note: " + std::to_string(set.truncated) + " samples were longer than the context; their prompts were cut");
  if (!set.left_out.empty())
    note("note: " + std::to_string(set.left_out.size()) + " samples left out; the first: " + set.left_out.front());
}

}  // namespace command
