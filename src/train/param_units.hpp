// The ParamUnits of a plan as this rank holds them: one flat buffer each for weights, gradients,
// the masters' lower planes and the moments, and the views that the layers work on.
//
//   ParamUnits units(plan, dp_coordinate);
//   units.load(directory, plan.model, load_options(plan.spec));
//   const Stage stage(plan.model, units.table());
//
// ZeRO is the extent `owned`: whole at stage 0, the rank's even part at stage 1. The unit whose
// gradient is sparse by rows (the word embedding) is owned whole by everyone: its rows are updated
// where they were touched. A frozen unit is its weights alone, whole on every rank.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <vector>

#include "model/export.hpp"
#include "model/load_weights.hpp"
#include "model/parameters.hpp"
#include "mpi/group.hpp"
#include "plan/job_plan.hpp"

namespace temper {

// Neighbouring elements that are updated alike.
struct UpdateRun {
  Extent extent;  // elements of the unit
  double weight_decay = 0, lr_scale = 1;
};

struct ParamUnit {
  UnitLayout layout;
  bool sparse = false;
  Extent part;                  // this coordinate's even part
  Extent owned;                 // elements whose optimizer state is here
  std::vector<UpdateRun> runs;  // of `owned`
  at::Tensor weights;           // [length] compute dtype
  at::Tensor gradients;         // [length] accumulation dtype; undefined when frozen
  at::Tensor low;               // [owned] lower planes of the masters; undefined unless bf16
  at::Tensor first, second;     // [owned] moments; undefined when frozen

  bool trained() const { return layout.trained; }
};

// bf16, fp32 or fp64 by the plan's `precision`.
at::ScalarType compute_dtype(const TrainSpec& train);

class ParamUnits {
 public:
  // Local. Buffers of zeros.
  ParamUnits(const JobPlan& plan, int coordinate);

  // Local. Weights and masters from a model directory; what it does not hold is drawn. Holds one
  // tensor besides the units. Throws BadInput, WorldFailure.
  void load(const std::filesystem::path& directory, const ModelShape& shape,
            const LoadOptions& options);
  // Views by role.
  ParameterTable table() const;

  std::vector<ParamUnit>& all() { return units_; }
  const std::vector<ParamUnit>& all() const { return units_; }

  // What a trained state is: weights and lower planes of the units that are trained, by value.
  std::vector<at::Tensor> copy_state() const;
  void restore_state(const std::vector<at::Tensor>& state);

  // The trained tensors' master values in fp32, in the order of the plan. Collective over: dp.
  std::vector<ExportedTensor> masters(const Group& dp) const;

 private:
  void set(int tensor, const std::vector<float>& values);

  std::vector<LogicalTensor> tensors_;
  std::vector<ParamUnit> units_;
};

// As a run asks for it.
LoadOptions load_options(const RunSpec& spec);

}  // namespace temper
