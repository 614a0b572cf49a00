#include "support/catch.hpp"
#include "support/strided.hpp"
#include "transformer/models.hpp"

#include <prismatic/gradient/materialise.hpp>
#include <prismatic/gradient/sketch.hpp>
#include <prismatic/projection/kronecker.hpp>
#include <prismatic/projection/rademacher.hpp>
#include <prismatic/projection/sparse_sign.hpp>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

using namespace prismatic;

namespace {

template <class B, class T, class Projection>
matrix<T> sketched(context<B>& cx, const decoder<B, T>& model, const packed_batch& batch, const Projection& r) {
  sketch_sink<B, T, Projection> sink(cx, model.parameters().infos(), r);
  sink.begin(batch.sequences->sequences());
  test::sweep(cx, model, batch, sink);
  return sink.finish();
}

// The row of R that belongs to one parameter.
std::vector<sparse_entry> entries_of(const sparse_sign& r, std::string_view tensor, index_t row, index_t column) {
  return r.entries(tensor, row, column);
}
std::vector<sparse_entry> entries_of(const rademacher& r, std::string_view tensor, index_t row, index_t column) {
  std::vector<sparse_entry> out;
  for (index_t j = 0; j < r.width(); ++j) out.push_back({j, r.sign(tensor, row, column, j)});
  return out;
}
std::vector<sparse_entry> entries_of(const kronecker& r, std::string_view tensor, index_t row, index_t column) {
  std::vector<sparse_entry> out;
  for (index_t j = 0; j < r.width(); ++j)
    out.push_back({j, r.sign(tensor, 0, row, j / r.right()) * r.sign(tensor, 1, column, j % r.right())});
  return out;
}

// scale R g, sign by sign, in double. `wanted` says which parameters count.
template <class B, class T, class Projection>
matrix<double> by_definition(context<B>& cx, const decoder<B, T>& model, const packed_batch& batch, const Projection& r,
                             const std::vector<bool>& wanted) {
  materialise_sink<B, T> sink(cx, model.parameters().infos());
  const index_t n = batch.sequences->sequences();
  sink.begin(n);
  test::sweep(cx, model, batch, sink);
  matrix<double> z(n, r.width());
  for (index_t p = 0; p < model.parameters().size(); ++p) {
    if (!wanted[static_cast<std::size_t>(p)]) continue;
    const parameter_info& info = model.parameters().infos()[static_cast<std::size_t>(p)];
    for (index_t i = 0; i < info.rows; ++i)
      for (index_t c = 0; c < info.cols; ++c)
        for (const auto& [j, sign] : entries_of(r, info.name, i, c))
          for (index_t s = 0; s < n; ++s) z(s, j) += sign * r.scale() * double(sink.gradient(s, {p})(i, c));
  }
  return z;
}

// The largest |difference| over the norm of its row.
template <class T>
double row_error(matrix_view<const T> found, matrix_view<const double> expected) {
  double worst = 0;
  for (index_t s = 0; s < expected.rows(); ++s) {
    double squares = 0;
    for (index_t j = 0; j < expected.cols(); ++j) squares += expected(s, j) * expected(s, j);
    worst = std::max(worst, test::largest_difference<T>(found.middle_rows(s, 1), expected.middle_rows(s, 1)) /
                                std::sqrt(squares));
  }
  return worst;
}

std::vector<bool> all(const auto& model) { return std::vector<bool>(model.parameters().infos().size(), true); }

}  // namespace

TEMPLATE_LIST_TEST_CASE("a sketch is R times the materialised gradient", "[gradient][sketch]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = GENERATE(1, 3)});
  decoder_config wide = test::qwen2_like();  // 130 columns: two blocks of signs, the second ragged
  wide.width = 130, wide.layers = 1;
  for (const decoder_config& config : {test::qwen2_like(), test::qwen3_like(), test::llama_like(), wide})
    for (const index_t width : {1, 33, 64, 100}) {
      CAPTURE(B::name, config.width, config.tied, width);
      const auto model = test::random_decoder<B, T>(config);
      const packed_batch batch = test::pack_all(test::random_sequences(config.vocabulary, {5, 2, 13}));
      const rademacher r(width, 5);
      CHECK(row_error<T>(sketched(cx, model, batch, r).view(), by_definition(cx, model, batch, r, all(model)).view()) <=
            test::rounding_bound<T>(4 * config.width, width == 1 ? 30 : 1));
    }
}

