#include "train/run_outcome.hpp"

namespace temper {

JobUse measure_use(const Group& world, const EnergyMeter& meter, const RunReport& report) {
  JobUse use{.peak_memory_bytes = peak_memory_bytes()};
  world.all_reduce_max(&use.peak_memory_bytes, 1, Dtype::i64);
  // One rank of each computer reads its counters.
  const bool reads = world.split_by_node().rank() == 0;
  const std::optional<double> joules = reads ? meter.joules() : 0.0;
  double sums[4] = {joules.value_or(0), joules ? 0.0 : 1.0, report.matrix.flops,
                    report.matrix.seconds};
  world.all_reduce_sum(sums, 4, Dtype::f64);
  use.matrix = {sums[2], sums[3] / world.size()};
  if (sums[1] == 0) use.energy_joules = sums[0];
  return use;
}

Json metrics_json(const RunReport& report) {
  Json metrics = Json::object();
  for (const auto& [name, value] : report.start.metrics) metrics["start/" + name] = value;
  for (const auto& [name, value] : report.eval.metrics) metrics["eval/" + name] = value;
  for (const auto& [name, value] : report.test.metrics) metrics["test/" + name] = value;
  return metrics;
}

Json outcome_json(const RunReport& report, const JobUse& use) {
  Json phases = report.phases.to_json();
  phases["evaluation"] = report.evaluation_seconds;
  phases["matrix_products"] = use.matrix.seconds;  // within forward and backward
  return {{"outcome", to_string(report.outcome)},
          {"exit_code", exit_code(report.outcome)},
          {"steps", report.steps},
          {"best_step", report.best_step},
          {"reason", report.reason},
          {"host", host_name()},
          {"seconds", process_age_seconds()},
          {"setup_seconds", report.setup_seconds},
          {"metrics", metrics_json(report)},
          {"tokens", report.tokens},
          {"documents", report.documents},
          {"peak_memory_bytes", use.peak_memory_bytes},
          {"energy_joules", use.energy_joules ? Json(*use.energy_joules) : Json()},
          {"phases", std::move(phases)},
          // Of all ranks together, in training.
          {"matrix_gflops_per_second",
           use.matrix.seconds > 0 ? use.matrix.flops / use.matrix.seconds * 1e-9 : 0.0}};
}

}  // namespace temper
