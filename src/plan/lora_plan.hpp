// Which linears get low-rank adapters (Hu et al. 2021, 2106.09685), and what those are called.
//
//   tensors = value_or_throw(lora_tensors(shape, logical_tensors(shape), spec.lora));
//
// lora.target_modules are PEFT's: "all-linear" (every linear of the blocks), names that module
// paths end with ("q_proj", "mlp.up_proj"), or one regular expression that fits whole paths
// (".*layers\\.[0-3]\\..*_proj"). A word of letters, digits, _ and . is a name.
#pragma once

#include <string>
#include <vector>

#include "core/problem.hpp"
#include "plan/model_shape.hpp"
#include "plan/run_spec.hpp"

namespace temper {

// What adapters count: lora_alpha / r, or lora_alpha / sqrt(r) with use_rslora (2312.03732).
double lora_scale(const LoraSpec& spec);

bool is_adapter(const LogicalTensor& tensor);

// The path of the module that holds the tensor, from the root of the model as PEFT sees it:
// "model.layers.0.self_attn.q_proj".
std::string module_path(const ModelShape& shape, const LogicalTensor& tensor);

// The model's tensors, frozen but for modules_to_save, and the adapters, trained, at the end of
// their module's unit: all A [r, in], then all B [out, r]. Their names are those of PEFT's files:
// "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight". Problems: a target that matches
// no linear (with the nearest names), an expression that is none, r larger than the layer, modules
// to save that are none or have an adapter.
Checked<std::vector<LogicalTensor>> lora_tensors(const ModelShape& shape,
                                                 const std::vector<LogicalTensor>& tensors,
                                                 const LoraSpec& spec);

}  // namespace temper