TEMPLATE_LIST_TEST_CASE("a sparse sketch is R times the materialised gradient", "[gradient][sketch]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = GENERATE(1, 3)});
  for (const decoder_config& config : {test::qwen2_like(), test::qwen3_like(), test::llama_like()})
    for (const auto& [width, nonzeros] : {std::pair<index_t, index_t>{33, 4}, {64, 1}, {100, 8}}) {
      CAPTURE(B::name, config.tied, width, nonzeros);
      const auto model = test::random_decoder<B, T>(config);
      const packed_batch batch = test::pack_all(test::random_sequences(config.vocabulary, {5, 2, 13, 4}));
      const sparse_sign r(width, nonzeros, 5);
      const matrix<T> rows = sketched(cx, model, batch, r);
      CHECK(row_error<T>(rows.view(), by_definition(cx, model, batch, r, all(model)).view()) <=
            test::rounding_bound<T>(4 * config.width, 1));
    }
}

TEMPLATE_LIST_TEST_CASE("a factored sketch is R times the materialised gradient", "[gradient][sketch]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> cx({.threads = GENERATE(1, 3)});
  for (const decoder_config& config : {test::qwen2_like(), test::qwen3_like(), test::llama_like()}) {
    CAPTURE(B::name, config.tied);
    const auto model = test::random_decoder<B, T>(config);
    const packed_batch batch = test::pack_all(test::random_sequences(config.vocabulary, {5, 2, 13, 4}));
    const kronecker r(24, 5);
    CHECK(row_error<T>(sketched(cx, model, batch, r).view(), by_definition(cx, model, batch, r, all(model)).view()) <=
          test::rounding_bound<T>(4 * config.width, 1));
  }
}

TEMPLATE_LIST_TEST_CASE("a row does not depend on packing, batches or threads", "[gradient][sketch]", test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  context<B> one({.threads = 1}), three({.threads = 3});
  for (const decoder_config& config : {test::qwen2_like(), test::qwen3_like()}) {
    const auto model = test::random_decoder<B, T>(config);
    const auto data = test::random_sequences(config.vocabulary, {5, 2, 16, 9, 3});
    const rademacher r(96, 1);
    const matrix<T> rows = sketched(one, model, test::pack_all(data), r);
    const matrix<double> expected = test::widened(rows);
    CHECK(test::identical(rows, sketched(one, model, test::pack_all(data), r)));
    const auto check = [&](context<B>& cx, const std::vector<std::size_t>& part) {
      const matrix<T> z = sketched(cx, model, test::pack_some(data, part), r);
      for (index_t i = 0; i < z.rows(); ++i)
        CHECK(row_error<T>(z.view().middle_rows(i, 1),
                           expected.view().middle_rows(static_cast<index_t>(part[static_cast<std::size_t>(i)]), 1)) <=
              test::rounding_bound<T>(64, 1));
    };
    check(three, {0, 1, 2, 3, 4});
    check(three, {4, 2, 0, 3, 1});
    check(one, {3, 1});
    for (std::size_t s = 0; s < 5; ++s) check(three, {s});
  }
}

TEST_CASE("float and double see the same rows", "[gradient][sketch]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 2});
  const auto wide = test::random_decoder<B, double>(test::qwen2_like());
  const auto narrow = test::random_decoder<B, float>(test::qwen2_like());
  const packed_batch batch = test::pack_all(test::random_sequences(11, {5, 2, 13}));
  const rademacher r(64, 1);
  // Forward and backward pass take some hundred roundings in a row.
  CHECK(row_error<float>(sketched(cx, narrow, batch, r).view(), sketched(cx, wide, batch, r).view()) <=
        test::rounding_bound<float>(200, 1));
}

TEST_CASE("restricted to some parameters, a sketch is the sum over those", "[gradient][sketch]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 2});
  const auto model = test::random_decoder<B, double>(test::qwen2_like());
  const packed_batch batch = test::pack_all(test::random_sequences(11, {5, 2, 13}));
  const rademacher r(48, 2);
  const auto only = [&](auto&& chosen) {
    std::vector<bool> wanted;
    for (const parameter_info& info : model.parameters().infos()) wanted.push_back(chosen(info.name));
    sketch_sink<B, double, rademacher> sink(cx, model.parameters().infos(), r);
    sink.restrict_to(wanted);
    sink.begin(3);
    test::sweep(cx, model, batch, sink);
    const matrix<double> z = sink.finish();
    CHECK(row_error<double>(z.view(), by_definition(cx, model, batch, r, wanted).view()) <= 1e-12);
  };
  only([](const std::string& name) { return name.find("layers.1") != std::string::npos; });
  only([](const std::string& name) { return name.find("norm") != std::string::npos; });
  only([](const std::string& name) { return name == "model.embed_tokens.weight"; });
  only([](const std::string& name) { return name == "model.layers.0.self_attn.v_proj.bias"; });

  sketch_sink<B, double, rademacher> sink(cx, model.parameters().infos(), r);
  sink.restrict_to(std::vector<bool>(model.parameters().infos().size(), false));
  sink.begin(3);
  test::sweep(cx, model, batch, sink);
  const matrix<double> z = sink.finish();
  for (index_t i = 0; i < z.size(); ++i) CHECK(z.data()[i] == 0.0);
  CHECK_THROWS_AS(sink.restrict_to({true}), shape_error);
}

