#include "support/catch.hpp"

#include <prismatic/cluster/empty_clusters.hpp>

using namespace prismatic;

TEST_CASE("an empty cluster takes the worst-fitting row", "[cluster][empty_clusters]") {
  std::vector<label_t> labels{0, 0, 2, 2};
  std::vector<index_t> sizes{2, 0, 2};
  refill_empty_clusters(labels, sizes, std::vector<double>{0.1, 0.3, 0.2, 0.0});
  CHECK(labels == std::vector<label_t>{0, 1, 2, 2});
  CHECK(sizes == std::vector<index_t>{1, 1, 2});
}

TEST_CASE("the last row of a cluster is not taken, however badly it fits", "[cluster][empty_clusters]") {
  std::vector<label_t> labels{0, 2, 2};
  std::vector<index_t> sizes{1, 0, 2};
  refill_empty_clusters(labels, sizes, std::vector<double>{9.0, 0.1, 0.2});
  CHECK(labels == std::vector<label_t>{0, 2, 1});
  CHECK(sizes == std::vector<index_t>{1, 1, 1});
}

TEST_CASE("several empty clusters are filled in order, equal gaps by row", "[cluster][empty_clusters]") {
  std::vector<label_t> labels{4, 4, 4, 4, 4};
  std::vector<index_t> sizes{0, 0, 0, 0, 5};
  refill_empty_clusters(labels, sizes, std::vector<double>{0.0, 0.5, 0.5, 0.0, 0.7});
  CHECK(labels == std::vector<label_t>{3, 1, 2, 4, 0});
  CHECK(sizes == std::vector<index_t>{1, 1, 1, 1, 1});
}

TEST_CASE("with more clusters than rows the rest stays empty", "[cluster][empty_clusters]") {
  std::vector<label_t> labels{0, 0};
  std::vector<index_t> sizes{2, 0, 0};
  refill_empty_clusters(labels, sizes, std::vector<double>{1.0, 2.0});
  CHECK(labels == std::vector<label_t>{0, 1});
  CHECK(sizes == std::vector<index_t>{1, 1, 0});
}
