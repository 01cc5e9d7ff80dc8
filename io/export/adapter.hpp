// Low-rank adapters as PEFT's directories hold them (adapter_config.json,
// adapter_model.safetensors), and the merged model: W + s B A.
//
//   const Adapter adapter = value_or_throw(read_adapter("trials/1a2b3c4d/model"));
//   merge_adapter(adapter, streams);
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "io/export/tensor_stream.hpp"
#include "io/tensor_index.hpp"

namespace temper {

// What adapter_config.json says of an adapter (PEFT's LoraConfig, its names).
struct AdapterConfig {
  std::string base_model_name_or_path, task_type;  // "CAUSAL_LM", "SEQ_CLS", "TOKEN_CLS" or ""
  std::int64_t r = 8;
  double lora_alpha = 8, lora_dropout = 0;
  std::vector<std::string> target_modules;  // of one regular expression: exactly that one
  bool target_is_expression = false;
  std::vector<std::string> modules_to_save;
  bool use_rslora = false, fan_in_fan_out = false;  // fan_in_fan_out: weights are [in, out] (GPT-2)
};
Json to_json(const AdapterConfig& config);

// adapter_config.json and adapter_model.safetensors (fp32) in `folder`, which exists. Names are
// PEFT's: "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight".
void write_adapter(const std::filesystem::path& folder, const AdapterConfig& config,
                   const std::vector<TensorStream>& tensors);

struct Adapter {
  std::filesystem::path folder;
  AdapterConfig config;
  Json rank_pattern, alpha_pattern;  // objects
  TensorIndex index;
};
bool is_adapter_directory(const std::filesystem::path& folder);
// Problems: kinds other than LORA, DoRA, biases that are trained, layers that are replicated, odd
// values, A without B.
Checked<Adapter> read_adapter(const std::filesystem::path& folder);

// Replaces the streams that the adapter changes by W + s B A in fp32, s = alpha / r, or alpha /
// sqrt(r) with rsLoRA, and those that it holds whole (modules_to_save). Problems: tensors that the
// model has no place for, shapes that do not fit. `adapter` must outlive the streams.
Problems merge_adapter(const Adapter& adapter, std::vector<TensorStream>& streams);

}  // namespace temper
