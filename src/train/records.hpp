// What a run writes down while it runs: records.jsonl and events.jsonl, by rank 0.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/file.hpp"
#include "core/json.hpp"
#include "train/evaluation/evaluation.hpp"
#include "train/step.hpp"

namespace temper {

// Several steps as one: sums, the loss weighted, norm and rate of the last.
struct StepSums {
  StepResult sums;
  std::int64_t steps = 0;
  void add(const StepResult& step);
};

Json step_record(std::int64_t step, double epoch, const StepSums& sums);
Json eval_record(const std::string& split, std::int64_t step, const Evaluation& evaluation);

class Records {
 public:
  // Files in `attempt` when `writes`; else every call does nothing. Throws WorldFailure.
  Records(const std::filesystem::path& attempt, bool writes);
  void record(const Json& line);
  // {"time": now, "event": event, ...more}
  void event(const std::string& event, const Json& more = Json::object());

 private:
  std::optional<LineAppender> records_, events_;
};

}  // namespace temper
