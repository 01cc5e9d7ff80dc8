// Which tensors a run trains, and how fast: a function of the manifest and of what the tensors are
// called.
//
// | finetuning_type | trained |
// | --- | --- |
// | full | everything |
// | head | the head (and the pooler below it) |
// | freeze | what no pattern of train.freeze names |
// | lora | adapters, lora.modules_to_save, heads of classification and regression (as in PEFT) |
//
// A pattern is a path with * and ?; it names a tensor when it fits its name, its role, or a part of
// either that ends at a dot: "layers.0", "layers.1?", "*.mlp", "block.3". One that begins with ! is
// an exception; the last pattern that fits decides: ["layers.*", "!layers.29"].
#pragma once

#include <string>
#include <vector>

#include "core/problem.hpp"
#include "plan/model_shape.hpp"
#include "plan/run_spec.hpp"

namespace temper {

// Sets `trained` and `lr_scale` of every tensor; with lora the tensors are those of lora_tensors,
// which has marked adapters and modules_to_save. lr_scale is train.layerwise_lr_decay to the power
// of the layers between the tensor's and the last one: 1 for the last layer and the head. Problems:
// patterns that name nothing, nothing left to train, one product half frozen.
void mark_trained(const RunSpec& spec, const ModelShape& shape, std::vector<LogicalTensor>& tensors,
                  Problems& problems);

// Whether a pattern of train.freeze (without its !) names the tensor called `name`.
bool pattern_names(const std::string& pattern, const std::string& name);

}  // namespace temper
