// A PEFT adapter directory (adapter_config.json, adapter_model.safetensors) as the start of a run:
// checked before a job starts, without reading a weight.
//
//   const AdapterFiles files = value_or_throw(find_adapter(directory, shape, tensors, spec.lora));
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "io/safetensors.hpp"
#include "plan/model_shape.hpp"
#include "plan/run_spec.hpp"

namespace temper {

struct AdapterFiles {
  TensorIndex index;
  std::vector<std::string> names;  // of each tensor; "" where the directory does not hold it
};

// Every adapter of `tensors` and, where it holds them, the modules that are trained whole.
// Problems: no LoRA, settings other than the run's (r, alpha, rsLoRA), kinds that are not computed
// (DoRA, biases, ranks by pattern), tensors that are missing, mis-shaped or left over.
Checked<AdapterFiles> find_adapter(const std::filesystem::path& directory, const ModelShape& shape,
                                   const std::vector<LogicalTensor>& tensors, const LoraSpec& spec);

}  // namespace temper
