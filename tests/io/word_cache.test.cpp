#include <prismatic/io/word_cache.hpp>

#include "support/catch.hpp"

#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace prismatic;

namespace {

using ids = std::vector<token_id>;

ids ids_of(int i) { return ids(static_cast<std::size_t>(1 + i % 8), i); }

}  // namespace

TEST_CASE("a cached word comes back with its tokens", "[io][word_cache]") {
  const word_cache cache;
  ids out = {1};
  CHECK_FALSE(cache.find("word", out));
  cache.add("word", ids{7, 8});
  cache.add("word", ids{9});  // the first stays
  CHECK(cache.find("word", out));
  CHECK(out == ids{1, 7, 8});
  CHECK_FALSE(cache.find("wore", out));
  CHECK_FALSE(cache.find("", out));
}

TEST_CASE("what does not fit is not kept", "[io][word_cache]") {
  const word_cache cache;
  ids out;
  const std::string longest(30, 'x'), longer(31, 'x');
  cache.add(longest, ids{1});
  cache.add(longer, ids{1});
  cache.add("many", ids(9, 1));
  cache.add("most", ids(8, 1));
  CHECK(cache.find(longest, out));
  CHECK_FALSE(cache.find(longer, out));
  CHECK_FALSE(cache.find("many", out));
  CHECK(cache.find("most", out));
}

TEST_CASE("threads see whole entries only", "[io][word_cache]") {
  word_cache made;
  const word_cache cache = std::move(made);
  std::vector<int> wrong(4);
  std::vector<std::thread> threads;
  for (int& mine : wrong)
    threads.emplace_back([&] {
      for (int i = 0; i < 20000; ++i) {
        const std::string word = "w" + std::to_string(i);
        ids out;
        if (cache.find(word, out) && out != ids_of(i)) ++mine;
        cache.add(word, ids_of(i));
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == std::vector<int>(4));
}
