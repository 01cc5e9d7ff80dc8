// temper run M.toml: a study on this computer, from where it stands to its end.
#include <cstdio>
#include <memory>

#include "analysis/report.hpp"
#include "apps/check_weights.hpp"
#include "apps/command.hpp"
#include "experiments/study_plan.hpp"
#include "jobscripts/local/local_executor.hpp"
#include "jobscripts/run_study.hpp"
#include "jobscripts/study_table.hpp"

namespace temper {

namespace {

Outcome run_manifest(const std::filesystem::path& manifest) {
  const Study study = value_or_throw(read_study(manifest));
  const Machine machine = this_machine();
  // What cannot be planned is said by the run itself.
  if (const Checked<StudyPlan> plan = plan_study(study, machine))
    if (const Problems problems = check_weights(plan.value()); !problems.empty())
      throw BadInput(problems);
  const Executor executor = local_executor(
      {.rank_program = rank_program_beside_this(), .launcher = "", .cores = machine.cores});
  const RunReport report = run_study(study, executor, machine);
  std::fputs(study_table(read_study_view(study.output_dir)).c_str(), stdout);
  if (report.was_complete)
    std::printf("%s is complete: nothing was left to do.\n", study.name.c_str());
  const std::filesystem::path page = study.output_dir / "report" / "index.html";
  std::size_t warnings = 0;
  if (!report.was_complete || !std::filesystem::exists(page))
    warnings = write_report(study.output_dir).warnings.size();
  std::printf("report: %s\n", page.c_str());
  if (warnings > 0) std::printf("        with %zu warnings: read them there\n", warnings);
  return report.outcome;
}

}  // namespace

void add_run_command(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand(
      "run", "run a study on this computer to its end; called again, it continues");
  const auto manifest = std::make_shared<std::string>();
  command->add_option("manifest", *manifest, "the study's TOML file")->required();
  command->callback(
      [&action, manifest] { action = [manifest] { return run_manifest(*manifest); }; });
}

}  // namespace temper
