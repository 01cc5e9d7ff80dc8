#include "plan/check_spec.hpp"

#include <cmath>
#include <filesystem>

#include "plan/check_objective.hpp"
#include "plan/cleaning_steps.hpp"
#include "plan/metrics.hpp"
#include "plan/model_files.hpp"
#include "plan/generation_keys.hpp"
#include "plan/technique_keys.hpp"

namespace temper {

namespace {

void check_data(const DataSpec& data, Problems& problems) {
  for (const Problem& problem : parse_cleaning_steps(data.clean).problems())
    problems.push_back(problem);
  if (!data.packing)
    problems.push_back({"data.packing", "false is not supported yet",
                        "documents always lie end to end; attention never crosses them",
                        "Leave it out: the result is the same."});
  if (!data.split) return;
  const SplitSpec& split = *data.split;
  if (!data.validation_file.empty() || !data.test_file.empty())
    problems.push_back({"data.split", "is given beside validation_file or test_file",
                        "one file is split, or each split has its file", "Remove one of them."});
  if (split.train <= 0) problems.push_back({"data.split", "train has no share", "", ""});
  if (std::fabs(split.train + split.validation + split.test - 1) > 1e-9)
    problems.push_back(
        {"data.split", "the shares do not add up to 1", "every row belongs to one split", ""});
  if (!split.group_by.empty() && !data.group_column.empty() && split.group_by != data.group_column)
    problems.push_back({"data.split",
                        "group_by = \"" + split.group_by + "\" is not data.group_column = \"" +
                            data.group_column + "\"",
                        "", "Give one of them."});
}

void check_task(const RunSpec& spec, Problems& problems) {
  const bool regression = spec.model.task == "regression";
  const std::string& type = spec.model.problem_type;
  const bool classes = spec.model.task == "sequence-classification";
  if (!type.empty() && (type == "regression" ? !regression : !classes))
    problems.push_back({"model.problem_type",
                        "\"" + type + "\" contradicts model.task = \"" + spec.model.task + "\"", "",
                        "Leave it out."});
  if (!regression) return;
  if (spec.train.label_smoothing_factor != 0)
    problems.push_back({"train.label_smoothing_factor", "has no meaning for regression", "", ""});
  if (!spec.train.class_weights.empty())
    problems.push_back({"train.class_weights", "have no meaning for regression", "", ""});
  if (!spec.data.label_names.empty())
    problems.push_back({"data.label_names", "have no meaning for regression", "", ""});
  if (spec.model.num_labels.value_or(1) != 1)
    problems.push_back({"model.num_labels", "regression has one output", "", "Leave it out."});
}

void check_evaluation(const RunSpec& spec, Problems& problems) {
  const bool evaluates = spec.train.eval_strategy != "no" && has_eval_split(spec.data);
  const std::string without =
      has_eval_split(spec.data) ? "train.eval_strategy is \"no\"" : "there is no eval split";
  if (spec.train.eval_strategy == "steps" && spec.train.eval_steps == 0)
    problems.push_back({"train.eval_steps", "is missing for eval_strategy = \"steps\"", "",
                        "Give the steps between evaluations."});
  if (spec.train.eval_strategy != "steps" && spec.train.eval_steps > 0)
    problems.push_back(
        {"train.eval_steps", "needs eval_strategy = \"steps\"", "", "Add it, or leave this out."});
  if (spec.train.early_stopping_patience > 0 && !evaluates)
    problems.push_back({"train.early_stopping_patience", "needs evaluations", without, ""});
}

void check_schedule(const TrainSpec& train, Problems& problems) {
  if (train.max_steps == 0)
    problems.push_back({"train.max_steps", "0 trains nothing", "", "Use -1 for whole epochs."});
  if (train.max_steps > 0 && train.warmup_steps > train.max_steps)
    problems.push_back({"train.warmup_steps",
                        std::to_string(train.warmup_steps) +
                            " is more than max_steps = " + std::to_string(train.max_steps),
                        "the peak learning rate would never be reached", ""});
  if (train.lr_scheduler_type == "constant" && (train.warmup_steps > 0 || train.warmup_ratio > 0))
    problems.push_back({"train.lr_scheduler_type", "\"constant\" has no warm-up", "",
                        "Use \"constant_with_warmup\"?"});
}

}  // namespace

bool has_eval_split(const DataSpec& data) {
  return !data.validation_file.empty() || (data.split && data.split->validation > 0);
}

bool has_test_split(const DataSpec& data) {
  return !data.test_file.empty() || (data.split && data.split->test > 0);
}

bool greater_is_better(const RunSpec& spec) {
  if (spec.greater_is_better) return *spec.greater_is_better;
  return !less_is_better(spec.objective);
}

std::string tokenizer_file(const RunSpec& spec) {
  if (!spec.model.tokenizer.empty()) return spec.model.tokenizer;
  const auto file = tokenizer_file(std::filesystem::path(spec.model.model_name_or_path));
  return file.empty()
             ? (std::filesystem::path(spec.model.model_name_or_path) / "tokenizer.json").string()
             : file.string();
}

Problems check_spec(const RunSpec& spec) {
  Problems problems;
  check_data(spec.data, problems);
  check_task(spec, problems);
  check_objective(spec, problems);
  check_evaluation(spec, problems);
  check_schedule(spec.train, problems);
  check_technique(spec, problems);
  check_generation(spec, problems);
  return problems;
}

}  // namespace temper
