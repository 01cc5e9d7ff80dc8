#include "plan/gguf_config.hpp"

#include <cmath>
#include <numbers>

#include "plan/gguf_keys.hpp"

namespace temper {

namespace {

struct Architecture {
  const char *gguf, *model_type, *class_name;
  void (*read)(GgufKeys& keys, Json& config);
};

// Whether the factors are Llama 3's rule with its published settings (models of the 3.1 and 3.2
// series: low 1, high 4, original length 8192), which is how its converter makes them.
bool follows_llama3(const std::vector<double>& factors, double theta, double factor) {
  constexpr double low = 1, high = 4, original = 8192;
  for (std::size_t i = 0; i < factors.size(); ++i) {
    const double wave = 2 * std::numbers::pi * std::pow(theta, double(i) / double(factors.size()));
    double expected = 1;
    if (wave > original / low)
      expected = factor;
    else if (wave >= original / high) {
      const double smooth = (original / wave - low) / (high - low);
      expected = 1 / ((1 - smooth) / factor + smooth);
    }
    if (std::abs(factors[i] - expected) > 1e-5 * expected) return false;
  }
  return true;
}

void read_llama3_factors(GgufKeys& keys, Json& config) {
  const std::vector<double> factors = keys.factors("rope_freqs.weight");
  if (factors.empty()) return;
  const double factor = factors.back();
  if (!follows_llama3(factors, config["rope_theta"], factor))
    return keys.problem("rope.freq_base", "comes with rope_freqs.weight of an unknown rule",
                        "only Llama 3's is supported");
  config["rope_scaling"] = {{"rope_type", "llama3"},
                            {"factor", factor},
                            {"low_freq_factor", 1.0},
                            {"high_freq_factor", 4.0},
                            {"original_max_position_embeddings", 8192}};
}

void read_scaling(GgufKeys& keys, Json& config) {
  const std::string kind = keys.text("rope.scaling.type", "none");
  const double factor = keys.number("rope.scaling.factor", keys.number("rope.scale_linear", 1));
  const auto original = keys.count("rope.scaling.original_context_length", 0);
  keys.ignore("rope.scaling.finetuned");
  if (kind == "linear" || (kind == "none" && factor != 1)) {
    if (factor != 1) config["rope_scaling"] = {{"rope_type", "linear"}, {"factor", factor}};
  } else if (kind == "yarn") {
    Json& scaling = config["rope_scaling"] = {{"rope_type", "yarn"}, {"factor", factor}};
    if (original > 0) scaling["original_max_position_embeddings"] = original;
    for (const auto& [gguf, name] : {std::pair{"rope.scaling.yarn_beta_fast", "beta_fast"},
                                     std::pair{"rope.scaling.yarn_beta_slow", "beta_slow"}})
      if (const double value = keys.number(gguf, 0); value > 0) scaling[name] = value;
    keys.only("rope.scaling.attn_factor", 1);
  } else if (kind != "none" && kind != "longrope") {
    keys.problem("rope.scaling.type", "\"" + kind + "\" is not supported");
  }
  read_llama3_factors(keys, config);
}

// What decoders with RMSNorm and rotary positions share.
void read_decoder(GgufKeys& keys, Json& config) {
  const GgufHeader& header = keys.header();
  config["hidden_size"] = keys.count("embedding_length");
  config["num_hidden_layers"] = keys.count("block_count");
  const std::int64_t heads = keys.count("attention.head_count");
  config["num_attention_heads"] = heads;
  config["num_key_value_heads"] = keys.count("attention.head_count_kv", heads);
  const std::int64_t share = config["hidden_size"].get<std::int64_t>() / heads;
  const std::int64_t rotated = keys.count("rope.dimension_count", share);
  // Llama's converter writes the head size as the number of rotated channels only.
  const bool whole = config["model_type"] == "llama" || config["model_type"] == "mistral";
  const std::int64_t size = keys.count("attention.key_length", whole ? rotated : share);
  if (keys.count("attention.value_length", size) != size)
    keys.problem("attention.value_length", "differs from key_length", "not supported");
  config["head_dim"] = size;
  if (rotated != size) config["partial_rotary_factor"] = double(rotated) / double(size);
  config["intermediate_size"] = keys.count("feed_forward_length");
  config["hidden_act"] = "silu";
  config["rms_norm_eps"] = keys.number("attention.layer_norm_rms_epsilon");
  config["rope_theta"] = keys.number("rope.freq_base", 10000);
  config["max_position_embeddings"] = keys.count("context_length");
  config["tie_word_embeddings"] = header.tensor("output.weight") == nullptr;
  config["attention_dropout"] = 0.0;
  config["initializer_range"] = 0.02;
  keys.ignore("vocab_size");
  keys.ignore("tensor_data_layout");
  keys.only("expert_count", 0);
  keys.only("expert_used_count", 0);
  read_scaling(keys, config);
}

void read_llama(GgufKeys& keys, Json& config) {
  if (const auto window = keys.count("attention.sliding_window", 0); window > 0) {
    config["model_type"] = "mistral";
    config["architectures"] = {"MistralForCausalLM"};
    config["sliding_window"] = window;
  }
  read_decoder(keys, config);
  if (config["model_type"] == "mistral") return;
  config["attention_bias"] = keys.header().tensor("blk.0.attn_q.bias") != nullptr;
  config["mlp_bias"] = keys.header().tensor("blk.0.ffn_up.bias") != nullptr;
}

void read_qwen(GgufKeys& keys, Json& config) {
  read_decoder(keys, config);
  config["use_sliding_window"] = false;
  if (config["model_type"] == "qwen2") config.erase("head_dim");
  if (config["model_type"] == "qwen3")
    config["attention_bias"] = keys.header().tensor("blk.0.attn_q.bias") != nullptr;
}

void read_gemma(GgufKeys& keys, Json& config) {
  read_decoder(keys, config);
  config["hidden_act"] = config["hidden_activation"] = "gelu_pytorch_tanh";
  config["attention_bias"] = false;
}

// ggml takes the scale of the scores from the number of layers: the 27B models divide the hidden
// size by the heads, all others take the head size.
void read_score_scale(Json& config, std::int64_t layers_of_27b) {
  config["query_pre_attn_scalar"] = config["num_hidden_layers"] == layers_of_27b
                                        ? config["hidden_size"].get<std::int64_t>() /
                                              config["num_attention_heads"].get<std::int64_t>()
                                        : config["head_dim"].get<std::int64_t>();
}

// Every `period`-th layer sees everything, the others a window.
void set_layer_types(Json& config, std::int64_t period) {
  config["layer_types"] = Json::array();
  for (std::int64_t i = 0; i < config["num_hidden_layers"].get<std::int64_t>(); ++i)
    config["layer_types"].push_back((i + 1) % period == 0 ? "full_attention" : "sliding_attention");
}

void read_gemma2(GgufKeys& keys, Json& config) {
  read_gemma(keys, config);
  read_score_scale(config, 46);
  config["attn_logit_softcapping"] = keys.number("attn_logit_softcapping", 50);
  config["final_logit_softcapping"] = keys.number("final_logit_softcapping", 30);
  config["sliding_window"] = keys.count("attention.sliding_window", 4096);
  set_layer_types(config, 2);
}

void read_gemma3(GgufKeys& keys, Json& config) {
  read_gemma(keys, config);
  read_score_scale(config, 62);
  config["attn_logit_softcapping"] = config["final_logit_softcapping"] = nullptr;
  config["sliding_window"] = keys.count("attention.sliding_window");
  config["rope_local_base_freq"] = keys.number("rope.freq_base_swa", 10000);
  set_layer_types(config, keys.count("attention.sliding_window_pattern", 6));
}

void read_phi3(GgufKeys& keys, Json& config) {
  read_decoder(keys, config);
  config.erase("head_dim");
  config["original_max_position_embeddings"] =
      keys.count("rope.scaling.original_context_length",
                 config["max_position_embeddings"].get<std::int64_t>());
  const std::vector<double> near = keys.factors("rope_factors_short.weight"),
                            far = keys.factors("rope_factors_long.weight");
  if (!near.empty())
    config["rope_scaling"] = {{"type", "longrope"}, {"short_factor", near}, {"long_factor", far}};
  keys.ignore("rope.scaling.attn_factor");  // follows from the lengths
  const auto window = keys.count("attention.sliding_window", 0);
  if (window > 0)
    config["sliding_window"] = window;
  else
    config["sliding_window"] = nullptr;
}

void read_gpt2(GgufKeys& keys, Json& config) {
  const std::int64_t hidden = keys.count("embedding_length");
  config["n_embd"] = hidden;
  config["n_layer"] = keys.count("block_count");
  config["n_head"] = keys.count("attention.head_count");
  const std::int64_t width = keys.count("feed_forward_length", 4 * hidden);
  if (width == 4 * hidden)
    config["n_inner"] = nullptr;
  else
    config["n_inner"] = width;
  config["n_positions"] = config["n_ctx"] = keys.count("context_length");
  config["layer_norm_epsilon"] = keys.number("attention.layer_norm_epsilon", 1e-5);
  config["activation_function"] = "gelu_new";
  config["tie_word_embeddings"] = keys.header().tensor("output.weight") == nullptr;
  config["initializer_range"] = 0.02;
  keys.ignore("vocab_size");
  keys.ignore("attention.head_count_kv");
}

constexpr Architecture kArchitectures[] = {
    {"llama", "llama", "LlamaForCausalLM", read_llama},
    {"qwen2", "qwen2", "Qwen2ForCausalLM", read_qwen},
    {"qwen3", "qwen3", "Qwen3ForCausalLM", read_qwen},
    {"gemma", "gemma", "GemmaForCausalLM", read_gemma},
    {"gemma2", "gemma2", "Gemma2ForCausalLM", read_gemma2},
    {"gemma3", "gemma3_text", "Gemma3ForCausalLM", read_gemma3},
    {"phi3", "phi3", "Phi3ForCausalLM", read_phi3},
    {"gpt2", "gpt2", "GPT2LMHeadModel", read_gpt2}};

constexpr std::pair<const char*, const char*> kSpecialTokens[] = {
    {"bos", "bos"}, {"eos", "eos"}, {"padding", "pad"}, {"unknown", "unk"}};

std::optional<std::int64_t> special_id(const GgufHeader& header, const std::string& name) {
  return header.integer("tokenizer.ggml." + name + "_token_id");
}

void add_ids(const GgufHeader& header, Json& json) {
  for (const auto& [gguf, name] : kSpecialTokens)
    if (const auto id = special_id(header, gguf); id && std::string(name) != "unk")
      json[std::string(name) + "_token_id"] = *id;
}

}  // namespace

Checked<Json> config_of_gguf(const GgufHeader& header) {
  const std::string* name = header.text("general.architecture");
  const Architecture* found = nullptr;
  std::string all;
  for (const Architecture& row : kArchitectures) {
    if (name != nullptr && *name == row.gguf) found = &row;
    all += (all.empty() ? "" : ", ") + std::string(row.gguf);
  }
  if (found == nullptr)
    return Problem{header.file.string() + ": general.architecture",
                   name == nullptr ? "is missing" : "\"" + *name + "\" is not supported", "",
                   "Supported: " + all + "."};
  GgufKeys keys(header, found->gguf);
  Json config = {{"architectures", {found->class_name}}, {"model_type", found->model_type}};
  found->read(keys, config);
  const GgufTensor* words = header.tensor("token_embd.weight");
  if (words == nullptr || words->shape.size() != 2 || words->shape[0] < 1)
    return Problem{header.file.string() + ": token_embd.weight", "is missing or no matrix",
                   "its rows are the vocabulary", ""};
  config["vocab_size"] = words->shape[0];
  add_ids(header, config);
  config["torch_dtype"] = config["dtype"] = "float32";
  if (const Problems problems = keys.problems(); !problems.empty()) return problems;
  return config;
}

Json tokenizer_config_of_gguf(const GgufHeader& header) {
  Json config = Json::object();
  const auto* tokens = header.strings("tokenizer.ggml.tokens");
  for (const auto& [gguf, name] : kSpecialTokens) {
    const auto id = special_id(header, gguf);
    if (tokens != nullptr && id && *id >= 0 && std::size_t(*id) < tokens->size())
      config[std::string(name) + "_token"] = (*tokens)[std::size_t(*id)];
  }
  for (const char* flag : {"add_bos_token", "add_eos_token"})
    if (const auto value = header.flag(std::string("tokenizer.ggml.") + flag))
      config[flag] = *value;
  if (const std::string* name = header.text("general.architecture"))
    if (const auto length = header.integer(*name + ".context_length"))
      config["model_max_length"] = *length;
  config["clean_up_tokenization_spaces"] = false;
  config["tokenizer_class"] = "PreTrainedTokenizerFast";
  return config;
}

Json generation_config_of_gguf(const GgufHeader& header) {
  Json config = {{"_from_model_config", true}};
  add_ids(header, config);
  return config;
}

std::string chat_template_of_gguf(const GgufHeader& header) {
  const std::string* text = header.text("tokenizer.chat_template");
  return text == nullptr ? "" : *text;
}

}  // namespace temper
