// The thread team: every index once, exceptions reach the caller, a team survives them.
#include <prismatic/core/parallel.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace prismatic;

TEST_CASE("a team has the size it was asked for", "[core][parallel]") {
  CHECK(thread_team(1).size() == 1);
  CHECK(thread_team(5).size() == 5);
  CHECK(thread_team(0).size() >= 1);
  CHECK(thread_team(-3).size() == thread_team(0).size());
}

TEST_CASE("run calls the body once for each worker, on the threads of the team", "[core][parallel]") {
  for (const int size : {1, 2, 3, 8}) {
    CAPTURE(size);
    thread_team team(size);
    std::vector<int> calls(static_cast<std::size_t>(size), 0);
    std::mutex lock;
    std::set<std::thread::id> threads;
    team.run([&](int worker) {
      ++calls[static_cast<std::size_t>(worker)];
      const std::lock_guard hold(lock);
      threads.insert(std::this_thread::get_id());
    });
    CHECK(calls == std::vector<int>(static_cast<std::size_t>(size), 1));
    CHECK(threads.size() <= static_cast<std::size_t>(size));  // the caller takes parts that nobody has begun
    CHECK(threads.count(std::this_thread::get_id()) == 1);
  }
}

TEST_CASE("what the workers wrote is visible when run returns", "[core][parallel]") {
  thread_team team(4);
  std::vector<std::int64_t> sums(4, 0);
  for (int round = 1; round <= 2000; ++round)
    team.run([&](int worker) { sums[static_cast<std::size_t>(worker)] += round; });
  for (const std::int64_t sum : sums) CHECK(sum == 2000 * 2001 / 2);
}

TEST_CASE("for_range covers every index once, in contiguous parts", "[core][parallel]") {
  for (const int size : {1, 2, 3, 7})
    for (const index_t n : {0, 1, 2, 6, 7, 8, 97, 1000})
      for (const index_t grain : {0, 1, 4, 5000}) {
        CAPTURE(size, n, grain);
        thread_team team(size);
        std::vector<int> touched(static_cast<std::size_t>(n), 0);
        std::atomic<index_t> parts{0};
        std::atomic<bool> in_bounds{true};
        team.for_range(n, grain, [&](index_t begin, index_t end, int worker) {
          ++parts;
          if (worker < 0 || worker >= size || begin < 0 || begin >= end || end > n) in_bounds = false;
          for (index_t i = begin; i < end; ++i) ++touched[static_cast<std::size_t>(i)];
        });
        CHECK(in_bounds);
        CHECK(touched == std::vector<int>(static_cast<std::size_t>(n), 1));
        CHECK(parts <= size);
        if (grain >= 1) CHECK(parts <= std::max<index_t>(n / grain, 1));
      }
}

TEST_CASE("for_range splits the same way every time", "[core][parallel]") {
  thread_team team(3);
  const auto split = [&] {
    std::vector<std::pair<index_t, index_t>> parts(3);
    team.for_range(100, 1, [&](index_t begin, index_t end, int worker) {
      parts[static_cast<std::size_t>(worker)] = {begin, end};
    });
    return parts;
  };
  const auto first = split();
  CHECK(first == std::vector<std::pair<index_t, index_t>>{{0, 33}, {33, 66}, {66, 100}});
  for (int again = 0; again < 20; ++again) CHECK(split() == first);
}

TEST_CASE("for_each hands out every index once", "[core][parallel]") {
  for (const int size : {1, 2, 5})
    for (const index_t n : {0, 1, 2, 5, 1009}) {
      CAPTURE(size, n);
      thread_team team(size);
      std::vector<std::atomic<int>> touched(static_cast<std::size_t>(n));
      team.for_each(n, [&](index_t i, int) { ++touched[static_cast<std::size_t>(i)]; });
      bool once = true;
      for (const auto& count : touched) once = once && count == 1;
      CHECK(once);
    }
}

TEST_CASE("an exception of any worker reaches the caller", "[core][parallel]") {
  for (const int size : {1, 2, 4})
    for (int thrower = 0; thrower < size; ++thrower) {
      CAPTURE(size, thrower);
      thread_team team(size);
      CHECK_THROWS_WITH(team.run([&](int worker) {
        if (worker == thrower) throw std::runtime_error("worker " + std::to_string(worker));
      }),
                        "worker " + std::to_string(thrower));
    }
}

TEST_CASE("of several exceptions the first worker's is thrown, and the team can be used again",
          "[core][parallel]") {
  thread_team team(4);
  for (int round = 0; round < 50; ++round) {
    CHECK_THROWS_WITH(team.run([](int worker) {
      if (worker > 0) throw std::runtime_error(std::to_string(worker));
    }),
                      "1");
    std::atomic<int> calls{0};
    team.run([&](int) { ++calls; });
    CHECK(calls == 4);
  }
}

TEST_CASE("the other workers finish before an exception is rethrown", "[core][parallel]") {
  thread_team team(3);
  std::atomic<int> finished{0};
  CHECK_THROWS_AS(team.run([&](int worker) {
    if (worker == 0) throw std::logic_error("early");
    std::this_thread::yield();
    ++finished;
  }),
                  std::logic_error);
  CHECK(finished == 2);
}

TEST_CASE("exceptions of for_range and for_each reach the caller", "[core][parallel]") {
  for (const int size : {1, 3}) {
    thread_team team(size);
    CHECK_THROWS_AS(team.for_range(100, 1, [](index_t, index_t, int) { throw std::out_of_range("x"); }),
                    std::out_of_range);
    CHECK_THROWS_AS(team.for_each(100,
                                  [](index_t i, int) {
                                    if (i == 57) throw std::out_of_range("x");
                                  }),
                    std::out_of_range);
  }
}

TEST_CASE("a job can be a const or a move-only callable", "[core][parallel]") {
  thread_team team(2);
  std::atomic<int> calls{0};
  const auto constant = [&calls](int) { ++calls; };
  team.run(constant);
  team.run([&calls, owned = std::make_unique<int>(1)](int) { calls += *owned; });
  CHECK(calls == 4);
}

TEST_CASE("many teams work at once, made and destroyed again and again", "[core][parallel]") {
  std::vector<std::thread> users;
  std::atomic<index_t> sum{0};
  for (int user = 0; user < 6; ++user)
    users.emplace_back([&sum] {
      for (int round = 0; round < 20; ++round) {
        thread_team team(3);
        for (int job = 0; job < 10; ++job)
          team.for_each(50, [&](index_t i, int) { sum.fetch_add(i, std::memory_order_relaxed); });
      }
    });
  for (std::thread& user : users) user.join();
  CHECK(sum == index_t{6} * 20 * 10 * (49 * 50 / 2));
}

TEST_CASE("a team that went to sleep wakes up", "[core][parallel]") {
  thread_team team(3);
  std::atomic<int> calls{0};
  for (int round = 0; round < 3; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // long past the spinning
    team.run([&](int worker) {
      if (worker != 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));  // the caller sleeps too
      ++calls;
    });
  }
  CHECK(calls == 9);
}

TEST_CASE("a team never used is destroyed without a job", "[core][parallel]") {
  for (int i = 0; i < 50; ++i) thread_team unused(4);
  SUCCEED();
}
