#include "train/records.hpp"

#include "train/machine_use.hpp"

namespace temper {

void StepSums::add(const StepResult& step) {
  ++steps;
  sums.loss_sum += step.loss_sum;
  sums.loss_weight += step.loss_weight;
  sums.grad_norm = step.grad_norm;
  sums.learning_rate = step.learning_rate;
  sums.documents += step.documents;
  sums.tokens += step.tokens;
  sums.loss_tokens += step.loss_tokens;
  sums.bytes_sent += step.bytes_sent;
  sums.skipped |= step.skipped;
  sums.seconds += step.seconds;
  sums.phases += step.phases;
}

Json step_record(std::int64_t step, double epoch, const StepSums& all) {
  const StepResult& s = all.sums;
  return {{"kind", "step"},
          {"step", step},
          {"epoch", epoch},
          {"loss", s.loss()},
          {"grad_norm", s.grad_norm},
          {"learning_rate", s.learning_rate},
          {"documents", s.documents},
          {"tokens", s.tokens},
          {"loss_tokens", s.loss_tokens},
          {"seconds", s.seconds},
          {"phases", s.phases.to_json()},
          {"bytes_sent", s.bytes_sent},
          {"skipped", s.skipped}};
}

Json eval_record(const std::string& split, std::int64_t step, const Evaluation& evaluation) {
  Json record = {{"kind", "eval"}, {"split", split}, {"step", step}};
  for (const auto& [name, value] : evaluation.metrics) record[name] = value;
  record["documents"] = evaluation.rows.size();
  record["seconds"] = evaluation.seconds;
  return record;
}

Records::Records(const std::filesystem::path& attempt, bool writes) {
  if (!writes) return;
  records_.emplace(attempt / "records.jsonl");
  events_.emplace(attempt / "events.jsonl");
}

void Records::record(const Json& line) {
  if (records_) records_->append(line.dump());
}

void Records::event(const std::string& event, const Json& more) {
  if (!events_) return;
  Json line = {{"time", utc_now()}, {"event", event}};
  line.update(more);
  events_->append(line.dump());
}

}  // namespace temper
