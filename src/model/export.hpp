// What training made, as directories that Transformers and PEFT load.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/dtype.hpp"
#include "core/json.hpp"
#include "io/export/adapter.hpp"
#include "plan/model_shape.hpp"

namespace temper {

struct ExportedTensor {
  std::string name;  // LogicalTensor's
  std::vector<std::int64_t> shape;
  std::vector<float> values;  // in the order of layers
};

struct ExportOptions {
  Dtype dtype = Dtype::f32;
  Json tokenizer;    // tokenizer.json where the source is a GGUF file that embeds one
  std::string card;  // README.md; "" for none
};

// A whole model: weights under the family's names and in its files' order, config.json of `source`
// with architecture (and labels, where the head classifies), tokenizer files, template and
// generation config as the source has them. Written to a temporary folder and renamed. Pooling is
// kept in 1_Pooling/config.json. Throws BadInput, WorldFailure.
void export_model(const std::filesystem::path& source, const std::filesystem::path& target,
                  const ModelShape& shape, const std::vector<std::string>& label_names,
                  bool regression, const std::vector<ExportedTensor>& tensors,
                  const ExportOptions& options = {});

// A PEFT directory. Adapters have PEFT's names already; other tensors (modules_to_save) get theirs.
void export_adapter(const std::filesystem::path& source, const std::filesystem::path& target,
                    const ModelShape& shape, const AdapterConfig& config,
                    const std::vector<ExportedTensor>& tensors, const ExportOptions& options = {});

}  // namespace temper
