#include "support/catch.hpp"

#include <prismatic/transformer/rotary.hpp>

#include <cmath>

using namespace prismatic;

namespace {

constexpr double turn = 6.283185307179586;

decoder_config heads_of(index_t head_dim, double theta) {
  return {.head_dim = head_dim, .rope_theta = theta};
}

}  // namespace

TEST_CASE("frequencies fall from one geometrically", "[transformer][rotary]") {
  const decoder_config config = heads_of(8, 10000);
  CHECK(rotary_frequency(config, 0) == 1.0);
  CHECK(rotary_frequency(config, 1) == Approx(0.1));
  CHECK(rotary_frequency(config, 2) == Approx(0.01));
  CHECK(rotary_frequency(config, 3) == Approx(0.001));
}

TEST_CASE("llama3 scaling slows long waves, keeps short ones, and passes smoothly between", "[transformer][rotary]") {
  decoder_config config = heads_of(64, 500000);
  const llama3_rope_scaling s{8, 1, 4, 8192};  // Llama 3.1
  int kept = 0, slowed = 0, between = 0;
  double last_ratio = 1;
  for (index_t i = 0; i < 32; ++i) {
    config.rope_scaling.reset();
    const double plain = rotary_frequency(config, i), wavelength = turn / plain;
    config.rope_scaling = s;
    const double ratio = rotary_frequency(config, i) / plain;
    CHECK(ratio <= last_ratio + 1e-15);
    last_ratio = ratio;
    if (wavelength < 8192.0 / 4) {
      CHECK(ratio == 1.0);
      ++kept;
    } else if (wavelength > 8192.0) {
      CHECK(ratio == Approx(1.0 / 8));
      ++slowed;
    } else {
      const double smooth = (8192 / wavelength - 1) / 3;
      CHECK(ratio == Approx((1 - smooth) / 8 + smooth));
      ++between;
    }
  }
  CHECK((kept > 0 && slowed > 0 && between > 0));
}

TEST_CASE("the tables hold the cosine and sine of position times frequency", "[transformer][rotary]") {
  const decoder_config config = heads_of(6, 100);
  const rotary_angles<double> wide(config, 40);
  const rotary_angles<float> angles(config, 40);
  REQUIRE(angles.cosine.rows() == 40);
  REQUIRE(angles.cosine.cols() == 3);
  for (index_t p = 0; p < 40; ++p)
    for (index_t i = 0; i < 3; ++i) {
      const double angle = double(p) * std::pow(100.0, -double(i) / 3);
      CHECK(wide.cosine(p, i) == Approx(std::cos(angle)).margin(1e-14));
      CHECK(wide.sine(p, i) == Approx(std::sin(angle)).margin(1e-14));
      CHECK(angles.cosine(p, i) == static_cast<float>(wide.cosine(p, i)));
      CHECK(angles.sine(p, i) == static_cast<float>(wide.sine(p, i)));
    }
}
