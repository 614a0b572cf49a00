#include <prismatic/synthesis/vote.hpp>

#include "support/catch.hpp"

#include <string_view>

using namespace prismatic;

namespace {

// One letter an attempt; '-' has no answer.
std::vector<attempt> attempts(std::string_view letters) {
  std::vector<attempt> out;
  for (const char c : letters)
    out.push_back({"", c == '-' ? std::nullopt : std::optional<std::string>(std::string(1, c))});
  return out;
}

}  // namespace

TEST_CASE("the vote table", "[synthesis][vote]") {
  struct row {
    const char* votes;
    double agreement;
    const char* winner;  // "" for none
    double share;
    index_t unparsed;
  };
  const row rows[] = {
      {"", 0.5, "", 0, 0},         {"-", 0.5, "", 0, 1},          {"a", 0.5, "a", 1, 0},
      {"ab", 0.5, "", 0.5, 0},     {"aab", 0.5, "a", 2.0 / 3, 0}, {"aabb", 0.5, "", 0.5, 0},
      {"aabc", 0.5, "", 0.5, 0},   {"aabc", 0.4, "a", 0.5, 0},    {"aabb", 0.4, "", 0.5, 0},
      {"bbaaa", 0.5, "a", 0.6, 0}, {"aa--", 0.5, "", 0.5, 2},     {"aaa--", 0.5, "a", 0.6, 2},
      {"-----", 0.0, "", 0, 5},    {"abcde", 0.0, "", 0.2, 0},    {"abcda", 0.0, "a", 0.4, 0},
      {"aaaa", 0.99, "a", 1, 0},   {"aaab", 0.75, "", 0.75, 0},   {"cbbacbb", 0.5, "b", 4.0 / 7, 0},
  };
  for (const row& r : rows) {
    CAPTURE(r.votes, r.agreement);
    const vote_result out = majority_vote(attempts(r.votes), {.agreement = r.agreement});
    CHECK(out.attempts == static_cast<index_t>(std::string_view(r.votes).size()));
    CHECK(out.unparsed == r.unparsed);
    CHECK(out.share == Approx(r.share));
    CHECK((out.winner() == nullptr ? "" : out.winner()->answer) == r.winner);
    index_t counted = out.unparsed;
    for (const ballot& b : out.ballots) counted += b.votes;
    CHECK(counted == out.attempts);
  }
}

TEST_CASE("ballots are ordered by votes, then by first appearance", "[synthesis][vote]") {
  const vote_result out = majority_vote(attempts("-cabba"));
  REQUIRE(out.ballots.size() == 3);
  CHECK(out.ballots[0].answer == "a");
  CHECK(out.ballots[0].first_attempt == 2);
  CHECK(out.ballots[1].answer == "b");
  CHECK(out.ballots[2].answer == "c");
  CHECK(out.ballots[2].first_attempt == 1);
}

TEST_CASE("an agreement that cannot be met or missed is refused", "[synthesis][vote]") {
  for (const double bad : {-0.1, 1.0, 2.0, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_AS(majority_vote({}, {.agreement = bad}), option_error);
}
