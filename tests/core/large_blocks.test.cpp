// Large blocks: apart from one another, zero where they say so, kept within bounds, and given back to the system.
#include <prismatic/core/large_blocks.hpp>

#include "support/catch.hpp"

#include <prismatic/core/matrix.hpp>
#include <prismatic/core/parallel.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <random>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

using namespace prismatic;
using detail::large_blocks;

namespace {

struct lent_block {
  unsigned char* data;
  index_t bytes;
  unsigned char mark;

  [[nodiscard]] std::uintptr_t begin() const { return reinterpret_cast<std::uintptr_t>(data); }
  [[nodiscard]] std::uintptr_t end() const { return begin() + static_cast<std::uintptr_t>(bytes); }
  [[nodiscard]] bool holds(unsigned char value) const {
    return std::all_of(data, data + bytes, [value](unsigned char c) { return c == value; });
  }
};

bool is_mapped(const void* at) {
  unsigned char resident = 0;
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  void* const begin = reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(at) / page * page);
  return ::mincore(begin, page, &resident) == 0;
}

}  // namespace

TEST_CASE("blocks come and go, and none meets another", "[core][large_blocks]") {
  large_blocks blocks;
  std::mt19937 random(1);
  std::vector<lent_block> lent;
  const auto give_back = [&](std::size_t i) {
    CHECK(lent[i].holds(lent[i].mark));  // nobody else wrote there
    blocks.give_back(lent[i].data, lent[i].bytes);
    lent.erase(lent.begin() + static_cast<std::ptrdiff_t>(i));
  };
  for (int step = 0; step < 600; ++step) {
    if (!lent.empty() && random() % 5 < 2) {
      give_back(random() % lent.size());
      continue;
    }
    const index_t bytes = 1 + static_cast<index_t>(random() % (random() % 8 == 0 ? 9000000 : 300000));
    const large_blocks::block found = blocks.take(bytes);
    const lent_block fresh{static_cast<unsigned char*>(found.data), bytes, static_cast<unsigned char>(1 + step % 255)};
    CHECK(fresh.begin() % large_blocks::grain == 0);
    if (found.is_zero) CHECK(fresh.holds(0));
    for (const lent_block& other : lent) CHECK((fresh.end() <= other.begin() || other.end() <= fresh.begin()));
    std::memset(fresh.data, fresh.mark, static_cast<std::size_t>(bytes));
    lent.push_back(fresh);
    CHECK(blocks.idle_bytes() >= 0);
  }
  while (!lent.empty()) give_back(0);
  CHECK(blocks.idle_bytes() <= large_blocks::chunk);
}

TEST_CASE("a block that came back is lent again, and is not said to be zero", "[core][large_blocks]") {
  large_blocks blocks;
  const large_blocks::block first = blocks.take(100000);
  CHECK(first.is_zero);
  blocks.give_back(first.data, 100000);
  const large_blocks::block wider = blocks.take(200000);
  CHECK(wider.data != first.data);
  CHECK(wider.is_zero);  // what was never lent is kept apart
  const large_blocks::block second = blocks.take(100000);
  CHECK(second.data == first.data);
  CHECK_FALSE(second.is_zero);
  blocks.give_back(second.data, 100000);
  blocks.give_back(wider.data, 200000);
}

TEST_CASE("neighbours that came back make one block", "[core][large_blocks]") {
  large_blocks blocks;
  void* at[4];
  for (void*& p : at) p = blocks.take(1 << 20).data;
  for (const int i : {0, 2, 1}) blocks.give_back(at[i], 1 << 20);
  CHECK(blocks.idle_bytes() == 3 << 20);
  const large_blocks::block whole = blocks.take(3 << 20);
  CHECK(whole.data == at[0]);
  CHECK_FALSE(whole.is_zero);
  CHECK(blocks.idle_bytes() == 0);
  blocks.give_back(whole.data, 3 << 20);
  blocks.give_back(at[3], 1 << 20);
}

TEST_CASE("the smallest gap that fits is taken", "[core][large_blocks]") {
  large_blocks blocks;
  const index_t sizes[] = {4 << 20, 1 << 16, 2 << 20, 1 << 16};
  std::vector<void*> at;
  for (const index_t bytes : sizes) at.push_back(blocks.take(bytes).data);
  blocks.give_back(at[0], sizes[0]);
  blocks.give_back(at[2], sizes[2]);
  const large_blocks::block found = blocks.take(3 << 19);
  CHECK(found.data == at[2]);
  blocks.give_back(found.data, 3 << 19);
  blocks.give_back(at[1], sizes[1]);
  blocks.give_back(at[3], sizes[3]);
}

TEST_CASE("a large block's pages go back to the system, and its ends stay", "[core][large_blocks]") {
  large_blocks blocks;
  const index_t whole = 4 * large_blocks::chunk, end = 9 << 17, bytes = whole + end;
  void* const kept = blocks.take(whole / 8).data;
  void* const large = blocks.take(bytes).data;
  std::memset(large, 1, 1);
  CHECK(is_mapped(large));
  blocks.give_back(large, bytes);
  CHECK_FALSE(is_mapped(large));
  CHECK(blocks.idle_bytes() == end);
  CHECK(is_mapped(kept));
  void* const again = blocks.take(end).data;
  CHECK(again == static_cast<unsigned char*>(large) + whole);
  blocks.give_back(again, end);
  blocks.give_back(kept, whole / 8);
  CHECK(is_mapped(kept));  // 16 MiB may be idle
}

TEST_CASE("more than a processor can address is refused", "[core][large_blocks]") {
  large_blocks blocks;
  CHECK_THROWS_AS(blocks.take(index_t{1} << 60), std::bad_alloc);
  CHECK_THROWS_AS(blocks.take(index_t{1} << 56), std::bad_alloc);
  CHECK(blocks.idle_bytes() == 0);
}

TEST_CASE("threads take blocks at the same time", "[core][large_blocks]") {
  large_blocks blocks;
  thread_team team(4);
  std::vector<int> wrong(4);
  team.for_each(4, [&](index_t task, int) {
    for (index_t i = 1; i <= 200; ++i) {
      const index_t bytes = i * 1000;
      auto* const data = static_cast<unsigned char*>(blocks.take(bytes).data);
      std::memset(data, static_cast<int>(task), static_cast<std::size_t>(bytes));
      if (std::count(data, data + bytes, static_cast<unsigned char>(task)) != bytes) ++wrong[static_cast<std::size_t>(task)];
      blocks.give_back(data, bytes);
    }
  });
  CHECK(wrong == std::vector<int>(4));
}

TEST_CASE("a large matrix starts at zero, wherever it lies", "[core][large_blocks]") {
  for (int round = 0; round < 3; ++round) {
    matrix<float> m(300, 1000);
    CHECK(std::all_of(m.data(), m.data() + m.size(), [](float x) { return x == 0; }));
    std::fill_n(m.data(), m.size(), 1.0f);
  }
}
