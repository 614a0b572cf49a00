/// The `prismatic` command: how diverse a training set really is, and more of what is missing.
///
/// Exit statuses: 0 success; 1 anything unforeseen; 2 usage; 3 bad data or output; 4 a proxy or generator that
/// cannot be used; 5 a device that is not there or failed; 130 and 143 interrupted.
#include "console.hpp"
#include "subcommands.hpp"

#include <prismatic/config.hpp>
#include <prismatic/core/error.hpp>

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <new>

namespace {

int failed(const std::exception& e, int status) {
  std::fflush(stdout);
  std::fprintf(stderr, "prismatic: %s\n", e.what());
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("prismatic: measures how diverse a language-model training set really is, in gradient space,\n"
               "and makes more of what is missing. `prismatic SUBCOMMAND --help` has examples.");
  app.set_version_flag("--version", "prismatic " PRISMATIC_VERSION);
  app.require_subcommand(1);
  app.footer("Exit status: 0 success, 1 unforeseen, 2 usage, 3 bad data or output, 4 unusable proxy or generator,\n"
             "5 a device that is not there or failed, 130 interrupted.");
  command::add_score(app);
  command::add_gradients(app);
  command::add_cluster(app);
  command::add_select(app);
  command::add_synthesize(app);
  command::add_compare(app);
  command::add_report(app);
  command::add_plan(app);
  command::add_doctor(app);
  command::catch_signals();
  try {
    app.parse(argc, argv);
    return 0;
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  } catch (const command::interrupted& e) {
    std::fputs("prismatic: interrupted\n", stderr);
    return 128 + e.signal;
  } catch (const prismatic::option_error& e) {
    return failed(e, 2);
  } catch (const prismatic::model_error& e) {
    return failed(e, 4);
  } catch (const prismatic::backend_error& e) {
    return failed(e, 5);
  } catch (const prismatic::error& e) {
    return failed(e, 3);
  } catch (const std::bad_alloc&) {
    std::fputs("prismatic: out of memory; a smaller --batch-tokens needs less\n", stderr);
    return 1;
  } catch (const std::exception& e) {
    return failed(e, 1);
  }
}
