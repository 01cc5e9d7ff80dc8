// What `temper model import` and `temper model export` do.
#pragma once

#include <filesystem>
#include <string>

#include "core/dtype.hpp"
#include "core/ggml_type.hpp"

namespace temper {

// GGUF (or any model path) to a Hugging Face directory. Throws BadInput, WorldFailure.
void import_model(const std::filesystem::path& model, const std::filesystem::path& target,
                  Dtype dtype);

struct ExportOrder {
  std::filesystem::path source;  // a study's folder, a model path or an adapter's folder
  std::filesystem::path target;  // a folder, or a file for GGUF
  std::string format = "hf";     // hf | merged | gguf | peft
  std::string dtype = "f32";     // f32 | bf16 | f16 | q8_0 (gguf)
  std::filesystem::path base;    // of an adapter; empty: the one that it names
};
// The result of a study is the model of its best trial. An adapter is merged into its base but for
// `peft`. Throws BadInput, WorldFailure.
void run_export(const ExportOrder& order);

}  // namespace temper
