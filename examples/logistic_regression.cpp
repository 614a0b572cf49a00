// A model of one's own: logistic regression with an operation the library does not have, trained on planted
// data. Returns 0 when it finds the plane that was planted.
#include <prismatic/autodiff/accumulate.hpp>
#include <prismatic/autodiff/linear.hpp>
#include <prismatic/backend/cpu.hpp>
#include <prismatic/transformer/optimizer.hpp>

#include <cmath>
#include <cstdio>
#include <memory>
#include <vector>

using namespace prismatic;
using B = cpu_backend<>;
using T = float;

// l_i = ln(1 + exp(-y_i z_i)), y in {-1, +1}.   Backward:  dz_i += dl_i (-y_i / (1 + exp(y_i z_i)))
template <class Tape>
variable logistic_loss(Tape& t, variable z, const std::vector<T>& y) {
  const variable loss = t.result(1, {z});
  for (std::size_t i = 0; i < y.size(); ++i) t.fill(loss).data()[i] = std::log1p(std::exp(-y[i] * t.value(z).data()[i]));
  t.on_backward(loss, [=](auto& tape) {
    for (std::size_t i = 0; i < y.size(); ++i)
      tape.gradient(z).data()[i] -= tape.gradient(loss).data()[i] * y[i] / (1 + std::exp(y[i] * tape.value(z).data()[i]));
  });
  return loss;
}

int main() {
  constexpr index_t n = 500, features = 8;
  const random_stream random(1, "planted data");
  matrix<T> x(n, features);
  std::vector<T> y(n);
  for (index_t i = 0; i < n; ++i) {
    for (index_t j = 0; j < features; ++j)
      x(i, j) = static_cast<T>(random.normal(static_cast<std::uint64_t>(i * features + j)));
    y[static_cast<std::size_t>(i)] = x(i, 0) - 2 * x(i, 1) + x(i, 4) > T{0.5} ? T{1} : T{-1};
  }

  context<B> cx;
  parameter_set<T> model;
  const parameter_id w = model.add("w", 1, features), bias = model.add("bias", 1, 1);
  adamw_optimizer<B, T> optimizer(cx, model, {.clip_norm = 0});
  accumulate_sink<B, T> gradients(cx, model.infos());
  index_t right = 0;
  for (int step = 0; step < 200; ++step) {
    gradients.clear();
    tape<B, T, accumulate_sink<B, T>> t(cx, gradients);
    const variable z = linear(t, t.constant(x.view(), std::make_shared<layout>(layout{n})), model[w], model[bias]);
    right = 0;
    for (index_t i = 0; i < n; ++i) right += t.value(z)(i, 0) * y[static_cast<std::size_t>(i)] > 0;
    t.backward(logistic_loss(t, z, y));
    optimizer.step(gradients, 0.05);
  }
  std::printf("right on %lld of %lld\n", static_cast<long long>(right), static_cast<long long>(n));
  return right * 100 >= n * 98 ? 0 : 1;
}
