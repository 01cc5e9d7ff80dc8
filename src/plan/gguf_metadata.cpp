#include "plan/gguf_metadata.hpp"

#include "plan/gguf_names.hpp"
#include "plan/rope.hpp"

namespace temper {

namespace {

GgufValue array_of(GgufType element, GgufValue::Held held) {
  return {GgufType::array, element, std::move(held)};
}

void add_rope(const ModelShape& shape, const std::string& arch, GgufMetadata& keys) {
  const Rope& rope = shape.ropes.front();
  const std::string prefix = arch + ".rope.";
  keys.emplace_back(prefix + "freq_base", gguf_f32(rope.theta));
  keys.emplace_back(prefix + "dimension_count",
                    gguf_u32(std::int64_t(double(shape.block.head_size) * rope.partial)));
  if (shape.ropes.size() > 1)
    keys.emplace_back(prefix + "freq_base_swa", gguf_f32(shape.ropes[1].theta));
  if (rope.kind == RopeKind::linear || rope.kind == RopeKind::yarn) {
    keys.emplace_back(prefix + "scaling.type",
                      gguf_text(rope.kind == RopeKind::yarn ? "yarn" : "linear"));
    keys.emplace_back(prefix + "scaling.factor", gguf_f32(rope.factor));
  }
  if (rope.kind == RopeKind::yarn || rope.kind == RopeKind::longrope)
    keys.emplace_back(prefix + "scaling.original_context_length",
                      gguf_u32(std::int64_t(rope.original_max_positions)));
  if (rope.kind == RopeKind::longrope)
    keys.emplace_back(prefix + "scaling.attn_factor",
                      gguf_f32(attention_factor(rope, shape.max_positions)));
}

void add_windows(const ModelShape& shape, const std::string& arch, GgufMetadata& keys) {
  std::int64_t window = 0;
  for (const LayerShape& layer : shape.layer) window = std::max(window, layer.window);
  if (window > 0) keys.emplace_back(arch + ".attention.sliding_window", gguf_u32(window));
}

}  // namespace

GgufValue gguf_text(const std::string& text) { return {GgufType::string, GgufType::u32, text}; }
GgufValue gguf_u32(std::int64_t value) { return {GgufType::u32, GgufType::u32, value}; }
GgufValue gguf_f32(double value) { return {GgufType::f32, GgufType::u32, value}; }
GgufValue gguf_bool(bool value) { return {GgufType::boolean, GgufType::u32, std::int64_t{value}}; }
GgufValue gguf_strings(std::vector<std::string> values) {
  return array_of(GgufType::string, std::move(values));
}
GgufValue gguf_i32s(std::vector<std::int64_t> values) {
  return array_of(GgufType::i32, std::move(values));
}

Checked<GgufMetadata> gguf_metadata(const ModelShape& shape) {
  const std::string arch = gguf_architecture(shape.family);
  if (arch.empty())
    return Problem{"model_type", "\"" + shape.family + "\" has no architecture in GGUF", "",
                   "Export with --format hf."};
  if (shape.head.kind != HeadKind::language)
    return Problem{"model", "has no language head", "GGUF files hold language models", ""};
  const BlockShape& block = shape.block;
  GgufMetadata keys{{"general.architecture", gguf_text(arch)},
                    {"general.type", gguf_text("model")}};
  const auto add = [&](const char* key, GgufValue value) {
    keys.emplace_back(arch + "." + key, std::move(value));
  };
  add("context_length", gguf_u32(shape.max_positions));
  add("embedding_length", gguf_u32(block.hidden));
  add("block_count", gguf_u32(shape.layers));
  add("feed_forward_length", gguf_u32(block.mlp_width));
  add("attention.head_count", gguf_u32(block.heads));
  if (arch == "gpt2") {
    add("attention.layer_norm_epsilon", gguf_f32(block.norm_eps));
    return keys;
  }
  add("attention.head_count_kv", gguf_u32(block.kv_heads));
  add("attention.layer_norm_rms_epsilon", gguf_f32(block.norm_eps));
  if (arch != "phi3" && arch != "qwen2") {
    add("attention.key_length", gguf_u32(block.head_size));
    add("attention.value_length", gguf_u32(block.head_size));
  }
  add("vocab_size", gguf_u32(shape.vocab_size));
  if (block.attention_softcap > 0) add("attn_logit_softcapping", gguf_f32(block.attention_softcap));
  if (shape.logit_softcap > 0) add("final_logit_softcapping", gguf_f32(shape.logit_softcap));
  add_rope(shape, arch, keys);
  add_windows(shape, arch, keys);
  return keys;
}

std::vector<std::pair<std::string, std::vector<float>>> gguf_rope_tensors(const ModelShape& shape) {
  std::vector<std::pair<std::string, std::vector<float>>> tensors;
  if (shape.ropes.empty()) return tensors;
  const Rope& rope = shape.ropes.front();
  if (rope.kind == RopeKind::llama3) {
    Rope plain = rope;
    plain.kind = RopeKind::standard;
    const auto scaled = inverse_frequencies(rope, shape.block.head_size, 1),
               base = inverse_frequencies(plain, shape.block.head_size, 1);
    std::vector<float> factors;
    for (std::size_t i = 0; i < base.size(); ++i) factors.push_back(float(base[i] / scaled[i]));
    tensors.emplace_back("rope_freqs.weight", factors);
  }
  if (rope.kind == RopeKind::longrope) {
    tensors.emplace_back("rope_factors_long.weight",
                         std::vector<float>(rope.long_factor.begin(), rope.long_factor.end()));
    tensors.emplace_back("rope_factors_short.weight",
                         std::vector<float>(rope.short_factor.begin(), rope.short_factor.end()));
  }
  return tensors;
}

namespace {

enum TokenType : std::int64_t { normal = 1, control = 3, user_defined = 4, unused = 5 };

// A merge is a pair, or its two parts with a space between.
Checked<std::vector<std::string>> merges_of(const Json& model) {
  std::vector<std::string> merges;
  if (!model.contains("merges") || !model["merges"].is_array())
    return Problem{"tokenizer.json: model.merges", "is missing", "", ""};
  for (const Json& merge : model["merges"]) {
    if (merge.is_string())
      merges.push_back(merge.get<std::string>());
    else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string())
      merges.push_back(merge[0].get<std::string>() + " " + merge[1].get<std::string>());
    else
      return Problem{"tokenizer.json: model.merges", merge.dump() + " is no pair of tokens", "",
                     ""};
  }
  return merges;
}

// The text of a special token: words, or an object with its content.
std::string token_text(const Json& config, const std::string& name) {
  if (!config.is_object() || !config.contains(name)) return "";
  const Json& value = config[name];
  if (value.is_string()) return value.get<std::string>();
  return value.is_object() && value.value("content", Json()).is_string()
             ? value["content"].get<std::string>()
             : "";
}

}  // namespace

