#include "experiments/study_plan.hpp"

#include <algorithm>

#include "plan/estimates.hpp"

namespace temper {

namespace {

// Problems of many trials, each sentence once, in the order in which they were met.
class ProblemList {
 public:
  void add(const Problems& problems, const Trial& trial) {
    ++trials_;
    for (const Problem& problem : problems) {
      const std::string text = problem.text();
      const auto known = std::find_if(entries_.begin(), entries_.end(),
                                      [&](const Entry& e) { return e.text == text; });
      if (known != entries_.end())
        ++known->count;
      else
        entries_.push_back({text, problem, trial.id, 1});
    }
  }
  void trial_is_good() { ++trials_; }
  bool empty() const { return entries_.empty(); }
  Problems all() const {
    Problems problems;
    for (const Entry& entry : entries_) {
      Problem problem = entry.problem;
      if (entry.count < trials_)
        problem.why += (problem.why.empty() ? "" : "; ") + std::string("trial ") + entry.trial +
                       (entry.count > 1 ? " and " + std::to_string(entry.count - 1) + " more" : "");
      problems.push_back(problem);
    }
    return problems;
  }

 private:
  struct Entry {
    std::string text;
    Problem problem;
    std::string trial;
    std::int64_t count;
  };
  std::vector<Entry> entries_;
  std::int64_t trials_ = 0;
};

TrialEstimate estimate_of(const JobPlan& plan, const DataFacts& facts) {
  TrialEstimate estimate{.ranks = plan.mesh.size(),
                         .threads_per_rank = plan.threads_per_rank,
                         .documents_per_step = plan.batch.global_batch,
                         .micro_batches = plan.batch.micro_batches,
                         .steps = plan.batch.total_steps,
                         .rank_bytes = total_bytes(plan.memory),
                         .seconds = plan.expected_seconds};
  if (plan.batch.steps_per_epoch > 0 && facts.documents > 0)
    estimate.flops = plan.flops_per_token * double(facts.tokens) / double(facts.documents) *
                     double(plan.batch.documents) * double(plan.batch.total_steps) /
                     double(plan.batch.steps_per_epoch);
  return estimate;
}

class Planner {
 public:
  Planner(const Study& study, const Machine& machine)
      : study_(study), machine_(machine), trials_(study, machine) {}

  void add_stage(const std::string& name, Checked<std::vector<Trial>> trials) {
    if (!trials) {
      for (const Problem& problem : trials.problems()) problems.push_back(problem);
      return;
    }
    if (trials.value().empty()) return;
    StagePlan stage{.name = name, .trials = std::move(trials).value()};
    ProblemList list;
    for (const Trial& trial : stage.trials) {
      Checked<JobPlan> plan = trials_.plan(trial);
      if (!plan) {
        list.add(plan.problems(), trial);
        continue;
      }
      list.trial_is_good();
      const DataFacts facts = trials_.facts_of(trial).value();
      stage.estimates.push_back(estimate_of(plan.value(), facts));
      add_cost(stage, stage.estimates.back());
      if (plan_.stages.empty() && stage.estimates.size() == 1) {
        plan_.facts = facts;
        plan_.store = trials_.store_of(trial).value();
      }
      if (stage.estimates.size() == 1) stage.first = std::move(plan).value();
    }
    for (const Problem& problem : list.all()) problems.push_back(problem);
    plan_.seconds += stage.seconds, plan_.core_hours += stage.core_hours;
    plan_.stages.push_back(std::move(stage));
  }

  StudyPlan take() { return std::move(plan_); }
  Problems problems;

 private:
  void add_cost(StagePlan& stage, const TrialEstimate& estimate) {
    stage.core_hours += estimate.core_hours();
    // Points of a scaling study have the machine to themselves.
    const std::int64_t together =
        stage.name == "scale" ? 1
                              : trials_side_by_side(study_.cluster, machine_, estimate.ranks,
                                                    estimate.threads_per_rank);
    stage.seconds += estimate.seconds /
                     double(std::min<std::int64_t>(together, std::int64_t(stage.trials.size())));
  }

  const Study& study_;
  Machine machine_;
  TrialPlanner trials_;
  StudyPlan plan_;
};

}  // namespace

std::int64_t StudyPlan::trials() const {
  std::int64_t count = 0;
  for (const StagePlan& stage : stages) count += std::int64_t(stage.trials.size());
  return count;
}

std::int64_t trials_side_by_side(const ClusterSpec& cluster, const Machine& machine,
                                 std::int64_t ranks, std::int64_t threads_per_rank) {
  const std::int64_t fit = std::max<std::int64_t>(
      1, machine.cores / std::max<std::int64_t>(1, ranks * threads_per_rank));
  return cluster.max_parallel_trials > 0 ? std::min(fit, cluster.max_parallel_trials) : fit;
}

Checked<StudyPlan> plan_study(const Study& study, const Machine& machine) {
  Planner planner(study, machine);
  const Checked<std::vector<Trial>> search = expand_search(study);
  if (!search) return search.problems();
  // Stand-ins for the best settings: the first ones.
  std::vector<Setting> best;
  for (const Trial& trial : search.value())
    if (std::int64_t(best.size()) < study.confirm.top_k) best.push_back(trial.setting);
  if (best.empty()) best.push_back({});
  planner.add_stage(study.search.wanted() ? "search" : "single", search);
  if (study.confirm.wanted()) planner.add_stage("confirm", expand_confirm(study, best));
  if (study.scale.wanted()) planner.add_stage("scale", expand_scale(study, best.front()));
  if (!planner.problems.empty()) {
    // The same sentence from two stages is one problem.
    Problems unique;
    for (const Problem& problem : planner.problems)
      if (std::none_of(unique.begin(), unique.end(),
                       [&](const Problem& other) { return other.text() == problem.text(); }))
        unique.push_back(problem);
    return unique;
  }
  return planner.take();
}

}  // namespace temper
