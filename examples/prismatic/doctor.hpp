/// prismatic doctor: what this build is, and whether its arithmetic can be trusted on this machine.
#pragma once

#include "session.hpp"

#include <prismatic/autodiff/tape.hpp>
#include <prismatic/backend/cpu.hpp>
#include <prismatic/backend/host.hpp>
#include <prismatic/config.hpp>
#include <prismatic/core/philox.hpp>
#include <prismatic/gradient/collect.hpp>
#include <prismatic/transformer/auto_proxy.hpp>
#include <prismatic/transformer/checkpoint.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace command {

struct doctor_verb {
  using flags_type = shared_flags;

  struct check {
    std::string name;
    double error;
    double allowed;
    [[nodiscard]] bool passed() const { return error <= allowed; }  // false for NaN
  };

  static check random_bits() {
    const philox_counter found = philox4x32({0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u}, {0xa4093822u, 0x299f31d0u});
    return {"Philox against the published vector", found == philox_counter{0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u} ? 0.0 : 1.0, 0};
  }

  // The rows of g as one row of a tensor, projected.
  template <class B, class Projection>
  static matrix<scalar> projected(session<B>& s, const Projection& projection, const matrix<scalar>& g) {
    matrix<scalar, B::space> z(g.rows(), projection.width());
    projection.template accumulate<B, scalar>(s.cx(), {"doctor", 3, 1, g.cols()}, on_backend(s.cx(), g.view()), z.view());
    return copy_to_host(z.view());
  }

  // Projects unit vectors: what comes out is the sign matrix itself, entry by entry.
  template <class B>
  static check signs(session<B>& s) {
    constexpr index_t cols = 300, width = 100;
    const rademacher projection(width, 7);
    matrix<scalar> g(cols, cols);
    for (index_t i = 0; i < cols; ++i) g(i, i) = 1;
    const matrix<scalar> z = projected(s, projection, g);
    double wrong = 0;
    for (index_t i = 0; i < cols; ++i)
      for (index_t j = 0; j < width; ++j) wrong += z(i, j) == static_cast<scalar>(projection.sign("doctor", 3, i, j)) ? 0 : 1;
    return {"sign projection against its definition, wrong signs", wrong, 0};
  }

  // The same for the sparse one.
  template <class B>
  static check sparse_signs(session<B>& s) {
    constexpr index_t cols = 300, width = 100;
    const sparse_sign projection(width, 3, 7);
    matrix<scalar> g(cols, cols), expected(cols, width);
    for (index_t i = 0; i < cols; ++i) {
      g(i, i) = 1;
      for (const sparse_entry& e : projection.entries("doctor", 3, i)) expected(i, e.output) = static_cast<scalar>(e.sign);
    }
    const matrix<scalar> z = projected(s, projection, g);
    double wrong = 0;
    for (index_t i = 0; i < z.size(); ++i) wrong += z.data()[i] == expected.data()[i] ? 0 : 1;
    return {"sparse sign projection against its definition, wrong entries", wrong, 0};
  }

  // The matrix min(i, j) has the eigenvalues 1 / (2 - 2 cos((2k - 1) pi / (2n + 1))).
  template <class B>
  static check spectrum(session<B>& s) {
    constexpr index_t n = 64;
    matrix<double> a(n, n);
    for (index_t i = 0; i < n; ++i)
      for (index_t j = 0; j < n; ++j) a(i, j) = static_cast<double>(std::min(i, j) + 1);
    const std::vector<double> w = host_eigenvalues(s.cx(), a);
    double worst = 0;
    for (index_t k = 1; k <= n; ++k) {
      const double expected = 1 / (2 - 2 * std::cos((2.0 * static_cast<double>(k) - 1) * 3.141592653589793 / (2.0 * n + 1)));
      worst = std::max(worst, std::abs(w[static_cast<std::size_t>(n - k)] - expected) / expected);
    }
    return {"eigenvalues against a closed form, relative error", worst, 1e-10};
  }

  template <class B>
  static std::vector<token_sequence> probes(const prismatic::proxy<B, scalar>& p) {
    std::vector<sample> samples;
    for (const char* text : {"What is 2 + 3?", "Name a prime above ten.", "Why is the sky blue, in one sentence?"})
      samples.push_back(make_sample(text, text, std::string("It is so: ") + text));
    return encode(p, samples).sequences;
  }