TEST_CASE("a sink is ready for the next batch", "[gradient][sketch]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  const auto model = test::random_decoder<B, double>(test::qwen3_like());
  const auto data = test::random_sequences(11, {5, 2, 13});
  const rademacher r(32, 1);
  sketch_sink<B, double, rademacher> sink(cx, model.parameters().infos(), r);
  for (const std::vector<std::size_t>& part : {std::vector<std::size_t>{0, 1, 2}, {1}, {2, 0}}) {
    sink.begin(static_cast<index_t>(part.size()));
    test::sweep(cx, model, test::pack_some(data, part), sink);
    CHECK(test::identical(sink.finish(), sketched(cx, model, test::pack_some(data, part), r)));
  }
}

namespace {

// A projection that notes the most scratch that was held while a tile was alive.
struct watching {
  static constexpr std::string_view name = "watching";
  rademacher projection;
  index_t* peak;
  [[nodiscard]] index_t width() const { return projection.width(); }
  [[nodiscard]] double scale() const { return projection.scale(); }
  void accumulate(context<cpu_backend<>>& cx, const tensor_block& block, matrix_view<const float> g,
                  matrix_view<float> z) const {
    projection.accumulate(cx, block, g, z);
    *peak = std::max(*peak, cx.scratch().held_bytes());
  }
};

}  // namespace

TEST_CASE("memory does not grow with the number of parameters", "[gradient][sketch]") {
  using B = cpu_backend<>;
  // 64 sequences of one input token: activations are small beside the parameters, and 64 gradients of one
  // weight (16 MiB and more in the feed-forward part) do not fit a tile.
  std::vector<token_sequence> data;
  for (token_id s = 0; s < 64; ++s) data.push_back({{s % 16, s / 16}, {false, true}});
  const packed_batch batch = test::pack_all(data);
  struct measured {
    index_t parameters, peak;  // bytes
  };
  const auto measure = [&](index_t width) {
    context<B> cx({.threads = 1});
    decoder<B, float> model({.vocabulary = 16, .width = width, .layers = 1, .heads = 4, .kv_heads = 4,
                             .head_dim = width / 4, .ffn = 4 * width, .context = 4});
    model.initialise(1);
    measured out{model.parameters().scalars() * index_t{sizeof(float)}, 0};
    const watching projection{rademacher(64, 1), &out.peak};
    sketch_sink<B, float, watching> sink(cx, model.parameters().infos(), projection);
    sink.begin(64);
    test::sweep(cx, model, batch, sink);
    CHECK(std::isfinite(sink.finish()(63, 63)));
    return out;
  };
  const measured narrow = measure(128), wide = measure(256);
  CAPTURE(narrow.parameters, narrow.peak, wide.parameters, wide.peak);
  CHECK(wide.parameters > 3 * narrow.parameters);
  CHECK(narrow.peak >= index_t{4} << 20);  // the tile was seen
  // Activations double; P floats more would be 3 MiB for one sequence, 192 MiB for the batch.
  CHECK(wide.peak - narrow.peak < wide.parameters - narrow.parameters);
  CHECK(wide.peak < 64 * wide.parameters / 8);
}

TEST_CASE("a gradient of many tiles is projected like any other", "[gradient][sketch]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 2});
  // 1200 sequences x 64 columns x 4 bytes: tiles of 13 of the 64 or 70 rows there are.
  decoder<B, float> model({.vocabulary = 40, .width = 64, .layers = 1, .heads = 2, .kv_heads = 1, .head_dim = 8,
                           .ffn = 70, .context = 4});
  model.initialise(1);
  std::vector<token_sequence> data;
  for (token_id s = 0; s < 1200; ++s) data.push_back({{s % 40, s / 40}, {false, true}});
  const rademacher r(16, 3);
  const matrix<float> together = sketched(cx, model, test::pack_all(data), r);
  for (const std::size_t s : {0u, 599u, 1199u}) {
    const matrix<float> alone = sketched(cx, model, test::pack_some(data, {s}), r);
    CHECK(row_error<float>(together.view().middle_rows(static_cast<index_t>(s), 1), test::widened(alone).view()) <=
          test::rounding_bound<float>(64, 4));
  }
}
