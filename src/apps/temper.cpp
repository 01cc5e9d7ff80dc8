// The `temper` tool: runs on a login node, links no MPI, no libtorch, no HDF5.
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "apps/command.hpp"
#include "core/problem.hpp"

namespace temper {

void add_data_command(CLI::App& app, Action& action);
void add_model_command(CLI::App& app, Action& action);
void add_generate_command(CLI::App& app, Action& action);
void add_plan_command(CLI::App& app, Action& action);
void add_report_command(CLI::App& app, Action& action);
void add_run_command(CLI::App& app, Action& action);
void add_status_command(CLI::App& app, Action& action);

namespace {

// A first word that names no command; nothing when it is one, or an option.
void check_command(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return;
  std::vector<std::string> names;
  std::string all;
  for (const CLI::App* command : app.get_subcommands({})) {
    names.push_back(command->get_name());
    all += (all.empty() ? "" : ", ") + names.back();
    if (names.back() == argv[1]) return;
  }
  const std::string hint = did_you_mean(argv[1], names);
  throw BadInput(
      Problem{argv[1], "is no command", "", hint.empty() ? "There are " + all + "." : hint});
}

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
  add_model_command(app, action);
  add_generate_command(app, action);
  check_command(app, argc, argv);
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
  return temper::exit_code_of("temper", [&] { return temper::run(argc, argv); });
}
