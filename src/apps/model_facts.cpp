#include "apps/model_facts.hpp"

#include <cstdio>
#include <map>
#include <sstream>

#include "io/weight_files.hpp"
#include "plan/content_hash.hpp"
#include "plan/model_files.hpp"
#include "plan/model_shape.hpp"

namespace temper {

namespace {

constexpr std::int64_t kRank = 16;  // of the adapters that the memory is told for

// Bytes of weights, gradients and optimizer state with bf16 weights, without activations: weight 2,
// lower half of the master 2, gradient 4, moments 8.
constexpr std::int64_t kTrainedBytes = 16, kFrozenBytes = 2;

std::int64_t adapter_parameters(const std::vector<LogicalTensor>& tensors) {
  std::int64_t count = 0;
  for (const LogicalTensor& tensor : tensors)
    if (tensor.role.starts_with("block.") && tensor.shape.size() == 2)
      count += kRank * (tensor.shape[0] + tensor.shape[1]);
  return count;
}

// How many parameters the files hold as each type.
Json stored_types(const TensorIndex& index) {
  std::map<std::string, std::int64_t> counts;
  for (const auto& [name, entry] : index)
    counts[entry.ggml ? to_string(*entry.ggml) : to_string(entry.dtype)] += entry.numel();
  return counts;
}

Json tokenizer_facts(const ModelFiles& files) {
  if (files.tokenizer_file.empty()) return nullptr;
  Json facts = {{"file", files.tokenizer_file.string()},
                {"ids", value_or_throw(count_token_ids(files))}};
  const bool embedded = files.header != nullptr && files.tokenizer_file == files.header->file;
  if (const auto* kind = embedded ? files.header->text("tokenizer.ggml.model") : nullptr)
    facts["kind"] = *kind;
  if (const auto* pre = embedded ? files.header->text("tokenizer.ggml.pre") : nullptr)
    facts["pre"] = *pre;
  return facts;
}

std::string grouped(std::int64_t number) {
  std::string text = std::to_string(number);
  for (int at = int(text.size()) - 3; at > 0; at -= 3) text.insert(std::size_t(at), ",");
  return text;
}

std::string memory_text(std::int64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f GB", double(bytes) / 1e9);
  return text;
}

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace

Json model_facts(const std::filesystem::path& model) {
  const ModelFiles files = value_or_throw(read_model_files(model));
  const ModelShape shape = value_or_throw(model_shape_of_config(files.config, files.where));
  const std::vector<LogicalTensor> tensors = logical_tensors(shape);
  std::int64_t parameters = 0;
  for (const LogicalTensor& tensor : tensors) parameters += tensor.numel();
  const std::int64_t adapters = adapter_parameters(tensors);
  Json facts = {{"path", std::filesystem::absolute(model).string()},
                {"kind", files.kind() == ModelKind::gguf ? "gguf" : "hugging_face"},
                {"family", shape.family},
                {"architecture", files.config.value("architectures", Json())},
                {"parameters", parameters},
                {"layers", shape.layers},
                {"hidden_size", shape.block.hidden},
                {"attention_heads", shape.block.heads},
                {"key_value_heads", shape.block.kv_heads},
                {"head_size", shape.block.head_size},
                {"mlp_width", shape.block.mlp_width},
                {"vocab_size", shape.vocab_size},
                {"context_length", shape.max_positions},
                {"tied_embeddings", shape.tied_embeddings}};
  facts["stored_as"] = nullptr;
  if (!files.weight_files.empty()) {
    const WeightFiles weights = value_or_throw(find_weights(model, shape, tensors, false));
    facts["stored_as"] = stored_types(weights.index);
  }
  facts["weight_files"] = Json::array();
  for (const auto& file : files.weight_files)
    facts["weight_files"].push_back(
        {{"file", file.filename().string()}, {"bytes", std::filesystem::file_size(file)}});
  facts["tokenizer"] = tokenizer_facts(files);
  facts["special_tokens"] = Json::object();
  for (const char* name : {"bos_token", "eos_token", "pad_token", "unk_token"})
    if (files.tokenizer_config.is_object() && files.tokenizer_config.contains(name))
      facts["special_tokens"][name] = files.tokenizer_config[name];
  facts["chat_template"] = files.chat_template.empty() ? Json() : Json(files.chat_template);
  facts["training_memory_bytes"] = {
      {"full_bf16", parameters * kTrainedBytes},
      {"lora_bf16", parameters * kFrozenBytes + adapters * kTrainedBytes}};
  facts["lora_parameters"] = adapters;
  return facts;
}

std::string model_text(const Json& facts) {
  std::ostringstream out;
  const auto row = [&](const char* name, const std::string& value) {
    char label[24];
    std::snprintf(label, sizeof label, "%-16s", name);
    out << label << value << "\n";
  };
  const auto count = [&](const char* key) { return grouped(facts[key].get<std::int64_t>()); };
  row("model", text_of(facts["path"]) + (facts["kind"] == "gguf" ? " (GGUF)" : ""));
  row("family", text_of(facts["family"]));
  row("parameters", count("parameters") +
                        (facts["tied_embeddings"] == true ? ", head tied to the embedding" : ""));
  row("shape", count("layers") + " layers, hidden " + count("hidden_size") + ", MLP " +
                   count("mlp_width") + ", " + count("attention_heads") + " heads (" +
                   count("key_value_heads") + " of keys and values) of " + count("head_size"));
  row("vocabulary", count("vocab_size"));
  row("context", count("context_length") + " tokens");
  std::string types;
  if (facts["stored_as"].is_object())
    for (const auto& [type, elements] : facts["stored_as"].items())
      types += (types.empty() ? "" : ", ") + type + " " + grouped(elements.get<std::int64_t>());
  row("stored as", types.empty() ? "no weights" : types);
  const Json& tokenizer = facts["tokenizer"];
  std::string words = "none";
  if (tokenizer.is_object()) {
    words =
        text_of(tokenizer["file"]) + ", " + grouped(tokenizer["ids"].get<std::int64_t>()) + " ids";
    for (const char* key : {"kind", "pre"})
      if (tokenizer.contains(key)) words += std::string(", ") + key + " " + text_of(tokenizer[key]);
  }
  row("tokenizer", words);
  for (const auto& [name, token] : facts["special_tokens"].items())
    row(name.c_str(),
        token.is_object() ? text_of(token.value("content", Json(""))) : text_of(token));
  row("memory",
      memory_text(facts["training_memory_bytes"]["full_bf16"]) + " to train all of it in bf16, " +
          memory_text(facts["training_memory_bytes"]["lora_bf16"]) + " with adapters of rank " +
          std::to_string(kRank) + " (both without activations)");
  if (facts["chat_template"].is_string())
    out << "template:\n" << text_of(facts["chat_template"]) << "\n";
  else
    row("template", "none");
  return out.str();
}

}  // namespace temper
