// temper status STUDY: where a study stands, from its directory alone.
#include <cstdio>
#include <memory>

#include "apps/command.hpp"
#include "core/progress.hpp"
#include "experiments/study.hpp"
#include "jobscripts/study_table.hpp"

namespace temper {

namespace {

// A study's directory, or the manifest that names it.
std::filesystem::path directory_of(const std::filesystem::path& study) {
  if (std::filesystem::is_directory(study)) return study;
  return value_or_throw(read_study(study)).output_dir;
}

void print_status(const StudyView& view, const Json& status) {
  std::fputs(study_table(view).c_str(), stdout);
  std::string counts;
  for (const auto& [state, count] : status["counts"].items())
    counts += (counts.empty() ? "" : ", ") + count.dump() + " " + state;
  std::printf("trials: %s%s\n", counts.c_str(), view.complete() ? " (complete)" : "");
  for (const Json& trial : status["trials"])
    if (const std::string reason = trial.value("reason", ""); !reason.empty())
      std::printf("%s: %s\n", trial["trial"].get<std::string>().c_str(),
                  first_lines(reason).c_str());
  std::printf("used: %s, %.3f core-hours\n", duration_text(status["seconds"]).c_str(),
              status["core_hours"].get<double>());
  if (view.torn_bytes > 0)
    std::printf("journal: a torn last line of %zu bytes is left out\n", view.torn_bytes);
  std::printf("next: %s\n", status["next"].get<std::string>().c_str());
}

}  // namespace

void add_status_command(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("status", "where a study stands");
  struct Options {
    std::string study;
    bool json = false;
  };
  const auto options = std::make_shared<Options>();
  command->add_option("study", options->study, "the study's directory, or its manifest")
      ->required();
  command->add_flag("--json", options->json, "one JSON object for programs");
  command->callback([&action, options] {
    action = [options] {
      const StudyView view = read_study_view(directory_of(options->study));
      const Json status = status_json(view);
      if (options->json)
        std::printf("%s\n", status.dump(1).c_str());
      else
        print_status(view, status);
      return Outcome::done;
    };
  });
}

}  // namespace temper
