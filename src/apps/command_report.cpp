// `temper report STUDY...`: what studies found, as a page, JSON, tables and a summary.
#include <cstdio>
#include <memory>

#include "analysis/report.hpp"
#include "apps/command.hpp"

namespace temper {
namespace {

struct ReportCommand {
  std::vector<std::string> studies;
  ReportOptions options;
  bool json = false, no_plots = false;
};

Outcome run(const ReportCommand& command) {
  ReportOptions options = command.options;
  options.plots = !command.no_plots;
  Json all = Json::array();
  for (const std::string& study : command.studies) {
    const WrittenReport report = write_report(study, options);
    if (command.json) {
      std::fprintf(stderr, "temper report: wrote %s\n", report.page.c_str());
      all.push_back(report.json);
    } else {
      std::printf("%s%s", &study == &command.studies.front() ? "" : "\n", report.summary.c_str());
    }
  }
  if (!command.json) return Outcome::done;
  const Json printed = all.size() == 1 ? all.front() : Json{{"reports", all}};
  std::printf("%s\n", printed.dump(1).c_str());
  return Outcome::done;
}

}  // namespace

void add_report_command(CLI::App& app, Action& action) {
  auto command = std::make_shared<ReportCommand>();
  CLI::App* report = app.add_subcommand("report", "Write what a study found as one HTML page");
  report->add_option("study", command->studies, "study directories (runs/NAME)")->required();
  report->add_flag("--json", command->json, "print report.json on standard output");
  report->add_flag("--no-plots", command->no_plots, "do not run gnuplot");
  report->add_option("--resamples", command->options.resamples, "of each bootstrap")
      ->check(CLI::Range(200, 1000000))
      ->capture_default_str();
  report->add_option("--confidence", command->options.confidence, "of each interval")
      ->check(CLI::Range(0.5, 0.9999))
      ->capture_default_str();
  report->add_option("--threads", command->options.threads, "0: as many as there are cores")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  report->callback([command, &action] { action = [command] { return run(*command); }; });
}

}  // namespace temper
