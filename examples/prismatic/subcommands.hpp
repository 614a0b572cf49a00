/// The subcommands. Each adds itself to the application and runs when it was asked for.
#pragma once

#include <CLI/CLI.hpp>

namespace command {

void add_score(CLI::App& app);
void add_gradients(CLI::App& app);
void add_cluster(CLI::App& app);
void add_select(CLI::App& app);
void add_synthesize(CLI::App& app);
void add_compare(CLI::App& app);
void add_report(CLI::App& app);
void add_plan(CLI::App& app);
void add_doctor(CLI::App& app);

}  // namespace command
