// The `temper` tool: runs on a login node, links no MPI, no libtorch, no HDF5.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "apps/command.hpp"
#include "core/problem.hpp"

namespace temper {

void add_data_command(CLI::App& app, Action& action);
void add_plan_command(CLI::App& app, Action& action);
void add_report_command(CLI::App& app, Action& action);
void add_run_command(CLI::App& app, Action& action);
void add_status_command(CLI::App& app, Action& action);

namespace {

int run(int argc, char** argv) {
  CLI::App app{"Temper fine-tunes language models on supercomputers as batch work."};
  app.require_subcommand(1);
  app.set_version_flag("--version", TEMPER_VERSION);
  Action action;
  add_plan_command(app, action);
  add_run_command(app, action);
  add_status_command(app, action);
  add_report_command(app, action);
  add_data_command(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : exit_code(Outcome::bad_manifest);
  }
  return exit_code(action());
}

}  // namespace
}  // namespace temper

int main(int argc, char** argv) {
  try {
    return temper::run(argc, argv);
  } catch (...) {
    std::string reason;
    const temper::Outcome outcome = temper::outcome_of_current_exception(reason);
    std::fprintf(stderr, "temper: %s%s", reason.c_str(), reason.ends_with('\n') ? "" : "\n");
    return temper::exit_code(outcome);
  }
}
