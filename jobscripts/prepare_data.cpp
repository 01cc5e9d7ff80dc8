#include "jobscripts/prepare_data.hpp"

#include "core/file.hpp"
#include "jobscripts/attempt_end.hpp"

namespace temper {

double prepare_store(const StoreFiles& store, bool anew, std::int64_t cores,
                     const Executor& executor, JobBar& bar, const StopSignals& stop) {
  if (store.prepared() && !anew) return 0;
  const std::filesystem::path log = store.store.parent_path() / (store.id + ".log.txt");
  write_file_atomically(store.recipe_file, canonical_json(store.recipe) + "\n");
  write_file_atomically(log, "");  // of this try alone
  double seconds = 0;
  JobTask task;
  task.cores = cores, task.alone = true;
  task.begin = [&] {
    return JobRequest{.name = "data",
                      .arguments = {"prepare", store.recipe_file, store.store},
                      .ranks = cores,
                      .threads_per_rank = 1,
                      .alone = true,
                      .log = log};
  };
  task.end = [&](const JobStatus& status, bool stopped) {
    seconds = status.seconds;
    if (stopped || status.exit_code == 0) return false;
    const Outcome outcome = outcome_of_exit_status(status.exit_code);
    const std::string said = failure_of_log(log);
    throw WorldFailure(outcome, said.empty() ? "preparing the data ended with exit status " +
                                                   std::to_string(status.exit_code) + " (see " +
                                                   log.string() + ")"
                                             : said);
    return false;
  };
  run_jobs({task}, {.cores = cores}, executor, bar, stop);
  if (!store.prepared())
    throw WorldFailure(Outcome::bug, "preparing the data ended well and left no " +
                                         store.card.string() + " (see " + log.string() + ")");
  return seconds;
}

}  // namespace temper
