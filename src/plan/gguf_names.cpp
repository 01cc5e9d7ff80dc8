#include "plan/gguf_names.hpp"

#include <utility>

namespace temper {

namespace {

// Names of llama.cpp's tensors (gguf-py, constants.py).
constexpr std::pair<const char*, const char*> kWhole[] = {{"embed.words", "token_embd"},
                                                          {"embed.positions", "position_embd"},
                                                          {"final_norm", "output_norm"},
                                                          {"head.out", "output"}};
constexpr std::pair<const char*, const char*> kBlock[] = {
    {"norm1", "attn_norm"},         {"norm1_post", "post_attention_norm"},
    {"norm2", "ffn_norm"},          {"norm2_post", "post_ffw_norm"},
    {"attn.q", "attn_q"},           {"attn.k", "attn_k"},
    {"attn.v", "attn_v"},           {"attn.qkv", "attn_qkv"},
    {"attn.out", "attn_output"},    {"attn.q_norm", "attn_q_norm"},
    {"attn.k_norm", "attn_k_norm"}, {"mlp.gate", "ffn_gate"},
    {"mlp.up", "ffn_up"},           {"mlp.gate_up", "ffn_up"},
    {"mlp.down", "ffn_down"}};

bool is_norm(const std::string& role) { return role.find("norm") != std::string::npos; }

}  // namespace

std::string gguf_tensor_name(const std::string& role) {
  const std::size_t dot = role.rfind('.');
  if (dot == std::string::npos) return "";
  std::string stem = role.substr(0, dot);
  const std::string ending = role.substr(dot);
  if (!stem.starts_with("block.")) {
    for (const auto& [ours, theirs] : kWhole)
      if (stem == ours) return theirs + ending;
    return "";
  }
  const std::size_t after = stem.find('.', 6);
  if (after == std::string::npos) return "";
  const std::string layer = stem.substr(6, after - 6);
  stem = stem.substr(after + 1);
  for (const auto& [ours, theirs] : kBlock)
    if (stem == ours) return "blk." + layer + "." + theirs + ending;
  return "";
}

GgufChange gguf_change(const std::string& architecture, const LogicalTensor& tensor) {
  const std::string& role = tensor.role;
  if (architecture == "llama" &&
      (role.find(".attn.q.") != std::string::npos || role.find(".attn.k.") != std::string::npos))
    return GgufChange::interleaved_rows;
  if (architecture.starts_with("gemma") && is_norm(role) && role.ends_with(".weight"))
    return GgufChange::plus_one;
  return tensor.transposed ? GgufChange::transposed : GgufChange::none;
}

std::string gguf_architecture(const std::string& model_type) {
  if (model_type == "mistral") return "llama";
  if (model_type == "gemma3_text" || model_type == "gemma3") return "gemma3";
  for (const char* same : {"llama", "qwen2", "qwen3", "gemma", "gemma2", "phi3", "gpt2"})
    if (model_type == same) return same;
  return "";
}

}  // namespace temper
