#include "apps/plan_text.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "apps/plan_format.hpp"
#include "core/progress.hpp"
#include "experiments/resolve_paths.hpp"
#include "plan/estimates.hpp"
#include "plan/plan_parts.hpp"

namespace temper {

namespace {

constexpr std::size_t kShownTrials = 20, kColumns = 80;

std::string plural(std::int64_t count, const std::string& thing) {
  return grouped(count) + " " + thing + (count == 1 ? "" : "s");
}

std::string number_text(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string cost_text(const CostSpec& cost, double core_hours) {
  if (cost.price_per_core_hour == 0) return "";
  return ", " + number_text("%.2f", cost.price_per_core_hour * core_hours) +
         (cost.currency.empty() ? "" : " " + cost.currency);
}

std::string effort_text(const CostSpec& cost, double seconds, double core_hours) {
  return "about " + duration_text(seconds) + ", " + number_text("%.3g", core_hours) +
         " core-hours" + cost_text(cost, core_hours);
}

// Paths by their last part: the column has 80.
std::string value_text(const std::string& key, const Json& value) {
  if (!is_input_key(key)) return value.is_string() ? value.get<std::string>() : value.dump();
  std::string names;
  for (const Json& item : value.is_array() ? value : Json::array({value}))
    names += (names.empty() ? "" : ",") +
             std::filesystem::path(item.get<std::string>()).filename().string();
  return names;
}

std::vector<std::string> keys_of(const std::vector<Trial>& trials) {
  std::vector<std::string> keys;
  for (const Trial& trial : trials)
    for (const auto& [key, value] : trial.setting)
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  return keys;
}

std::string cell_of(const Trial& trial, const std::string& key) {
  const auto found = trial.setting.find(key);
  return found == trial.setting.end() ? "-" : value_text(key, found->second);
}

// A table where it fits into 80 columns, else `key = value` pairs, wrapped.
std::string trial_rows(const std::vector<Trial>& trials, std::size_t shown) {
  const std::vector<std::string> keys = keys_of(trials);
  std::size_t id = 5, total = 2;
  for (std::size_t i = 0; i < shown; ++i) id = std::max(id, trials[i].id.size());
  std::vector<std::size_t> widths;
  for (const std::string& key : keys) {
    std::size_t width = key.size();
    for (std::size_t i = 0; i < shown; ++i) width = std::max(width, cell_of(trials[i], key).size());
    widths.push_back(width);
    total += width + 2;
  }
  std::string text;
  if (total + id <= kColumns) {
    text += "  " + padded("trial", id);
    for (std::size_t k = 0; k < keys.size(); ++k) text += "  " + padded_left(keys[k], widths[k]);
    text += "\n";
    for (std::size_t i = 0; i < shown; ++i) {
      text += "  " + padded(trials[i].id, id);
      for (std::size_t k = 0; k < keys.size(); ++k)
        text += "  " + padded_left(cell_of(trials[i], keys[k]), widths[k]);
      text += "\n";
    }
    return text;
  }
  for (std::size_t i = 0; i < shown; ++i) {
    std::string pairs;
    for (const auto& [key, value] : trials[i].setting)
      pairs += key + "=" + value_text(key, value) + " ";
    text += wrapped("  " + padded(trials[i].id, id) + "  ", pairs, id + 4);
  }
  return text;
}

std::string stage_title(const Study& study, const StagePlan& stage) {
  const auto count = std::int64_t(stage.trials.size());
  if (stage.name == "search")
    return "search: " + study.search.method + ", " + plural(count, "trial") +
           (study.search.num_trials > count
                ? " (" + grouped(study.search.num_trials) + " draws, equal ones once)"
                : "");
  if (stage.name == "confirm")
    return "confirm: the best " +
           (study.confirm.top_k == 1 ? "setting" : plural(study.confirm.top_k, "setting")) +
           " again, " + plural(count, "trial");
  if (stage.name == "scale")
    return "scale: " + study.scale.kind + ", " +
           plural(std::int64_t(study.scale.ranks.size() + study.scale.layouts.size()), "layout") +
           " x " + plural(study.scale.repeats, "repeat");
  return "one trial";
}

std::string batch_line(const StagePlan& stage) {
  std::int64_t least = stage.estimates.front().steps, most = least;
  std::int64_t least_batch = stage.estimates.front().documents_per_step, most_batch = least_batch;
  for (const TrialEstimate& estimate : stage.estimates) {
    least = std::min(least, estimate.steps), most = std::max(most, estimate.steps);
    least_batch = std::min(least_batch, estimate.documents_per_step);
    most_batch = std::max(most_batch, estimate.documents_per_step);
  }
  const auto range = [](std::int64_t from, std::int64_t to) {
    return from == to ? grouped(from) : grouped(from) + " to " + grouped(to);
  };
  const JobPlan& plan = stage.first;
  std::string text =
      range(least, most) + " steps of " + range(least_batch, most_batch) + " documents";
  if (least_batch == most_batch && stage.name != "scale")
    text += " (" + plural(plan.mesh.dp, "rank") + " x " + grouped(plan.batch.micro_batches) +
            (plan.batch.micro_batches == 1 ? " micro-batch x " : " micro-batches x ") +
            std::to_string(largest_micro_batch(plan.batch, plan.mesh.dp)) + ")";
  return text;
}

std::string stage_text(const Study& study, const StagePlan& stage, const PlanTextOptions& options) {
  const std::size_t count = stage.trials.size();
  const std::size_t shown = options.all_trials ? count : std::min(count, kShownTrials);
  std::string text = "\n" + stage_title(study, stage) + "\n" + trial_rows(stage.trials, shown);
  if (shown < count)
    text += "  ... and " + grouped(std::int64_t(count - shown)) + " more (--all shows them)\n";
  text += wrapped("  ", batch_line(stage), 4);
  text += "  " + effort_text(study.base.cost, stage.seconds, stage.core_hours) + "\n";
  return text;
}

std::string units_text(const JobPlan& plan) {
  std::string text = "\nunits of the first trial (elements; what a rank keeps of the optimizer)\n";
  // Blocks that are alike take one line.
  const auto alike = [](const UnitLayout& a, const UnitLayout& b) {
    return a.name.starts_with("block.") && b.name.starts_with("block.") && a.length == b.length &&
           a.trained == b.trained;
  };
  for (std::size_t u = 0; u < plan.units.size(); ++u) {
    const UnitLayout& unit = plan.units[u];
    const auto same = [&](const UnitLayout& other) { return alike(unit, other); };
    const auto begin = plan.units.begin();
    if (std::any_of(begin, begin + std::ptrdiff_t(u), same)) continue;
    const auto count = std::count_if(begin, plan.units.end(), same);
    const std::string name = count == 0 ? unit.name
                                        : "block" + std::string(unit.trained ? "" : ".frozen") +
                                              " (x " + std::to_string(count) + ")";
    const bool sparse = unit.name == "word_embeddings";
    const bool cut = plan.spec.parallel.zero_stage >= 1 && !sparse;
    text += "  " + padded(name, 24) + padded_left(grouped(unit.length), 14);
    text += unit.trained ? padded_left(grouped(cut ? unit.length / unit.dp : unit.length), 14)
                         : padded_left("-", 14);
    text += sparse ? "  rows of the tokens seen\n" : "\n";
  }
  return text;
}

std::string memory_text(const StudyPlan& plan) {
  std::string text = "\nmemory of the fullest rank\n  " + padded("", 16);
  for (const StagePlan& stage : plan.stages) text += padded_left(stage.name, 14);
  text += "\n";
  const std::vector<MemoryLine>& lines = plan.stages.front().first.memory;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    text += "  " + padded(lines[i].what, 16);
    for (const StagePlan& stage : plan.stages)
      text += padded_left(bytes_text(stage.first.memory[i].bytes), 14);
    text += "\n";
  }
  text += "  " + padded("total", 16);
  for (const StagePlan& stage : plan.stages)
    text += padded_left(bytes_text(total_bytes(stage.first.memory)), 14);
  return text + "\n";
}

std::string head_text(const Study& study, const StudyPlan& plan) {
  const JobPlan& job = plan.stages.front().first;
  std::int64_t parameters = 0, trained = 0;
  for (const LogicalTensor& tensor : job.tensors) {
    parameters += tensor.numel();
    if (tensor.trained) trained += tensor.numel();
  }
  const bool language = job.model.head.kind == HeadKind::language;
  const std::string classes = job.spec.model.task == "regression" ? "regression"
                              : language ? "a vocabulary of " + grouped(job.model.vocab_size)
                                         : grouped(job.model.num_labels) + " classes";
  const std::string about = plan.facts.estimated ? "about " : "";
  const DataFacts& f = plan.facts;
  std::string text =
      wrapped(study.name + (study.description.empty() ? "" : ": "), study.description, 2);
  text += wrapped("  model   ",
                  std::filesystem::path(job.spec.model.model_name_or_path).filename().string() +
                      ": " + job.model.family + ", " + plural(job.model.layers, "layer") +
                      ", hidden " + std::to_string(job.model.block.hidden) + ", " +
                      grouped(parameters) + " parameters" +
                      (trained < parameters ? " (" + grouped(trained) + " trained)" : "") + ", " +
                      flops_text(job.flops_per_token) + " a token",
                  10);
  text += wrapped("  data    ",
                  about + plural(f.documents, "row") + ", " + about + grouped(f.tokens) +
                      " tokens; eval " + grouped(f.eval_documents) + ", test " +
                      grouped(f.test_documents) + "; " + (f.estimated && !language ? about : "") +
                      classes +
                      (plan.store.prepared() ? " (store " + plan.store.id + ")"
                                             : " (estimated; the store is not prepared yet)"),
                  10);
  text +=
      wrapped("  mesh    ",
              plural(job.mesh.size(), "rank") + ": pp " + std::to_string(job.mesh.pp) + " x dp " +
                  std::to_string(job.mesh.dp) + " x tp " + std::to_string(job.mesh.tp) + ", ZeRO " +
                  std::to_string(job.spec.parallel.zero_stage) + ", " +
                  plural(job.threads_per_rank, "thread") + " each, " + job.spec.train.precision,
              10);
  return text + wrapped("  aim     ",
                        study.base.objective + (study.greater_is_better() ? ", greater is better"
                                                                          : ", less is better"),
                        10);
}

}  // namespace

std::string plan_text(const Study& study, const StudyPlan& plan, const PlanTextOptions& options) {
  std::string text = head_text(study, plan);
  for (const StagePlan& stage : plan.stages) text += stage_text(study, stage, options);
  text += units_text(plan.stages.front().first) + memory_text(plan);
  return text + "\ntotal: " + plural(plan.trials(), "trial") + ", " +
         effort_text(study.base.cost, plan.seconds, plan.core_hours) + "\n";
}

}  // namespace temper