  // Gradients of a packed batch against those of each sample alone.
  template <class B>
  static check batching(session<B>& s, const prismatic::proxy<B, scalar>& p) {
    const std::vector<token_sequence> sequences = probes(p);
    const auto together = collect_rows(s.cx(), p.model, sequences, s.projection());
    double worst = 0;
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      const auto alone = collect_rows(s.cx(), p.model, std::span(&sequences[i], 1), s.projection());
      double difference = 0, length = 0;
      for (index_t j = 0; j < s.projection().width(); ++j) {
        const double a = static_cast<double>(alone.rows(0, j)), b = static_cast<double>(together.rows(static_cast<index_t>(i), j));
        difference += (a - b) * (a - b);
        length += a * a;
      }
      worst = std::max(worst, std::sqrt(difference / length));
    }
    return {"gradients in a batch against alone, relative error", worst, 1e-4};
  }

  // A directional derivative of the loss by central differences, in double.
  static check derivative() {
    using B = cpu_backend<eigen_kernels>;
    context<B> cx({.threads = 1});
    prismatic::proxy<B, double> p{decoder<B, double>(auto_proxy_config()), std::make_shared<byte_encoder>(), "doctor"};
    p.model.initialise(1);
    const sample one = make_sample("a", "What is 2 + 3?", "The answer is 5.");
    const std::vector<token_sequence> sequences = encode(p, std::span(&one, 1)).sequences;
    const token_sequence* member = &sequences.front();
    const packed_batch batch = pack(std::span(&member, 1));
    const auto weights = mean_nll_weights<double>(batch);
    const auto loss = [&] {
      no_sink none;
      tape<B, double, no_sink> t(cx, none);
      const auto losses = t.value(p.model.loss(t, batch, weights));
      double sum = 0;
      for (index_t i = 0; i < losses.rows(); ++i) sum += losses(i, 0);
      return sum;
    };
    accumulate_sink<B, double> sink(cx, p.model.parameters().infos());
    {
      tape<B, double, decltype(sink)> t(cx, sink);
      t.backward(p.model.loss(t, batch, weights));
    }
    constexpr double step = 1e-5;
    const random_stream random(1, "doctor");
    double expected = 0;
    std::uint64_t number = 0;
    std::vector<double> moved(3);
    for (int side = 0; side < 3; ++side) {  // forward, twice backward, forward again
      number = 0;
      for (index_t i = 0; i < p.model.parameters().size(); ++i) {
        const auto value = p.model.parameters().value({i});
        for (index_t k = 0; k < value.size(); ++k) {
          const double direction = random.normal(number++);
          value.data()[k] += (side == 1 ? -2 : 1) * step * direction;
          if (side == 0) expected += direction * sink.gradient({i}).data()[k];
        }
      }
      moved[static_cast<std::size_t>(side)] = loss();
    }
    const double found = (moved[0] - moved[1]) / (2 * step);
    return {"derivative of the loss against differences, relative error", std::abs(found - expected) / std::abs(expected), 1e-5};
  }

  // What was understood of the proxy.
  template <class B>
  static ordered_json describe(const prismatic::proxy<B, scalar>& p, const shared_flags& flags) {
    ordered_json out{{"name", p.name}, {"parameters", p.model.parameters().scalars()}, {"context", p.model.config().context}};
    if (const auto* const chat = dynamic_cast<const chat_encoder*>(p.encoder.get())) {
      const checkpoint_config config = read_decoder_config(p.name, flags.max_context);
      const decoder_config& d = config.decoder;
      out["architecture"] = config.family;
      out["shape"] = {{"layers", d.layers}, {"width", d.width}, {"heads", d.heads}, {"kv_heads", d.kv_heads},
                      {"head_dim", d.head_dim}, {"ffn", d.ffn}, {"vocabulary", d.vocabulary}, {"tied", d.tied}};
      out["max_position_embeddings"] = config.positions;
      out["dtype"] = checkpoint_weights(p.name).dtypes();
      out["template"] = name_of(chat->style().format);
    }
    out["encoder"] = p.encoder->fingerprint();
    out["weights"] = weights_fingerprint(p.model.parameters());
    return out;
  }

  template <class B>
  static void run(session<B>& s, const shared_flags& flags) {
    std::vector<check> checks{random_bits(), signs(s), sparse_signs(s), spectrum(s), derivative()};
    ordered_json out{{"version", PRISMATIC_VERSION}, {"backend", B::name}, {"threads", s.cx().team().size()},
                     {"projection", any_projection::spelling_of(s.projection().manifest())}};
  #if PRISMATIC_X86
    out["avx2"] = __builtin_cpu_supports("avx2") != 0;
    out["avx512"] = __builtin_cpu_supports("avx512f") != 0;
  #endif
    std::vector<std::vector<std::string>> lines;
    if (flags.proxy != "auto") {
      const auto& p = s.proxy_for({});
      out["proxy"] = describe(p, flags);
      checks.push_back(batching(s, p));
    } else {
      prismatic::proxy<B, scalar> p{decoder<B, scalar>(auto_proxy_config()), std::make_shared<byte_encoder>(), "auto"};
      p.model.initialise(flags.seed);
      checks.push_back(batching(s, p));
    }
    bool healthy = true;
    for (const check& c : checks) {
      healthy &= c.passed();
      out["checks"].push_back({{"name", c.name}, {"error", c.error}, {"allowed", c.allowed}, {"passed", c.passed()}});
      char number[32];
      std::snprintf(number, sizeof number, "%.1e", c.error);
      lines.push_back({c.name, number, c.passed() ? "ok" : "FAILED"});
    }
    out["healthy"] = healthy;
    if (flags.json) {
      say(out.dump(2));
    } else {
      const auto line = [](const std::string& key, const ordered_json& value) {
        say(key + ": " + (value.is_string() ? value.get<std::string>() : value.dump()));
      };
      for (const auto& [key, value] : out.items()) {
        if (key == "checks" || key == "healthy") continue;
        if (key != "proxy") {
          line(key, value);
          continue;
        }
        for (const auto& [part, what] : value.items()) line("proxy " + part, what);
      }
      std::string text = table(lines);
      text.pop_back();
      say(text);
    }
    if (!healthy) throw std::runtime_error("doctor: a check failed; results on this machine cannot be trusted");
  }
};

}  // namespace command
