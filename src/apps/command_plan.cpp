// temper plan M.toml: everything that can be known before a job starts.
#include <cstdio>
#include <string>

#include "apps/check_weights.hpp"
#include "apps/command.hpp"
#include "apps/plan_text.hpp"

namespace temper {

namespace {

struct PlanOptions {
  std::string manifest;
  bool json = false, explain = false, all = false;
};

Outcome refuse(const Problems& problems) {
  std::fputs(to_text(problems).c_str(), stderr);
  return nothing_fits(problems) ? Outcome::nothing_fits : Outcome::bad_manifest;
}

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

Outcome run_plan(const PlanOptions& options) {
  const Checked<Study> study = read_study(options.manifest);
  if (!study) return refuse(study.problems());
  if (options.explain) {
    print(options.json ? defaults_json(study.value()).dump(1) + "\n"
                       : defaults_text(study.value()));
    return Outcome::done;
  }
  const Machine machine = this_machine();
  const Checked<StudyPlan> plan = plan_study(study.value(), machine);
  if (!plan) return refuse(plan.problems());
  if (const Problems problems = check_weights(plan.value()); !problems.empty())
    return refuse(problems);
  print(options.json ? plan_json(study.value(), plan.value(), machine).dump(1) + "\n"
                     : plan_text(study.value(), plan.value(), {.all_trials = options.all}));
  return Outcome::done;
}

}  // namespace

void add_plan_command(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand(
      "plan", "checks a manifest and shows what it will do: trials, memory, time, cost");
  auto options = std::make_shared<PlanOptions>();
  command->add_option("manifest", options->manifest, "the study, a TOML file")->required();
  command->add_flag("--json", options->json, "one JSON object for programs");
  command->add_flag("--all", options->all, "list every trial");
  command->add_flag("--explain-defaults", options->explain,
                    "every key: value, default, meaning, source");
  command->callback([options, &action] { action = [options] { return run_plan(*options); }; });
}

}  // namespace temper
