// What a device computes at bf16, by other kernels than at full precision: the same up to rounding of operands.
#include "support/backends.hpp"
#include "support/catch.hpp"
#include "support/numeric.hpp"

#include <prismatic/backend/host.hpp>

#include <cmath>
#include <tuple>

#if PRISMATIC_TEST_CUDA
using namespace prismatic;

namespace {

using B = cuda_backend;
using device_matrix = matrix<float, memory::device>;

device_matrix numbers(index_t rows, index_t cols, const char* name) { return moved_to<memory::device>(test::gaussian<float>(rows, cols, name)); }

/// |rounded - whole| / |whole| of the host matrices that compute() returns at a precision and at full.
template <class F>
double deviation(context<B>& cx, product_precision products, F&& compute) {
  const matrix<float> whole = compute();
  const products_at<B> precision(cx, products);
  const matrix<float> rounded = compute();
  double difference = 0, size = 0;
  for (index_t i = 0; i < whole.size(); ++i) {
    difference += std::pow(static_cast<double>(rounded.data()[i]) - static_cast<double>(whole.data()[i]), 2);
    size += std::pow(static_cast<double>(whole.data()[i]), 2);
  }
  return std::sqrt(difference / size);
}

constexpr double most = 0x1p-7;  // 2^-9 of an operand's numbers at the most, of a few operands

}  // namespace

TEST_CASE("products of rounded operands", "[backend][gemm][bf16]") {
  context<B> cx;
  for (const auto& [m, n, k] : {std::tuple<index_t, index_t, index_t>{200, 301, 150}, {130, 128, 65}, {3, 200, 70}})
    for (const op a_op : {op::none, op::transpose})
      for (const op b_op : {op::none, op::transpose}) {
        CAPTURE(m, n, k, a_op, b_op);
        const device_matrix a = a_op == op::none ? numbers(m, k, "a") : numbers(k, m, "a");
        const device_matrix b = b_op == op::none ? numbers(k, n, "b") : numbers(n, k, "b");
        const double found = deviation(cx, product_precision::bf16, [&] {
          device_matrix c = numbers(m, n, "c");
          B::gemm(cx, a_op, b_op, 0.5F, a.view(), b.view(), -2.0F, c.view());
          return copy_to_host(c.view());
        });
        CHECK(found > 0);
        CHECK(found <= most);
      }
}

TEST_CASE("attention and its adjoint of rounded operands", "[backend][attention][bf16]") {
  context<B> cx;
  const layout sequences{1, 63, 0, 64, 65, 200, 31};
  for (const attention_shape& shape : {attention_shape{4, 2, 16, 0.25}, {14, 2, 64, 0.125}, {2, 1, 96, 0.1}, {2, 2, 128, 0.09}}) {
    CAPTURE(shape.heads, shape.head_dim);
    const index_t rows = sequences.rows(), width = shape.heads * shape.head_dim, narrow = shape.kv_heads * shape.head_dim;
    const device_matrix q = numbers(rows, width, "q"), k = numbers(rows, narrow, "k"), v = numbers(rows, narrow, "v"),
                        d_o = numbers(rows, width, "do");
    device_matrix o(rows, width), l(rows, shape.heads);
    const auto forward = [&] {
      B::attention(cx, shape, q.view(), k.view(), v.view(), sequences.ranges(), sequences.ranges(), o.view(), l.view());
    };
    const double ahead = deviation(cx, product_precision::bf16, [&] {
      forward();
      return copy_to_host(o.view());
    });
    CHECK(ahead > 0);
    CHECK(ahead <= most);
    CHECK(deviation(cx, product_precision::bf16_backward, [&] {
            forward();
            return copy_to_host(o.view());
          }) == 0);
    for (const int which : {0, 1, 2})
      for (const auto products : {product_precision::bf16, product_precision::bf16_backward}) {
        const double back = deviation(cx, products, [&] {
          device_matrix dq(rows, width), dk(rows, narrow), dv(rows, narrow);
          B::attention_adjoint(cx, shape, q.view(), k.view(), v.view(), o.view(), l.view(), d_o.view(), sequences.ranges(), dq.view(),
                               dk.view(), dv.view());
          return copy_to_host((which == 0 ? dq : which == 1 ? dk : dv).view());
        });
        CAPTURE(which);
        CHECK(back > 0);
        CHECK(back <= 2 * most);
      }
  }
}
#endif
