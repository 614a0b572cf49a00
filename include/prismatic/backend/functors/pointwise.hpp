/// The arithmetic of the transformer's element-wise verbs, their adjoints, and AdamW. Formulas: backend/cpu/pointwise.hpp.
#pragma once

#include <prismatic/backend/functors/memory.hpp>
#include <prismatic/config.hpp>
#include <prismatic/core/types.hpp>

#include <cmath>
#include <cstdint>

namespace prismatic::detail {

/// rstd[t] = 1 / sqrt(mean + epsilon) of a sum of squares.
template <class T>
struct store_rstd {
  T* rstd;
  double epsilon;
  index_t cols;
  PRISMATIC_HOST_DEVICE void operator()(index_t t, double squares) const {
    rstd[t] = static_cast<T>(1.0 / std::sqrt(squares / static_cast<double>(cols) + epsilon));
  }
};

/// y_tj = x_tj rstd_t gain_j.
template <class T>
struct rms_norm_element {
  strided_rows<const T> x;
  const T* gain;
  const T* rstd;
  strided_rows<T> y;
  PRISMATIC_HOST_DEVICE void operator()(index_t t, index_t j) const { y[t][j] = x[t][j] * rstd[t] * gain[j]; }
};

/// dy_tj gain_j x_tj, whose sum over j is the projection that the adjoint of RMSNorm takes out.
template <class T>
struct rms_norm_projection_term {
  strided_rows<const T> x;
  const T* gain;
  strided_rows<const T> dy;
  PRISMATIC_HOST_DEVICE double operator()(index_t t, index_t j) const {
    return static_cast<double>(dy[t][j]) * static_cast<double>(gain[j]) * static_cast<double>(x[t][j]);
  }
};

/// along[t] = rstd^3 projection / cols.
template <class T>
struct store_rms_norm_along {
  const T* rstd;
  index_t cols;
  T* along;
  PRISMATIC_HOST_DEVICE void operator()(index_t t, double projection) const {
    const auto r = static_cast<double>(rstd[t]);
    along[t] = static_cast<T>(r * r * r * projection / static_cast<double>(cols));
  }
};

/// dx_tj += rstd_t dy_tj gain_j - x_tj along_t.
template <class T>
struct rms_norm_adjoint_element {
  strided_rows<const T> x;
  const T* gain;
  const T* rstd;
  const T* along;
  strided_rows<const T> dy;
  strided_rows<T> dx;
  PRISMATIC_HOST_DEVICE void operator()(index_t t, index_t j) const {
    dx[t][j] += rstd[t] * dy[t][j] * gain[j] - x[t][j] * along[t];
  }
};

/// dy_tj x_tj rstd_t: what position t gives to the gradient of gain j.
template <class T>
struct rms_norm_gain_term {
  strided_rows<const T> x;
  const T* rstd;
  strided_rows<const T> dy;
  PRISMATIC_HOST_DEVICE double operator()(index_t t, index_t j) const {
    return static_cast<double>(dy[t][j] * x[t][j] * rstd[t]);
  }
};

/// Turns pair `pair` of row t, counted over all heads: elements i and i + half of one head. Y may be X.
template <class T>
struct rope_pair {
  T sign;
  index_t half;
  const std::int32_t* positions;
  strided_rows<const T> cosine, sine, x;
  strided_rows<T> y;
  PRISMATIC_HOST_DEVICE void operator()(index_t t, index_t pair) const {
    const index_t i = pair % half, at = pair / half * 2 * half + i, position = positions[t];
    const T a = x[t][at], b = x[t][at + half], c = cosine[position][i], s = sign * sine[position][i];
    y[t][at] = a * c - b * s;
    y[t][at + half] = b * c + a * s;
  }
};

/// y = silu(gate) up.
template <class T>
struct swiglu_element {
  strided_rows<const T> gate, up;
  strided_rows<T> y;
  PRISMATIC_HOST_DEVICE void operator()(index_t t, index_t j) const {
    const T g = gate[t][j];
    y[t][j] = g / (T{1} + std::exp(-g)) * up[t][j];
  }
};

/// dgate = dy up silu'(gate), dup = dy silu(gate).
template <class T>
struct swiglu_adjoint_element {
  strided_rows<const T> gate, up, dy;
  strided_rows<T> dgate, dup;
  PRISMATIC_HOST_DEVICE void operator()(index_t t, index_t j) const {
    const T g = gate[t][j], sigmoid = T{1} / (T{1} + std::exp(-g));
    dgate[t][j] = dy[t][j] * up[t][j] * sigmoid * (T{1} + g * (T{1} - sigmoid));
    dup[t][j] = dy[t][j] * g * sigmoid;
  }
};

/// One parameter's AdamW step; the factors are those of backend/cpu/pointwise.hpp.
template <class T>
struct adamw_element {
  T scale, beta1, fresh1, beta2, fresh2, keep, rate, unbias2, epsilon;
  strided_rows<const T> gradient;
  strided_rows<T> parameter, first, second;
  PRISMATIC_HOST_DEVICE void operator()(index_t i, index_t j) const {
    const T g = scale * gradient[i][j];
    const T m = first[i][j] = beta1 * first[i][j] + fresh1 * g;
    const T v = second[i][j] = beta2 * second[i][j] + fresh2 * g * g;
    parameter[i][j] = keep * parameter[i][j] - rate * m / (std::sqrt(v * unbias2) + epsilon);
  }
};

}  // namespace prismatic::detail
