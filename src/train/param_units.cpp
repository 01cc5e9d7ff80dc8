#include "train/param_units.hpp"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <map>

#include "kernels/adamw.hpp"
#include "kernels/parallel.hpp"
#include "model/dispatch.hpp"
#include "train/buffer.hpp"

namespace temper {

namespace {

// How `owned` is updated, merged where neighbours agree. Padding between them has no gradient.
std::vector<UpdateRun> update_runs(const UnitLayout& layout, const Extent& owned,
                                   const std::vector<LogicalTensor>& tensors,
                                   const TrainSpec& train) {
  std::vector<UpdateRun> runs;
  for (const TensorSlot& slot : layout.slots) {
    const LogicalTensor& tensor = tensors[std::size_t(slot.tensor)];
    const bool decays = train.weight_decay_all || tensor.decays;
    const UpdateRun run{intersect(slot.extent, owned), decays ? train.weight_decay : 0,
                        tensor.lr_scale};
    if (run.extent.empty()) continue;
    if (!runs.empty() && runs.back().weight_decay == run.weight_decay &&
        runs.back().lr_scale == run.lr_scale)
      runs.back().extent.end = run.extent.end;
    else
      runs.push_back(run);
  }
  return runs;
}

}  // namespace

at::ScalarType compute_dtype(const TrainSpec& train) {
  return train.precision == "bf16"   ? at::kBFloat16
         : train.precision == "fp64" ? at::kDouble
                                     : at::kFloat;
}

ParamUnits::ParamUnits(const JobPlan& plan, int coordinate) : tensors_(plan.tensors) {
  const at::ScalarType compute = compute_dtype(plan.spec.train);
  const at::ScalarType accumulate = accumulate_type(compute);
  for (const UnitLayout& layout : plan.units) {
    ParamUnit unit{.layout = layout};
    unit.sparse = layout.trained && tensors_[std::size_t(layout.slots.front().tensor)].row_sparse;
    unit.part = layout.owned_by(coordinate);
    unit.weights = zero_buffer(layout.length, compute, Touch::whole);
    if (layout.trained) {
      const bool whole = unit.sparse || plan.spec.parallel.zero_stage == 0;
      unit.owned = whole ? Extent{0, layout.length} : unit.part;
      unit.runs = update_runs(layout, unit.owned, tensors_, plan.spec.train);
      const Touch touch = unit.sparse ? Touch::by_rows : Touch::whole;
      if (compute == at::kBFloat16)
        unit.low = zero_buffer(unit.owned.size(), at::kShort, Touch::whole);
      unit.gradients = zero_buffer(layout.length, accumulate, touch);
      unit.first = zero_buffer(unit.owned.size(), accumulate, touch);
      unit.second = zero_buffer(unit.owned.size(), accumulate, touch);
    }
    units_.push_back(std::move(unit));
  }
}

void ParamUnits::set(int tensor, const std::vector<float>& values) {
  for (ParamUnit& unit : units_)
    for (const TensorSlot& slot : unit.layout.slots) {
      if (slot.tensor != tensor) continue;
      const std::int64_t at = slot.extent.begin;
      const Extent kept = intersect(slot.extent, unit.owned);
      dispatch(unit.weights.scalar_type(), [&]<class T>() {
        T* weights = data<T>(unit.weights) + at;
        parallel_rows(slot.extent.size(), [&](std::int64_t begin, std::int64_t end, int) {
          if constexpr (std::is_same_v<T, Bf16>) {
            std::vector<std::int16_t> low(std::size_t(end - begin));
            split_planes(values.data() + begin, end - begin, weights + begin, low.data());
            const Extent mine = intersect({at + begin, at + end}, kept);
            if (!mine.empty())
              std::copy_n(low.begin() + (mine.begin - at - begin), mine.size(),
                          data<std::int16_t>(unit.low) + (mine.begin - unit.owned.begin));
          } else {
            std::copy(values.begin() + begin, values.begin() + end, weights + begin);
          }
        });
      });
    }
}

LoadOptions load_options(const RunSpec& spec) {
  const bool adapters = spec.train.finetuning_type == "lora";
  return {std::uint64_t(spec.train.seed), spec.model.random_init,
          adapters ? spec.lora : LoraSpec{}};
}

void ParamUnits::load(const std::filesystem::path& directory, const ModelShape& shape,
                      const LoadOptions& options) {
  load_weights(directory, shape, tensors_, options,
               [&](int tensor, const std::vector<float>& values) { set(tensor, values); });
}

ParameterTable ParamUnits::table() const {
  ParameterTable table;
  for (const ParamUnit& unit : units_)
    for (const TensorSlot& slot : unit.layout.slots) {
      const LogicalTensor& tensor = tensors_[std::size_t(slot.tensor)];
      const auto view = [&](const at::Tensor& flat) {
        return flat.defined()
                   ? flat.narrow(0, slot.extent.begin, slot.extent.size()).view(tensor.shape)
                   : at::Tensor();
      };
      table.add(tensor.role, {view(unit.weights), view(unit.gradients)});
    }
  return table;
}

std::vector<at::Tensor> ParamUnits::copy_state() const {
  std::vector<at::Tensor> state;
  for (const ParamUnit& unit : units_)
    if (unit.trained())
      for (const at::Tensor& tensor : {unit.weights, unit.low})
        state.push_back(tensor.defined() ? tensor.clone() : at::Tensor());
  return state;
}

void ParamUnits::restore_state(const std::vector<at::Tensor>& state) {
  std::size_t next = 0;
  for (ParamUnit& unit : units_)
    if (unit.trained())
      for (at::Tensor* tensor : {&unit.weights, &unit.low}) {
        if (tensor->defined()) tensor->copy_(state.at(next));
        ++next;
      }
}

std::vector<ExportedTensor> ParamUnits::masters(const Group& dp) const {
  std::map<int, ExportedTensor> exported;
  for (const ParamUnit& unit : units_) {
    if (!unit.trained()) continue;
    at::Tensor low = unit.low;
    if (low.defined() && unit.owned.size() < unit.layout.length) {
      low = at::empty({unit.layout.length}, at::dtype(at::kShort));
      low.narrow(0, unit.owned.begin, unit.owned.size()).copy_(unit.low);
      dp.all_gather(low.data_ptr(), unit.part.size(), Dtype::i16);
    }
    for (const TensorSlot& slot : unit.layout.slots) {
      const LogicalTensor& tensor = tensors_[std::size_t(slot.tensor)];
      std::vector<float> values(std::size_t(slot.extent.size()));
      dispatch(unit.weights.scalar_type(), [&]<class T>() {
        const T* weights = data<T>(unit.weights) + slot.extent.begin;
        for (std::size_t i = 0; i < values.size(); ++i)
          if constexpr (std::is_same_v<T, Bf16>)
            values[i] = join_planes(weights[i],
                                    data<std::int16_t>(low)[slot.extent.begin + std::int64_t(i)]);
          else
            values[i] = float(weights[i]);
      });
      exported[slot.tensor] = {tensor.name, tensor.shape, std::move(values)};
    }
  }
  std::vector<ExportedTensor> in_order;
  for (auto& [tensor, values] : exported) in_order.push_back(std::move(values));
  return in_order;
}

}  // namespace temper
