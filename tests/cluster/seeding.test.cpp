#include "support/catch.hpp"
#include "cluster/planted.hpp"
#include "oracle/kmeans.hpp"
#include "support/numeric.hpp"

#include <prismatic/cluster/seeding.hpp>

#include <array>
#include <set>

using namespace prismatic;

namespace {

template <class B, class T>
std::vector<token_id> start(const matrix<T>& rows, index_t k, kmeans_start how, cluster_metric metric,
                            std::uint64_t seed = 1, int threads = 1) {
  context<B> cx({.threads = threads, .seed = seed});
  return starting_rows(cx, clustered_rows<B, T>(cx, rows.view(), metric, false, "test"), k, how);
}

constexpr std::array drawn_starts{kmeans_start::plus_plus, kmeans_start::parallel};

}  // namespace

TEST_CASE("the first k rows", "[cluster][seeding]") {
  const auto rows = test::gaussian<float>(9, 3, "rows");
  CHECK(start<cpu_backend<>>(rows, 4, kmeans_start::first_k, cluster_metric::spherical) ==
        std::vector<token_id>{0, 1, 2, 3});
}

TEMPLATE_LIST_TEST_CASE("drawn starts are k different rows, the same for a seed", "[cluster][seeding]",
                        test::built) {
  using B = typename TestType::backend;
  using T = typename TestType::scalar;
  const auto metric = GENERATE(from_range(test::both_metrics));
  const auto how = GENERATE(from_range(drawn_starts));
  const index_t n = 200, k = GENERATE(1, 2, 67, 199, 200);
  CAPTURE(B::name, int(metric), int(how), k);
  const auto rows = test::gaussian<T>(n, 7, "rows");
  const auto ids = start<B>(rows, k, how, metric);
  CHECK(static_cast<index_t>(ids.size()) == k);
  CHECK(std::set<token_id>(ids.begin(), ids.end()).size() == ids.size());
  CHECK(*std::ranges::min_element(ids) >= 0);
  CHECK(*std::ranges::max_element(ids) < n);
  CHECK(start<B>(rows, k, how, metric, 1, 2) == ids);
  if (k > 1 && k < 100) CHECK(start<B>(rows, k, how, metric, 2) != ids);
}

TEST_CASE("drawn starts take one row of each far and tight cluster", "[cluster][seeding]") {
  const auto metric = GENERATE(from_range(test::both_metrics));
  const auto how = GENERATE(from_range(drawn_starts));
  const index_t groups = 20;
  const auto rows = test::planted<double>(400, groups, 30, 1e-4);
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    CAPTURE(int(metric), int(how), seed);
    std::set<index_t> hit;
    for (const token_id id : start<cpu_backend<>>(rows, groups, how, metric, seed)) hit.insert(id % groups);
    CHECK(static_cast<index_t>(hit.size()) == groups);
  }
}

TEST_CASE("duplicates are chosen only when nothing else is left, and no row twice", "[cluster][seeding]") {
  const auto metric = GENERATE(from_range(test::both_metrics));
  const auto how = GENERATE(from_range(drawn_starts));
  // Kinds of 5, 2 and 1 equal rows. In float a row's gap to itself is rarely 0, which must not show.
  const auto kind = [](index_t row) { return row < 5 ? 0 : row < 7 ? 1 : 2; };
  const auto values = test::gaussian<float>(3, 5, "values");
  matrix<float> rows(8, 5);
  for (index_t i = 0; i < 8; ++i) std::copy_n(values.view().row(kind(i)), 5, rows.view().row(i));
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    std::set<int> kinds;
    for (const token_id id : start<cpu_backend<>>(rows, 3, how, metric, seed)) kinds.insert(kind(id));
    CHECK(kinds.size() == 3);
    const auto all = start<cpu_backend<>>(rows, 8, how, metric, seed);
    CHECK(std::set<token_id>(all.begin(), all.end()).size() == 8);
  }
}

TEST_CASE("chosen rows know their followers, and weights bear on the draw", "[cluster][seeding]") {
  using B = cpu_backend<>;
  context<B> cx({.threads = 1});
  matrix<double> rows(5, 1);
  for (index_t i = 0; i < 5; ++i) rows(i, 0) = static_cast<double>(i * i);  // 0, 1, 4, 9, 16
  const clustered_rows<B, double> points(cx, rows.view(), cluster_metric::euclidean, false, "test");
  chosen_rows<B, double> chosen(points, {});
  chosen.add(cx, std::vector<token_id>{3});
  chosen.add(cx, std::vector<token_id>{4, 1});
  CHECK(chosen.ids() == std::vector<token_id>{3, 4, 1});
  CHECK(chosen.followers() == std::vector<double>{1, 1, 3});

  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    chosen_rows<B, double> weighted(points, {0, 2, 0, 0, 1});
    weighted.sample_until(cx, 2, random_stream(seed, "weights"));
    CHECK(std::set<token_id>(weighted.ids().begin(), weighted.ids().end()) == std::set<token_id>{1, 4});
  }
}

// k-means++ draws in batches of 64 with rejection; this checks that the pairs it draws follow the D^2 law.
// Four points on a line at 0, 1, 3, 7; k = 2: P(a, b) = 1/4 * D(a, b)^2 / sum_c D(a, c)^2. The third draw,
// which is the first that rejection touches, is checked against the law given the pair.
TEST_CASE("k-means++ draws with probability proportional to the squared distance", "[cluster][seeding]") {
  const double at[] = {0, 1, 3, 7};
  matrix<double> rows(4, 1);
  for (index_t i = 0; i < 4; ++i) rows(i, 0) = at[i];
  double expected[4][4][4] = {}, counted[4][4][4] = {};
  const auto squared = [&](int a, int b) { return (at[a] - at[b]) * (at[a] - at[b]); };
  for (int a = 0; a < 4; ++a)
    for (int b = 0; b < 4; ++b) {
      double first = 0, second = 0;
      for (int c = 0; c < 4; ++c) {
        first += squared(a, c);
        second += std::min(squared(a, c), squared(b, c));
      }
      for (int c = 0; c < 4; ++c)
        if (a != b)
          expected[a][b][c] = 0.25 * squared(a, b) / first * std::min(squared(a, c), squared(b, c)) / second;
    }
  const int draws = 20000;
  for (std::uint64_t seed = 0; seed < draws; ++seed) {
    const auto ids = start<cpu_backend<>>(rows, 3, kmeans_start::plus_plus, cluster_metric::euclidean, seed);
    ++counted[ids[0]][ids[1]][ids[2]];
  }
  double chi_squared = 0;
  int cells = 0;
  for (int a = 0; a < 4; ++a)
    for (int b = 0; b < 4; ++b)
      for (int c = 0; c < 4; ++c) {
        const double mean = draws * expected[a][b][c];
        if (mean == 0) {
          CHECK(counted[a][b][c] == 0);
          continue;
        }
        chi_squared += (counted[a][b][c] - mean) * (counted[a][b][c] - mean) / mean;
        ++cells;
      }
  CHECK(cells == 24);
  CHECK(chi_squared < 49.7);  // 23 degrees of freedom: exceeded once in a thousand
}
