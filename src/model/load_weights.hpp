// Weights in from a Hugging Face directory, and a fine-tuned model out as one.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "plan/model_shape.hpp"

namespace temper {

// Where element [0, numel) of a logical tensor goes (row-major). fp32: files hold nothing wider
// that a model was trained in, and half the bytes are half the start-up.
using WeightSink = std::function<void(int tensor, const std::vector<float>& values)>;

// Reads every tensor of `tensors` from the directory (names with or without the family's prefix,
// gamma/beta of old files) and hands it to `sink`; a head that the directory lacks is drawn:
// normal(0, initializer_range) by (seed, name, element), biases 0. Throws BadInput with *all*
// missing or mis-shaped tensors by name. With `random` every tensor is drawn (norm gains 1).
void load_weights(const std::filesystem::path& directory, const ModelShape& shape,
                  const std::vector<LogicalTensor>& tensors, std::uint64_t seed, bool random,
                  const WeightSink& sink);

struct ExportedTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};
// Writes a directory that Transformers loads: model.safetensors (fp32), config.json of `source`
// with labels and architecture, and the tokenizer's files. Written to a temporary folder and
// renamed. Mean pooling is kept in 1_Pooling/config.json.
void export_model(const std::filesystem::path& source, const std::filesystem::path& target,
                  const ModelShape& shape, const std::vector<std::string>& label_names,
                  bool regression, const std::vector<ExportedTensor>& tensors);

}  // namespace temper
