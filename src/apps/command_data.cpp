// temper data prepare|inspect M.toml: the token stores of a study by themselves.
#include <cstdio>
#include <memory>
#include <set>

#include "apps/command.hpp"
#include "apps/data_text.hpp"
#include "core/progress.hpp"
#include "experiments/trial_planner.hpp"
#include "jobscripts/local/ask_rank.hpp"
#include "jobscripts/local/local_executor.hpp"
#include "jobscripts/prepare_data.hpp"

namespace temper {

namespace {

struct DataOptions {
  std::string manifest;
  bool force = false, json = false;
  int samples = 6;
};

// Every store that a trial of the study reads, in the order of the trials.
std::vector<StoreFiles> stores_of(const Study& study, const Machine& machine) {
  TrialPlanner planner(study, machine);
  std::vector<Trial> trials = value_or_throw(expand_search(study));
  const Setting first = trials.empty() ? Setting{} : trials.front().setting;
  const auto add = [&](Checked<std::vector<Trial>> more) {
    for (Trial& trial : value_or_throw(std::move(more))) trials.push_back(std::move(trial));
  };
  if (study.confirm.wanted()) add(expand_confirm(study, {first}));
  if (study.scale.wanted()) add(expand_scale(study, first));
  std::set<std::string> seen;
  std::vector<StoreFiles> stores;
  for (const Trial& trial : trials) {
    StoreFiles store = value_or_throw(planner.store_of(trial));
    if (seen.insert(store.store).second) stores.push_back(std::move(store));
  }
  return stores;
}

Outcome prepare_data(const DataOptions& options) {
  const Study study = value_or_throw(read_study(options.manifest));
  const Machine machine = this_machine();
  const Executor executor = local_executor(
      {.rank_program = rank_program_beside_this(), .launcher = "", .cores = machine.cores});
  JobBar bar;
  const StopSignals stop;
  for (const StoreFiles& store : stores_of(study, machine)) {
    const bool there = store.prepared() && !options.force;
    const double seconds = prepare_store(store, options.force, machine.cores, executor, bar, stop);
    std::printf("%s: %s\n", store.store.c_str(),
                there ? "is there already (--force prepares it again)"
                      : ("prepared in " + duration_text(seconds)).c_str());
  }
  return Outcome::done;
}

Outcome inspect_data(const DataOptions& options) {
  const Study study = value_or_throw(read_study(options.manifest));
  const std::vector<StoreFiles> stores = stores_of(study, this_machine());
  const StoreFiles& store = stores.front();
  if (!store.prepared())
    throw WorldFailure(Outcome::io_error, store.store.string() +
                                              ": is not prepared yet. Run temper data prepare " +
                                              options.manifest + "?");
  const Json json = ask_rank({"inspect", store.store, std::to_string(options.samples)}, 1);
  if (options.json) {
    std::printf("%s\n", json.dump(1).c_str());
    return Outcome::done;
  }
  const StoreCard card = value_or_throw(read_store_card(store.card));
  std::fputs(data_text(store.store, card, json).c_str(), stdout);
  if (stores.size() > 1)
    std::printf("%zu other stores belong to the study: its trials differ in [data].\n",
                stores.size() - 1);
  return Outcome::done;
}

}  // namespace

void add_data_command(CLI::App& app, Action& action) {
  CLI::App* data = app.add_subcommand("data", "the prepared data of a study");
  data->require_subcommand(1);
  const auto options = std::make_shared<DataOptions>();
  CLI::App* prepare = data->add_subcommand("prepare", "build the token store with all cores");
  prepare->add_option("manifest", options->manifest, "the study's TOML file")->required();
  prepare->add_flag("--force", options->force, "even where a store is there");
  prepare->callback([&action, options] { action = [options] { return prepare_data(*options); }; });
  CLI::App* inspect = data->add_subcommand(
      "inspect", "rows, tokens, lengths, classes, cleaning, samples; checks every block");
  inspect->add_option("manifest", options->manifest, "the study's TOML file")->required();
  inspect->add_option("--samples", options->samples, "rows shown")->check(CLI::Range(0, 1000));
  inspect->add_flag("--json", options->json, "one JSON object for programs");
  inspect->callback([&action, options] { action = [options] { return inspect_data(*options); }; });
}

}  // namespace temper
