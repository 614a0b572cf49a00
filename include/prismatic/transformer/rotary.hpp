/// The angles of rotary positions, tabulated once per model.
#pragma once

#include <prismatic/autodiff/rope.hpp>
#include <prismatic/core/matrix.hpp>
#include <prismatic/transformer/config.hpp>

#include <cmath>

namespace prismatic {

/// The frequency of pair i of a head: theta^(-2 i / head_dim), scaled as the configuration says.
inline double rotary_frequency(const decoder_config& config, index_t i) {
  constexpr double turn = 6.283185307179586;
  const double base =
      std::pow(config.rope_theta, -2.0 * static_cast<double>(i) / static_cast<double>(config.head_dim));
  if (!config.rope_scaling) return base;
  const llama3_rope_scaling& s = *config.rope_scaling;
  const double context = static_cast<double>(s.original_context), wavelength = turn / base;
  if (wavelength < context / s.high_frequency_factor) return base;
  if (wavelength > context / s.low_frequency_factor) return base / s.factor;
  const double smooth =
      (context / wavelength - s.low_frequency_factor) / (s.high_frequency_factor - s.low_frequency_factor);
  return (1 - smooth) * base / s.factor + smooth * base;
}

/// Cosines and sines for positions [0, positions).
template <class T>
struct rotary_angles {
  matrix<T> cosine, sine;

  rotary_angles() = default;
  rotary_angles(const decoder_config& config, index_t positions)
      : cosine(positions, config.head_dim / 2), sine(positions, config.head_dim / 2) {
    for (index_t i = 0; i < config.head_dim / 2; ++i) {
      const double frequency = rotary_frequency(config, i);
      for (index_t p = 0; p < positions; ++p) {
        cosine(p, i) = static_cast<T>(std::cos(static_cast<double>(p) * frequency));
        sine(p, i) = static_cast<T>(std::sin(static_cast<double>(p) * frequency));
      }
    }
  }
};

}  // namespace prismatic
