#include "support/catch.hpp"
#include "support/numeric.hpp"

#include <prismatic/gradient/collect.hpp>
#include <prismatic/gradient/materialise.hpp>
#include <prismatic/projection/rademacher.hpp>
#include <prismatic/transformer/decoder.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <span>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace prismatic;

namespace {

decoder_config tiny() {
  return {.vocabulary = 23, .width = 12, .layers = 2, .heads = 2, .kv_heads = 1, .head_dim = 6, .ffn = 20, .context = 64};
}

// n sequences of 2 to 30 tokens, some with a prompt.
std::vector<token_sequence> sequences(index_t n) {
  const random_stream random(5, "collect");
  std::vector<token_sequence> out(static_cast<std::size_t>(n));
  std::uint64_t at = 0;
  for (token_sequence& s : out) {
    const index_t length = 2 + random.below(at++, 29), prompt = random.below(at++, length);
    for (index_t t = 0; t < length; ++t) {
      s.tokens.push_back(static_cast<token_id>(random.below(at++, 23)));
      s.carries_loss.push_back(t >= prompt);
    }
    s.carries_loss.back() = true;
  }
  return out;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("rows do not depend on batches or threads, and stay in order", "[gradient][collect]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  decoder<B, T> model(tiny());
  model.initialise(3);
  const auto data = sequences(17);
  const rademacher projection(70, 2);
  context<B> one({.threads = 1}), three({.threads = 3});
  const auto together = collect_rows(three, model, data, projection, {.batch_tokens = 1000});
  const auto split = collect_rows(three, model, data, projection, {.batch_tokens = 40});
  for (std::size_t i = 0; i < data.size(); ++i) {
    const auto alone = collect_rows(one, model, std::span(&data[i], 1), projection);
    double length = 0, a = 0, b = 0;
    for (index_t j = 0; j < 70; ++j) {
      const double x = static_cast<double>(alone.rows(0, j));
      length += x * x;
      a += std::pow(x - static_cast<double>(together.rows(static_cast<index_t>(i), j)), 2);
      b += std::pow(x - static_cast<double>(split.rows(static_cast<index_t>(i), j)), 2);
    }
    // Sums of a few hundred terms, in an order that changes with the shape of the batch.
    const double bound = test::rounding_bound<T>(400, std::sqrt(length));
    CHECK(std::sqrt(a) <= bound);
    CHECK(std::sqrt(b) <= bound);
    CHECK(together.losses[i] == Approx(alone.losses[0]).epsilon(1e-5));
    CHECK(together.loss_tokens[i] == data[i].loss_tokens());
  }
  CHECK(together.bad.empty());
}

TEST_CASE("a row is the scaled projection of the whole gradient", "[gradient][collect]") {
  using B = cpu_backend<eigen_kernels>;
  decoder<B, double> model(tiny());
  model.initialise(3);
  const auto data = sequences(3);
  const rademacher projection(9, 2);
  context<B> cx({.threads = 1});
  const auto found = collect_rows(cx, model, data, projection);
  for (std::size_t i = 0; i < data.size(); ++i) {
    materialise_sink<B, double> sink(cx, model.parameters().infos());
    sink.begin(1);
    const token_sequence* member = &data[i];
    const packed_batch batch = pack(std::span(&member, 1));
    const auto weights = mean_nll_weights<double>(batch);
    tape<B, double, decltype(sink)> t(cx, sink);
    t.backward(model.loss(t, batch, weights));
    for (index_t j = 0; j < 9; ++j) {
      double expected = 0;
      for (index_t p = 0; p < model.parameters().size(); ++p) {
        const auto g = sink.gradient(0, {p});
        const std::string& name = model.parameters().info({p}).name;
        for (index_t r = 0; r < g.rows(); ++r)
          for (index_t c = 0; c < g.cols(); ++c) expected += g(r, c) * projection.sign(name, r, c, j);
      }
      CHECK(found.rows(static_cast<index_t>(i), j) == Approx(expected / 3).margin(1e-12));
    }
  }
}

TEST_CASE("a gradient of zero or NaN is reported, not passed on", "[gradient][collect]") {
  using B = cpu_backend<eigen_kernels>;
  decoder<B, float> model(tiny());  // all weights zero: so is every gradient but the head's, which sees zeros
  context<B> cx({.threads = 1});
  const auto data = sequences(4);
  CHECK(collect_rows(cx, model, data, rademacher(8)).bad == std::vector<index_t>{0, 1, 2, 3});
  model.initialise(1);
  model.parameters().value({0})(data[2].tokens[0], 0) = std::numeric_limits<float>::quiet_NaN();
  const auto found = collect_rows(cx, model, data, rademacher(8), {.batch_tokens = 1});
  CHECK(std::ranges::find(found.bad, 2) != found.bad.end());
  for (index_t j = 0; j < 8; ++j) CHECK(found.rows(2, j) == 0);
}

TEST_CASE("no sequences give no rows", "[gradient][collect]") {
  using B = cpu_backend<eigen_kernels>;
  decoder<B, float> model(tiny());
  context<B> cx({.threads = 1});
  CHECK(collect_rows(cx, model, std::span<const token_sequence>{}, rademacher(8)).rows.rows() == 0);
}

TEST_CASE("a sweep takes no more tokens than the context has memory for", "[gradient][collect]") {
  using B = cpu_backend<>;
  const decoder<B, float> model(tiny());
  const index_t token = model.activation_bytes(1);
  const auto tokens = [&](index_t bytes) {
    context<B> one({.threads = 1, .activation_bytes = bytes});
    return sweep_tokens(one, model, 4096);
  };
  CHECK(tokens(10 * token) == 10);
  CHECK(tokens(11 * token - 1) == 10);
  CHECK(tokens(1) == 1);
  CHECK(tokens(index_t{1} << 40) == 4096);
  context<B> four({.threads = 4});
  CHECK(sweep_tokens(four, model, 0) == 4 * tokens_a_thread);
  CHECK(sweep_tokens(four, model, 0, usual_tokens(rademacher(8))) == 4096);  // dense signs want more sequences at a time
}

TEST_CASE("threads sweep side by side where their activations fit and each has something to do", "[gradient][collect]") {
  using B = cpu_backend<>;
  const decoder<B, float> model(tiny());
  const index_t token = model.activation_bytes(1);
  const std::vector<index_t> lengths(30, 20);
  const auto planned = [&](int threads, index_t wanted, index_t bytes, std::span<const index_t> of) {
    context<B> cx({.threads = threads, .activation_bytes = bytes});
    return plan_side_by_side(cx, model, of, wanted);
  };
  const index_t plenty = index_t{1} << 40;
  const auto three = planned(3, 100, plenty, lengths);
  REQUIRE(three.size() == 6);  // 600 tokens in two rounds
  for (std::size_t p = 0; p < 6; ++p) {
    CHECK(three[p].begin == static_cast<index_t>(5 * p));
    CHECK(three[p].end == static_cast<index_t>(5 * p + 5));
  }
  CHECK(planned(3, 100, 300 * token, lengths).size() == 6);
  CHECK(planned(3, 100, 300 * token - 1, lengths).empty());
  CHECK(planned(1, 100, plenty, lengths).empty());
  CHECK(planned(2, 0, plenty, lengths).size() == 2);
  CHECK(planned(3, 0, plenty, lengths).empty());  // 320 tokens are the least that a thread is given
  CHECK(planned(3, 100, plenty, {}).empty());
  CHECK(planned(3, 100, plenty, std::vector<index_t>{50, 50}).empty());
  const std::vector<index_t> with_long{20, 20, 20, 20, 150};  // is swept alone, and must fit as well
  CHECK(planned(3, 40, 450 * token, with_long).size() == 3);
  CHECK(planned(3, 40, 450 * token - 1, with_long).empty());
}

namespace {

// 1 - cos of two rows.
template <class T>
double turned_by(const matrix<T>& a, const matrix<T>& b, index_t i) {
  double ab = 0, aa = 0, bb = 0;
  for (index_t j = 0; j < a.cols(); ++j) {
    const double x = static_cast<double>(a(i, j)), y = static_cast<double>(b(i, j));
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return 1 - ab / std::sqrt(aa * bb);
}

// A decoder that notes how many tokens each sweep has.
struct listening {
  using scalar = float;
  const decoder<cpu_backend<eigen_kernels>, float>& inner;
  std::vector<index_t>& tokens;
  [[nodiscard]] const auto& parameters() const { return inner.parameters(); }
  template <class Tape>
  variable loss(Tape& t, const packed_batch& batch, vector_view<const float> weights) const {
    tokens.push_back(static_cast<index_t>(batch.inputs.size()));
    return inner.loss(t, batch, weights);
  }
};

}  // namespace

TEST_CASE("sweeps come in the order of their tokens, most first", "[gradient][collect]") {
  using B = cpu_backend<eigen_kernels>;
  decoder<B, float> model(tiny());
  model.initialise(3);
  const auto data = sequences(40);
  context<B> cx({.threads = 1});
  std::vector<index_t> tokens, counts;
  auto count = [&](const progress_report& report) { counts.push_back(report.done); };
  const auto found = collect_rows(cx, listening{model, tokens}, std::span<const token_sequence>(data), rademacher(8),
                                  {.batch_tokens = 60, .on_progress = count});
  CHECK(tokens.size() > 3);
  CHECK(std::ranges::is_sorted(tokens, std::greater{}));
  CHECK(std::ranges::adjacent_find(tokens, std::not_equal_to{}) != tokens.end());
  CHECK(std::ranges::is_sorted(counts));
  CHECK(counts.back() == 40);
  const auto whole = collect_rows(cx, model, data, rademacher(8));
  for (index_t i = 0; i < 40; ++i) CHECK(turned_by(found.rows, whole.rows, i) < 1e-5);
}

TEST_CASE("sweeps side by side report to the caller, and stop for it", "[gradient][collect]") {
  using B = cpu_backend<eigen_kernels>;
  decoder<B, float> model(tiny());
  model.initialise(3);
  const auto data = sequences(60);
  context<B> cx({.threads = 3});
  const rademacher projection(8);
  std::vector<index_t> counts;
  const auto caller = std::this_thread::get_id();
  auto count = [&](const progress_report& report) {
    CHECK(std::this_thread::get_id() == caller);
    CHECK(report.total == 60);
    counts.push_back(report.done);
  };
  static_cast<void>(collect_rows(cx, model, data, projection, {.batch_tokens = 60, .on_progress = count}));
  CHECK(std::ranges::is_sorted(counts));
  CHECK(counts.back() == 60);

  auto stop = [](const progress_report&) { throw std::runtime_error("stop"); };
  CHECK_THROWS_WITH(collect_rows(cx, model, data, projection, {.batch_tokens = 60, .on_progress = stop}), "stop");
  auto broken = data;
  broken[40].carries_loss.assign(broken[40].tokens.size(), false);
  CHECK_THROWS_AS(collect_rows(cx, model, broken, projection, {.batch_tokens = 60}), option_error);
}

TEST_CASE("a thread's own context has the settings of the whole", "[gradient][collect]") {
  using B = cpu_backend<eigen_kernels>;
  context<B> cx({.threads = 3, .seed = 7, .activation_bytes = 3000});
  context<B>& own = cx.alone(1);
  CHECK(own.team().size() == 1);
  CHECK(own.seed() == 7);
  CHECK(own.activation_bytes() == 1000);
  cx.set_products(product_precision::bf16);
  cx.set_matrix_units(false);
  CHECK(&cx.alone(1) == &own);
  CHECK(own.products() == product_precision::bf16);
  CHECK(!own.matrix_units());
}

TEST_CASE("bf16 products turn a row a little, and are asked for one call at a time", "[gradient][collect]") {
  using B = cpu_backend<eigen_kernels>;
  decoder<B, float> model(tiny());
  model.initialise(3);
  const auto data = sequences(17);
  const rademacher projection(70, 2);
  context<B> one({.threads = 1}), three({.threads = 3});
  const auto full = collect_rows(one, model, data, projection);
  const auto rounded = collect_rows(one, model, data, projection, {.products = product_precision::bf16});
  CHECK(one.products() == product_precision::full);
  for (index_t i = 0; i < 17; ++i) {
    CHECK(turned_by(full.rows, rounded.rows, i) > 1e-10);  // it was done,
    CHECK(turned_by(full.rows, rounded.rows, i) < 1e-3);   // to about 2^-8 of a row: a square of a small angle
  }
  CHECK(rounded.losses != full.losses);
  const auto backward = collect_rows(one, model, data, projection, {.products = product_precision::bf16_backward});
  CHECK(backward.losses == full.losses);  // to the bit: nothing forward was rounded
  for (index_t i = 0; i < 17; ++i) {
    CHECK(turned_by(full.rows, backward.rows, i) > 1e-10);
    CHECK(turned_by(full.rows, backward.rows, i) < 1e-4);
  }
  const auto split = collect_rows(three, model, data, projection, {.batch_tokens = 40, .products = product_precision::bf16});
  for (index_t i = 0; i < 17; ++i) CHECK(turned_by(split.rows, rounded.rows, i) < 1e-5);
}

TEST_CASE("double takes no notice of bf16 products", "[gradient][collect]") {
  using B = cpu_backend<eigen_kernels>;
  decoder<B, double> model(tiny());
  model.initialise(3);
  const auto data = sequences(3);
  context<B> cx({.threads = 1});
  const auto full = collect_rows(cx, model, data, rademacher(9, 2));
  const auto rounded = collect_rows(cx, model, data, rademacher(9, 2), {.products = product_precision::bf16});
  for (index_t i = 0; i < full.rows.size(); ++i) CHECK(full.rows.data()[i] == rounded.rows.data()[i]);
}