Checked<GgufMetadata> gguf_tokenizer_metadata(const Json& tokenizer, const Json& tokenizer_config,
                                              const std::string& pre, std::int64_t vocab_size) {
  const Json model = tokenizer.value("model", Json::object());
  if (model.value("type", Json("BPE")) != "BPE" || model.value("byte_fallback", Json()) == true ||
      !model.contains("vocab") || !model["vocab"].is_object())
    return Problem{"tokenizer.json: model", "is no byte-level BPE",
                   "other tokenizers are written to GGUF only as a GGUF file brought them", ""};
  std::vector<std::string> tokens(static_cast<std::size_t>(vocab_size));
  std::vector<std::int64_t> types(tokens.size(), unused);
  Problems problems;
  const auto set = [&](const Json& id, const std::string& token, std::int64_t type) {
    if (!id.is_number_integer() || id < 0 || id >= vocab_size)
      return problems.push_back({"tokenizer.json: " + token, "has the id " + id.dump(),
                                 "the embedding has " + std::to_string(vocab_size) + " rows", ""});
    tokens[id.get<std::size_t>()] = token;
    types[id.get<std::size_t>()] = type;
  };
  for (const auto& [token, id] : model["vocab"].items()) set(id, token, normal);
  for (const Json& added : tokenizer.value("added_tokens", Json::array()))
    if (added.is_object() && added.value("content", Json()).is_string())
      set(added.value("id", Json()), added["content"].get<std::string>(),
          added.value("special", false) ? control : user_defined);
  for (std::size_t id = 0; id < tokens.size(); ++id)
    if (types[id] == unused) tokens[id] = "[PAD" + std::to_string(id) + "]";
  const Checked<std::vector<std::string>> merges = merges_of(model);
  for (const Problem& problem : merges.problems()) problems.push_back(problem);
  if (!problems.empty()) return problems;
  GgufMetadata keys{{"tokenizer.ggml.model", gguf_text("gpt2")},
                    {"tokenizer.ggml.pre", gguf_text(pre)},
                    {"tokenizer.ggml.tokens", gguf_strings(tokens)},
                    {"tokenizer.ggml.token_type", gguf_i32s(types)},
                    {"tokenizer.ggml.merges", gguf_strings(merges.value())}};
  for (const auto& [name, key] :
       {std::pair{"bos_token", "bos"}, std::pair{"eos_token", "eos"},
        std::pair{"unk_token", "unknown"}, std::pair{"pad_token", "padding"}}) {
    const std::string text = token_text(tokenizer_config, name);
    const auto found = std::find(tokens.begin(), tokens.end(), text);
    if (!text.empty() && found != tokens.end())
      keys.emplace_back(std::string("tokenizer.ggml.") + key + "_token_id",
                        gguf_u32(found - tokens.begin()));
  }
  keys.emplace_back("tokenizer.ggml.add_bos_token",
                    gguf_bool(tokenizer_config.is_object() &&
                              tokenizer_config.value("add_bos_token", Json()) == true));
  return keys;
}

}  // namespace temper
