// The device against what it can do: each row an absolute figure and a fraction of the product or copy rate
// that was measured in the same call. A short table last. bench/gpu.sh runs it.
#include <prismatic/backend/cuda.cuh>
#include <prismatic/backend/default.hpp>
#include <prismatic/backend/device_failure.hpp>
#include <prismatic/backend/functors/rounding.hpp>
#include <prismatic/cluster/kmeans.hpp>
#include <prismatic/core/bfloat16.hpp>
#include <prismatic/core/philox.hpp>
#include <prismatic/diversity/vendi.hpp>
#include <prismatic/gradient/collect.hpp>
#include <prismatic/projection/kronecker.hpp>
#include <prismatic/projection/rademacher.hpp>
#include <prismatic/projection/sparse_sign.hpp>
#include <prismatic/transformer/decoder.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include <cublas_v2.h>
#include <cuda_bf16.h>
#include <cuda_runtime.h>

namespace {

using namespace prismatic;
using B = cuda_backend;
using device_matrix = matrix<float, memory::device>;

struct line {
  std::string work, figure, fraction, bar;
};
std::vector<line> lines;

void add(const std::string& work, const std::string& figure, const std::string& fraction,
         const std::string& bar) {
  lines.push_back({work, figure, fraction, bar});
  std::printf("%s: %s%s%s\n", work.c_str(), figure.c_str(), fraction.empty() ? "" : ", ", fraction.c_str());
  std::fflush(stdout);
}

std::string number(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

/// Seconds of the fastest of a few calls, after one that is not counted; a call of over five seconds is made
/// but twice.
template <class F>
double seconds(context<B>& cx, F&& call) {
  double best = 1e300;
  for (int i = 0; i < 4; ++i) {
    cx.synchronize();
    const auto begun = std::chrono::steady_clock::now();
    call();
    cx.synchronize();
    const double taken = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    if (i > 0) best = std::min(best, taken);
    if (i > 0 && taken > 5) break;
  }
  return best;
}

// ---------------------------------------------------------------- inputs
matrix<float> gaussian(index_t rows, index_t cols, const char* name) {
  const random_stream random(1, name);
  matrix<float> out(rows, cols);
  for (index_t i = 0; i < out.size(); ++i)
    out.data()[i] = static_cast<float>(random.normal(static_cast<std::uint64_t>(i)));
  return out;
}

/// Random numbers in place of what they stand for: zeros would let the clock rise. Pieces of 4096 out of 512, of a size that holds
/// a whole number of them.
device_matrix random_numbers(context<B>& cx, index_t rows, index_t cols) {
  constexpr index_t piece = 4096, different = 512;
  const device_matrix noise = on_backend(cx, gaussian(different, piece, "bench/numbers"));
  device_matrix out(rows, cols);
  std::vector<token_id> of_noise;
  for (index_t i = 0; i < out.size() / piece; ++i) of_noise.push_back(static_cast<token_id>(7 * i % different));
  B::gather_rows(cx, noise, of_noise, matrix_view<float, memory::device>(out.data(), out.size() / piece, piece));
  return out;
}

/// n rows about `centres` centres: a centre and noise, both drawn from a few thousand that came from the host.
device_matrix clustered_rows(context<B>& cx, index_t n, index_t width, index_t centres) {
  constexpr index_t noises = 4096;
  const device_matrix centre = on_backend(cx, gaussian(centres, width, "bench/centres"));
  const device_matrix noise = on_backend(cx, gaussian(noises, width, "bench/noise"));
  const random_stream random(1, "bench/rows");
  device_matrix out(n, width);
  constexpr index_t tile = index_t{1} << 16;
  const scratch_matrix<float, memory::device> added(cx.scratch(), std::min(n, tile), width);
  for (index_t first = 0; first < n; first += tile) {
    const index_t count = std::min(tile, n - first);
    std::vector<token_id> of_centre, of_noise;
    for (index_t i = first; i < first + count; ++i) {
      of_centre.push_back(static_cast<token_id>(random.below(static_cast<std::uint64_t>(2 * i), centres)));
      of_noise.push_back(static_cast<token_id>(random.below(static_cast<std::uint64_t>(2 * i + 1), noises)));
    }
    B::gather_rows(cx, centre, of_centre, out.view().middle_rows(first, count));
    B::gather_rows(cx, noise, of_noise, added.view().middle_rows(0, count));
    B::axpy(cx, 0.7f, added.view().middle_rows(0, count), out.view().middle_rows(first, count));
  }
  return out;
}

// ---------------------------------------------------------------- what the device can do
struct roof {
  double bf16 = 0;  ///< FLOP/s of a product of 8192 x 8192 with sums in fp32
  double tf32 = 0;
  double fp32 = 0;
  double bytes = 0;  ///< bytes read and written a second by a copy
};

roof measured_roof(context<B>& cx) {
  constexpr index_t n = 8192;
  const device_matrix a = random_numbers(cx, n, n), b = random_numbers(cx, n, n);
  matrix<bf16, memory::device> a16(n, n), b16(n, n);
  const auto round = [&](const device_matrix& from, matrix<bf16, memory::device>& to) {
    detail::for_each_index<thrust_cuda>(cx, n * n / 8, n * n, detail::round_eight{n, from.view(), to.view()});
  };
  round(a, a16);
  round(b, b16);
  device_matrix c(n, n);
  roof out;
  const auto product = [&](cudaDataType type, cublasComputeType_t compute) {
    const float one = 1, zero = 0;
    const bool whole = type == CUDA_R_32F;
    const void *const left = whole ? static_cast<const void*>(a.data()) : a16.data(),
                      *const right = whole ? static_cast<const void*>(b.data()) : b16.data();
    return 2.0 * n * n * n / seconds(cx, [&] {
             check_cublas(::cublasGemmEx(cx.resources().blas(), CUBLAS_OP_N, CUBLAS_OP_N, n, n, n, &one,
                                         left, type, n, right, type, n, &zero, c.data(), CUDA_R_32F, n,
                                         compute, CUBLAS_GEMM_DEFAULT),
                          "bench");
           });
  };
  out.bf16 = product(CUDA_R_16BF, CUBLAS_COMPUTE_32F);
  out.tf32 = product(CUDA_R_32F, CUBLAS_COMPUTE_32F_FAST_TF32);
  out.fp32 = product(CUDA_R_32F, CUBLAS_COMPUTE_32F);
  const double rounding = product(CUDA_R_32F, CUBLAS_COMPUTE_32F_FAST_16BF);  // small products of gemm at bf16
  constexpr index_t bytes = index_t{2} << 30;
  const device_matrix from(1, bytes / 4);
  device_matrix to(1, bytes / 4);
  out.bytes = 2.0 * bytes / seconds(cx, [&] {
                check_cuda(::cudaMemcpyAsync(to.data(), from.data(), static_cast<std::size_t>(bytes),
                                             cudaMemcpyDeviceToDevice, cx.resources().get()),
                           "bench");
              });
  add("bf16 products, 8192^3", number("%.0f TFLOP/s", out.bf16 / 1e12), "", "");
  add("TF32 products, 8192^3", number("%.0f TFLOP/s", out.tf32 / 1e12), "", "");
  add("fp32 products, 8192^3", number("%.0f TFLOP/s", out.fp32 / 1e12), "", "");
  add("products of floats that cuBLAS rounds to bf16", number("%.0f TFLOP/s", rounding / 1e12),
      number("%.1f %% of bf16", 100 * rounding / out.bf16), "");
  add("copies, read and written", number("%.2f TB/s", out.bytes / 1e12), "", "");
  return out;
}

// ---------------------------------------------------------------- the rows of the table
/// Seconds to project a batch of gradients of `parameters` entries. They come in tiles, as from a sink: one of 512 MiB at most is
/// made, and used for every block of the tensor.
template <class Projection>
double projection_seconds(context<B>& cx, const Projection& projection, double parameters, index_t batch) {
  constexpr index_t cols = 4096;
  const index_t rows = static_cast<index_t>(parameters) / cols,
                tile = std::min(rows, (index_t{128} << 20) / (batch * cols));
  const device_matrix g = random_numbers(cx, batch, tile * cols);
  device_matrix z(batch, projection.width());
  return seconds(cx, [&] {
    for (index_t first = 0; first < rows; first += tile) {
      const index_t count = std::min(tile, rows - first);
      projection.template accumulate<B, float>(cx, {"bench", first, count, cols}, g.view().middle_cols(0, count * cols),
                                               z.view());
    }
  });
}

/// Of three bf16 products for one of floats `full` can reach a third of the rate; `bf16` forms one.
void dense_projection(context<B>& cx, const roof& can, double parameters, index_t batch, product_precision products) {
  constexpr index_t width = 1024;
  const products_at<B> precision(cx, products);
  const double taken = projection_seconds(cx, rademacher(width, 1), parameters, batch);
  const double rate = 2.0 * static_cast<double>(batch) * parameters * width / taken;
  add("dense Rademacher, P = " + number("%.3g", parameters) + ", d = 1024, batch " + std::to_string(batch) +
          (products == product_precision::bf16 ? ", bf16" : ", full"),
      number("%.1f TFLOP/s, ", rate / 1e12) + number("%.3g samples/s", static_cast<double>(batch) / taken),
      number("%.1f %% of bf16", 100 * rate / can.bf16), batch >= 32 ? "60 %" : "");
}

void sparse_projection(context<B>& cx, const roof& can, double parameters, index_t batch) {
  const double taken = projection_seconds(cx, sparse_sign(1024, 4, 1), parameters, batch);
  const double rate = 4.0 * static_cast<double>(batch) * parameters / taken;  // the gradient, read once
  add("sparse-sign:4, P = " + number("%.3g", parameters) + ", d = 1024, batch " + std::to_string(batch),
      number("%.2f TB/s, ", rate / 1e12) + number("%.3g samples/s", static_cast<double>(batch) / taken),
      number("%.1f %% of copies", 100 * rate / can.bytes), "");
}

/// Factors of one weight matrix, up_proj's of Qwen2.5-0.5B, for 32 samples of 512 tokens.
void kronecker_projection(context<B>& cx, const roof& can) {
  constexpr index_t samples = 32, length = 512, out = 4864, in = 896;
  const device_matrix dy = random_numbers(cx, samples * length, out), x = random_numbers(cx, samples * length, in);
  device_matrix z(samples, 1024);
  const kronecker projection(1024, 1);
  layout seq;
  for (index_t s = 0; s < samples; ++s) seq.append(length);
  const double taken = seconds(cx, [&] {
    projection.accumulate_outer<B, float>(cx, {"bench", 0, out, in}, dy.view(), x.view(), seq, z.view());
  });
  const double rate = 4.0 * samples * length * (out + in) / taken;  // both factors, read once
  add("kronecker, 4864 x 896 in factors, 32 samples", number("%.2f TB/s", rate / 1e12),
      number("%.1f %% of copies", 100 * rate / can.bytes), "");
}

/// Gradient rows of an embedding table, each a row of R of its own: 32 samples of 512 different tokens.
template <class Projection>
void embedding_rows(context<B>& cx, const roof& can, const std::string& name, const Projection& projection) {
  constexpr index_t rows = 32 * 512, cols = 896;
  const device_matrix g = random_numbers(cx, rows, cols);
  device_matrix z(rows, projection.width());
  std::vector<token_id> ids(static_cast<std::size_t>(rows));
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<token_id>(9 * i);
  const double taken = seconds(cx, [&] {
    projection.template accumulate_each<B, float>(cx, "bench", ids, g.view(), z.view());
  });
  const double bytes = 4.0 * static_cast<double>(g.size() + 2 * z.size());  // rows read, sums read and written
  add("16384 embedding rows, " + name, number("%.2f ms", 1e3 * taken),
      number("%.1f %% of copies", 100 * bytes / taken / can.bytes), "");
}

void gradients(context<B>& cx, const roof& can) {
  constexpr index_t samples = 64, length = 512;
  const decoder_config config{.vocabulary = 151936,
                              .width = 896,
                              .layers = 24,
                              .heads = 14,
                              .kv_heads = 2,
                              .head_dim = 64,
                              .ffn = 4864,
                              .context = 32768,
                              .rope_theta = 1e6,
                              .qkv_bias = true};
  decoder<B, float> model(config);
  model.initialise(1);
  const random_stream random(1, "bench/tokens");
  std::vector<token_sequence> data(samples);
  std::uint64_t at = 0;
  for (token_sequence& s : data)
    for (index_t t = 0; t <= length; ++t) {
      s.tokens.push_back(static_cast<token_id>(random.below(at++, config.vocabulary)));
      s.carries_loss.push_back(true);
    }
  // What all sketches share: products of 2 P T FLOP forward and 4 P T back.
  const double flop = 6.0 * static_cast<double>(model.parameters().scalars()) * length;
  const auto measure = [&](const char* name, product_precision products, const char* precision, const char* bar,
                           const auto& projection) {
    const double taken = seconds(cx, [&] {
      static_cast<void>(collect_rows(cx, model, std::span<const token_sequence>(data), projection,
                                     {.products = products}));
    });
    add(std::string("Qwen2.5-0.5B's shape, 512 tokens, ") + name + ", " + precision,
        number("%.1f samples/s", samples / taken), number("%.1f %% of bf16", 100 * flop * samples / taken / can.bf16), bar);
  };
  const auto each = [&](product_precision products, const char* precision) {
    measure("dense", products, precision, "150 samples/s", rademacher(1024, 1));
    measure("sparse-sign:4", products, precision, "250 samples/s", sparse_sign(1024, 4, 1));
    measure("kronecker", products, precision, "250 samples/s", kronecker(1024, 1));
  };
  each(product_precision::full, "full");
  each(product_precision::tf32, "tf32");
  each(product_precision::bf16, "bf16");
}

void score(context<B>& cx, const roof& can) {
  constexpr index_t n = index_t{1} << 20, d = 1024;
  const device_matrix rows = clustered_rows(cx, n, d, 1000);
  double value = 0;
  const double taken = seconds(cx, [&] { value = vendi(cx, rows).score; });
  const auto floors = [&](double rate) {
    return taken / std::max(static_cast<double>(n) * d * (d + 1) / rate, 4.0 * static_cast<double>(n) * d / can.bytes);
  };
  add("G-Vendi of 2^20 x 1024 (" + number("%.2f", value) + ")", number("%.1f ms", 1e3 * taken),
      number("%.2f x the floor of fp32, ", floors(can.fp32)) + number("%.2f x of TF32", floors(can.tf32)), "1.5 x");
}

/// Which of the two is to find spectra: cuda_backend takes the host below an order of 4096.
void spectra(context<B>& cx, index_t order) {
  matrix<double> covariance(order, order);
  const matrix<float> rows = gaussian(2 * order, order, "bench/spectrum");
  context<default_backend> host;
  default_backend::syrk(host, op::transpose, 1.0, rows.view(), 0.0, covariance.view());
  matrix<double> spent(order, order);
  std::vector<double> lambda(static_cast<std::size_t>(order));
  const std::string name = "eigenvalues of order " + std::to_string(order);
  add(name + " on the host", number("%.1f ms", 1e3 * seconds(cx, [&] {
        std::copy_n(covariance.data(), covariance.size(), spent.data());
        thrust_backend<thrust_cuda>::eigenvalues(cx, spent.view(), vector_view<double>(lambda), 2e-7);
      })), "", "");
  const matrix<double, memory::device> there = on_backend(cx, covariance.view());
  matrix<double, memory::device> used(order, order), found(1, order);
  add(name + " by cuSOLVER", number("%.1f ms", 1e3 * seconds(cx, [&] {
        B::copy(cx, there.view(), used.view());
        B::eigenvalues(cx, used.view(), found.flat());
      })), "", "");
}

void clusters(context<B>& cx, const roof& can, index_t n, index_t k) {
  constexpr index_t d = 1024;
  constexpr int iterations = 20;
  const device_matrix rows = clustered_rows(cx, n, d, k);
  kmeans_result<float, memory::device> found;
  const double taken =
      seconds(cx, [&] { found = kmeans(cx, rows, {.clusters = k, .iterations = iterations}); });
  const double flop = 2.0 * static_cast<double>(n) * static_cast<double>(k) * d * found.iterations;
  add("k-means of " + std::to_string(n) + " x 1024, k = " + std::to_string(k) + ", " +
          std::to_string(found.iterations) + " iterations, objective " + number("%.5f", found.objective),
      number("%.2f s", taken), number("%.1f %% of TF32", 100 * flop / taken / can.tf32), "50 %");
}

// The device's answers against the CPU's.
void answers(context<B>& cx) {
  context<default_backend> host;
  const device_matrix rows = clustered_rows(cx, 8192, 1024, 100);
  const double found = vendi(cx, rows).score, expected = vendi(host, copy_to_host(rows.view())).score;
  add("G-Vendi of 8192 x 1024, device against CPU", number("%.6f", found),
      number("%.1e relative", std::abs(found - expected) / expected), "1e-5");

  constexpr index_t cols = 777, width = 1000;  // multiples of nothing
  const rademacher projection(width, 7);
  matrix<float> unit(cols, cols);
  for (index_t i = 0; i < cols; ++i) unit(i, i) = 1;
  device_matrix z(cols, width);
  projection.accumulate<B, float>(cx, {"bench", 3, 1, cols}, on_backend(cx, std::move(unit)), z.view());
  const matrix<float> signs = copy_to_host(z.view());
  index_t wrong = 0;
  for (index_t i = 0; i < cols; ++i)
    for (index_t j = 0; j < width; ++j)
      wrong += signs(i, j) == static_cast<float>(projection.sign("bench", 3, i, j)) ? 0 : 1;
  add("signs of 777 x 1000, device against their definition", std::to_string(wrong) + " wrong", "", "0");
}

void print_table() {
  std::size_t width[3] = {};
  for (const line& l : lines) {
    width[0] = std::max(width[0], l.work.size());
    width[1] = std::max(width[1], l.figure.size());
    width[2] = std::max(width[2], l.fraction.size());
  }
  std::printf("\n%-*s  %*s  %*s  bar\n", static_cast<int>(width[0]), "work", static_cast<int>(width[1]),
              "figure", static_cast<int>(width[2]), "fraction");
  for (const line& l : lines)
    std::printf("%-*s  %*s  %*s  %s\n", static_cast<int>(width[0]), l.work.c_str(), static_cast<int>(width[1]),
                l.figure.c_str(), static_cast<int>(width[2]), l.fraction.c_str(), l.bar.c_str());
}

/// A part that fails says so in the table; the others go on.
template <class F>
void part(context<B>& cx, const std::string& name, F&& measure) {
  try {
    measure();
  } catch (const std::exception& e) {
    cx.recover();
    add(name, std::string("failed: ") + e.what(), "", "");
  }
}

}  // namespace

int main() {
  if (!has_cuda_device()) {
    std::puts("skipped: no CUDA device");
    return 77;
  }
  cudaDeviceProp device{};
  check_cuda(::cudaGetDeviceProperties(&device, 0), "bench");
  std::printf("%s, %.0f GiB, compute capability %d.%d\n", device.name,
              static_cast<double>(device.totalGlobalMem) / (1 << 30), device.major, device.minor);
  context<B> cx;
  const roof can = measured_roof(cx);
  part(cx, "answers", [&] { answers(cx); });
  for (const double parameters : {1e8, 4.94e8})
    for (const index_t batch : {8, 32, 64})
      for (const auto products : {product_precision::full, product_precision::bf16})
        part(cx, "dense Rademacher", [&] { dense_projection(cx, can, parameters, batch, products); });
  for (const index_t batch : {8, 32, 64})
    part(cx, "sparse-sign:4", [&] { sparse_projection(cx, can, 4.94e8, batch); });
  part(cx, "kronecker", [&] { kronecker_projection(cx, can); });
  part(cx, "embedding rows", [&] { embedding_rows(cx, can, "dense", rademacher(1024, 1)); });
  part(cx, "embedding rows", [&] { embedding_rows(cx, can, "sparse-sign:4", sparse_sign(1024, 4, 1)); });
  part(cx, "gradients", [&] { gradients(cx, can); });
  part(cx, "G-Vendi", [&] { score(cx, can); });
  for (const index_t order : {1024, 4096}) part(cx, "eigenvalues", [&] { spectra(cx, order); });
  part(cx, "k-means", [&] { clusters(cx, can, index_t{1} << 20, 1000); });
  part(cx, "k-means", [&] { clusters(cx, can, 100'000, 10'000); });
  print_table();
}
