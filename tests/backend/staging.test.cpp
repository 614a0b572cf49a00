#include <prismatic/backend/staging.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

using namespace prismatic;

namespace {

// A queue as lazy as it may be: nothing is copied before somebody waits for it.
struct lazy {
  struct copy_asked {
    const std::byte* from;
    index_t bytes;
    std::byte* to;
  };
  std::deque<copy_asked> open;
  std::size_t done = 0, asked = 0, waits = 0;
  std::size_t marks[2] = {0, 0};

  void run_to(std::size_t mark) {
    for (; done < mark; ++done, open.pop_front()) std::copy_n(open.front().from, open.front().bytes, open.front().to);
  }
};

struct handle {
  lazy* queue;
  void copy(const std::byte* from, index_t bytes, std::byte* to) {
    queue->open.push_back({from, bytes, to});
    ++queue->asked;
  }
  void mark(int side) { queue->marks[side] = queue->asked; }
  void wait(int side) {
    ++queue->waits;
    queue->run_to(queue->marks[side]);
  }
};

std::vector<std::uint8_t> numbered(std::size_t bytes, std::size_t from) {
  std::vector<std::uint8_t> out(bytes);
  for (std::size_t i = 0; i < bytes; ++i) out[i] = static_cast<std::uint8_t>(from + 7 * i);
  return out;
}

}  // namespace

TEST_CASE("arrays arrive as they were when they were sent", "[backend][staging]") {
  lazy queue;
  std::vector<std::byte> room(64);
  staging<handle> ring(room.data(), 64, handle{&queue});
  // Sizes that end at a half, cross one, take several halves and none.
  const std::vector<std::size_t> sizes{5, 27, 32, 0, 1, 100, 31, 64, 3, 200, 32, 32, 32, 7};
  std::vector<std::vector<std::uint8_t>> arrived;
  for (const std::size_t size : sizes) arrived.emplace_back(size);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    std::vector<std::uint8_t> source = numbered(sizes[i], i);
    ring.send(source.data(), static_cast<index_t>(sizes[i]), arrived[i].data());
    std::fill(source.begin(), source.end(), std::uint8_t{255});
  }
  queue.run_to(queue.asked);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    CAPTURE(i);
    CHECK(arrived[i] == numbered(sizes[i], i));
  }
}

TEST_CASE("nobody waits while there is room, and then for one half only", "[backend][staging]") {
  lazy queue;
  std::vector<std::byte> room(64), target(32);
  staging<handle> ring(room.data(), 64, handle{&queue});
  const std::vector<std::byte> source(32);
  ring.send(source.data(), 32, target.data());
  ring.send(source.data(), 32, target.data());
  CHECK(queue.done == 0);
  ring.send(source.data(), 1, target.data());  // the first half again
  CHECK(queue.done == 1);
  CHECK(queue.asked == 3);
}
