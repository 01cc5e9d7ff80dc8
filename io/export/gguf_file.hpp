// A model as a GGUF file that llama.cpp loads.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "io/export/tensor_stream.hpp"
#include "io/gguf/write.hpp"
#include "plan/model_files.hpp"
#include "plan/model_shape.hpp"

namespace temper {

struct GgufParts {
  std::string name;               // general.name
  GgmlType type = GgmlType::f16;  // of matrices; vectors are F32, rows that fill no block F16
  GgufMetadata tokenizer;         // tokenizer.ggml.*
  std::string chat_template;
};

// `tensors` are those of model_streams. What is written says the same shape as `shape`, or a
// Problem says that GGUF cannot express it. Throws WorldFailure.
Problems write_gguf_model(const std::filesystem::path& file, const ModelShape& shape,
                          const GgufParts& parts, const std::vector<TensorStream>& tensors);

// The tokenizer.ggml.* of a GGUF file, as they are.
GgufMetadata tokenizer_metadata_of(const GgufHeader& header);

}  // namespace temper
