// Weights in from a Hugging Face directory or a GGUF file.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "plan/model_shape.hpp"
#include "plan/run_spec.hpp"

namespace temper {

// Where element [0, numel) of a logical tensor goes (row-major). fp32: files hold nothing wider
// that a model was trained in, and half the bytes are half the start-up.
using WeightSink = std::function<void(int tensor, const std::vector<float>& values)>;

struct LoadOptions {
  std::uint64_t seed = 0;
  bool random = false;  // every tensor is drawn
  LoraSpec lora;        // how adapters begin, or the directory they are read from
};

// Hands every tensor of `tensors` to `sink`, in the layers' order of elements: from the directory
// (names with or without the family's prefix, gamma/beta of old files), adapters and what is
// trained beside them from lora.adapter_name_or_path where that is given. What no file holds is
// drawn (initial_values.hpp): a head that the directory lacks, adapters. Throws BadInput with *all*
// missing or mis-shaped tensors by name.
void load_weights(const std::filesystem::path& directory, const ModelShape& shape,
                  const std::vector<LogicalTensor>& tensors, const LoadOptions& options,
                  const WeightSink& sink);

}  // namespace temper
