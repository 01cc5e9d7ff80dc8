// A Hugging Face directory made of a model's parts: what Transformers loads.
//
//   const ModelFiles source = value_or_throw(read_model_files("SmolLM2.Q4_1.gguf"));
//   write_model_directory("out", source, parts, model_streams(path, shape));
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/dtype.hpp"
#include "core/json.hpp"
#include "io/export/tensor_stream.hpp"
#include "plan/model_files.hpp"
#include "plan/model_shape.hpp"

namespace temper {

struct DirectoryParts {
  Json config;                               // its dtype keys are set here
  Dtype dtype = Dtype::f32;                  // of the weights: F32, F16 or BF16
  std::int64_t shard_bytes = 5'000'000'000;  // of one weight file, as Transformers' default
  Json tokenizer;    // tokenizer.json where the source only embeds one; null: there is none
  std::string card;  // README.md; "" for none
  std::function<void(const std::filesystem::path& folder)>
      more;  // writes further files; may be empty
};

// Written to a folder beside `target` and renamed; an older `target` is replaced. Tokenizer files,
// template and generation config come as the source has them. Throws WorldFailure.
void write_model_directory(const std::filesystem::path& target, const ModelFiles& source,
                           const DirectoryParts& parts, const std::vector<TensorStream>& tensors);

// The weights of a model path as files of that family hold them: names with the family's prefix,
// GPT-2's linear weights as [in, out], a tied head left out. Throws BadInput where some are
// missing.
std::vector<TensorStream> model_streams(const std::filesystem::path& model,
                                        const ModelShape& shape);

// Folders written under a temporary name: makes `target` of what `fill` writes, or leaves it as it
// was. Throws what `fill` throws, WorldFailure.
void write_folder(const std::filesystem::path& target,
                  const std::function<void(const std::filesystem::path& folder)>& fill);

// tokenizer.json and its kin as the source has them, tokenizer_config.json and template of a GGUF
// file; `tokenizer` where there is no tokenizer.json.
void write_tokenizer_files(const std::filesystem::path& folder, const ModelFiles& source,
                           const Json& tokenizer);

}  // namespace temper
