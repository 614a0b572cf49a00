// Whether a run's database is sound: nothing stored twice, nothing kept without its responses. Usage: check_run RUN
// Prints the number of responses of each role and of answers of servers.
#include <prismatic/synthesis/database.hpp>

#include <cstdio>
#include <string>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  prismatic::database db(std::string(argv[1]) + "/run.sqlite");
  const auto count = [&](const char* sql) {
    auto rows = db.prepare(sql);
    rows.step();
    return static_cast<long>(rows.integer(0));
  };
  auto integrity = db.prepare("PRAGMA integrity_check");
  integrity.step();
  const std::string verdict = integrity.text(0);
  if (verdict == "ok" && count("SELECT COUNT(*) FROM sqlite_master") == 0) return std::puts("not begun"), 0;
  const long twice = count("SELECT COUNT(*) FROM (SELECT 1 FROM exchanges WHERE texts > 0 GROUP BY role, number, attempt HAVING COUNT(*) > 1)");
  const long orphans = count("SELECT COUNT(*) FROM candidates c WHERE NOT EXISTS (SELECT 1 FROM responses r WHERE r.role = 'problem' AND r.number = c.number)");
  const long lost = count("SELECT COUNT(*) FROM candidates c WHERE verdict = 'kept' AND NOT EXISTS (SELECT 1 FROM samples s WHERE s.id = 'r' || c.round || '-' || c.number)");
  std::printf("problems %ld, solutions %ld, answers %ld, samples %ld\n", count("SELECT COUNT(*) FROM responses WHERE role = 'problem'"),
              count("SELECT COUNT(*) FROM responses WHERE role = 'solution'"), count("SELECT COUNT(*) FROM exchanges WHERE texts > 0"),
              count("SELECT COUNT(*) FROM samples"));
  if (verdict != "ok" || twice > 0 || orphans > 0 || lost > 0) {
    std::fprintf(stderr, "%s: integrity %s, %ld answers twice, %ld candidates without a response, %ld kept without a sample\n", argv[1],
                 verdict.c_str(), twice, orphans, lost);
    return 1;
  }
}
