// What a model path holds, whichever kind it is: a Hugging Face directory, a .gguf file, or a
// directory with exactly one .gguf file and no config.json.
//
//   const ModelFiles files = value_or_throw(read_model_files("SmolLM2-135M-Instruct"));
//   files.config["model_type"];     // "llama"
//   files.tokenizer_file;           // tokenizer.json beside it, else the .gguf that embeds one
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "core/problem.hpp"
#include "plan/gguf_header.hpp"

namespace temper {

enum class ModelKind { hugging_face, gguf };

struct ModelConfig {
  Json config;                               // the value of config.json
  std::string where;                         // what problems with it name
  std::shared_ptr<const GgufHeader> header;  // of a GGUF file
  ModelKind kind() const { return header == nullptr ? ModelKind::hugging_face : ModelKind::gguf; }
};

struct ModelFiles : ModelConfig {
  std::filesystem::path folder;              // where further files lie
  std::filesystem::path tokenizer_file;      // tokenizer.json or the .gguf; empty: there is none
  Json tokenizer_config, generation_config;  // null where there is none
  std::string chat_template;                 // "" where there is none
  std::vector<std::filesystem::path> weight_files;  // empty: there are none
};

// The .gguf file that the path stands for; empty for a Hugging Face directory. Problem: several
// .gguf files, no config.json.
Checked<std::filesystem::path> find_gguf(const std::filesystem::path& model);

// Only the config. Problems: no config.json, no JSON, those of gguf_header.hpp and gguf_config.hpp.
Checked<ModelConfig> read_model_config(const std::filesystem::path& model);

// The template is chat_template.jinja, else the chat_template of tokenizer_config.json (of several
// the one named "default"), else the GGUF file's.
Checked<ModelFiles> read_model_files(const std::filesystem::path& model);

// tokenizer.json beside the model, else the .gguf that embeds one; empty when there is none.
std::filesystem::path tokenizer_file(const std::filesystem::path& model);

// How many ids a tokenizer can give: one more than its largest, of tokenizer.json or the header.
Checked<std::int64_t> count_token_ids(const ModelFiles& files);
// The tokenizer may give fewer ids than the embedding has rows (rows are padded), never more.
// Problem: it gives more, or cannot be read. Looks at tokenizer_file and, of a GGUF file, at
// header.
Problems check_token_ids(const ModelFiles& files, std::int64_t vocab_size);

// What the files say of begin, end and mask token: "eos_token": "</s>" where tokenizer_config.json
// names the text, else "eos_token_id": 2 where config.json or generation_config.json has the
// number.
Json special_tokens(const ModelFiles& files);

}  // namespace temper
