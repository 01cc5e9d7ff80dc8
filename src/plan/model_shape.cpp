#include "plan/model_shape.hpp"

#include <algorithm>

#include "plan/families.hpp"
#include "plan/families/config_reader.hpp"
#include "plan/model_files.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

// Keys that change the mathematics wherever they stand, refused unless their family reads them.
const std::vector<RefusedKey> kRefusedEverywhere{{"quantization_config", "null"},
                                                 {"is_encoder_decoder", "false"},
                                                 {"add_cross_attention", "false"},
                                                 {"pruned_heads", "{}"},
                                                 {"logit_scale", "1"},
                                                 {"logits_scaling", "1"},
                                                 {"residual_multiplier", "1"},
                                                 {"attention_multiplier", "1"},
                                                 {"embedding_multiplier", "1"},
                                                 {"scale_embedding", "false"},
                                                 {"attn_logit_softcapping", "null"},
                                                 {"final_logit_softcapping", "null"},
                                                 {"query_pre_attn_scalar", "null"},
                                                 {"rope_parameters", "null"},
                                                 {"rope_scaling", "null"},
                                                 {"rope_interleaved", "false"},
                                                 {"rope_interleave", "false"},
                                                 {"partial_rotary_factor", "1"},
                                                 {"no_rope_layers", "null"},
                                                 {"use_mrope", "false"},
                                                 {"alibi", "false"},
                                                 {"sliding_window", "null"},
                                                 {"layer_types", "null"},
                                                 {"attention_chunk_size", "null"},
                                                 {"dual_chunk_attention_config", "null"},
                                                 {"use_bidirectional_attention", "false"},
                                                 {"attention_bias", "false"},
                                                 {"mlp_bias", "false"},
                                                 {"lm_head_bias", "false"},
                                                 {"clip_qkv", "null"},
                                                 {"qk_layernorm", "false"},
                                                 {"use_qk_norm", "false"},
                                                 {"multi_query", "false"},
                                                 {"parallel_attn", "false"},
                                                 {"use_parallel_residual", "false"},
                                                 {"num_experts", "null"},
                                                 {"num_local_experts", "null"},
                                                 {"embedding_size", "null"},
                                                 {"head_dim", "null"},
                                                 {"num_key_value_heads", "null"}};

// Far above any model; below, no product of sizes overflows and no list of layers fills the memory.
constexpr std::int64_t kMostLayers = 1000, kMostChannels = 1 << 20, kMostRows = 1 << 24;

std::int64_t within(ConfigReader& config, const std::string& key, std::int64_t value,
                    std::int64_t most) {
  if (value <= most) return value;
  config.problem(key, std::to_string(value) + " is too many",
                 "At most " + std::to_string(most) + ".");
  return 1;
}

void read_sizes(ConfigReader& config, const FamilyKeys& keys, ModelShape& shape) {
  BlockShape& block = shape.block;
  block.hidden = within(config, keys.hidden, config.count(keys.hidden), kMostChannels);
  shape.layers = within(config, keys.layers, config.count(keys.layers), kMostLayers);
  block.heads = within(config, keys.heads, config.count(keys.heads), kMostChannels);
  block.kv_heads = config.count(keys.kv_heads, block.heads);
  shape.vocab_size = within(config, keys.vocab_size, config.count(keys.vocab_size), kMostRows);
  shape.max_positions = config.count(keys.max_positions);
  if (!keys.type_vocab_size.empty()) shape.type_vocab_size = config.count(keys.type_vocab_size);
  // Some families derive it from the hidden size where it is left out or null.
  block.mlp_width =
      keys.mlp_width == "n_inner" ? config.count(keys.mlp_width, 0) : config.count(keys.mlp_width);
  block.head_size = config.count(keys.head_size, block.head_size);
  const auto word = [](std::int64_t n) { return std::to_string(n); };
  if (block.head_size == 0) {
    if (block.hidden % block.heads != 0)
      config.problem(keys.heads,
                     word(block.heads) + " heads do not divide hidden size " + word(block.hidden));
    block.head_size = std::max<std::int64_t>(1, block.hidden / block.heads);
  }
  block.head_size = within(config, keys.head_size, block.head_size, kMostRows / block.heads);
  if (block.heads % block.kv_heads != 0)
    config.problem(keys.kv_heads,
                   word(block.kv_heads) + " does not divide " + word(block.heads) + " query heads");
}

Activation read_activation(ConfigReader& config, const std::string& key, Activation otherwise) {
  const std::string name = config.text(key, "");
  if (name.empty()) return otherwise;
  if (name == "gelu") return Activation::gelu_erf;
  if (name == "gelu_new" || name == "gelu_pytorch_tanh" || name == "gelu_fast")
    return Activation::gelu_tanh;
  if (name == "silu" || name == "swish") return Activation::silu;
  if (name == "relu") return Activation::relu;
  config.problem(key, "\"" + name + "\" is not supported",
                 "Supported: gelu, gelu_new, gelu_pytorch_tanh, silu, relu.");
  return otherwise;
}

double read_share(ConfigReader& config, const std::string& key, double otherwise) {
  const double share = config.number(key, otherwise);
  if (share < 0 || share >= 1) config.problem(key, Json(share).dump() + " is no share below 1");
  return share;
}

void read_kinds(ConfigReader& config, const Family& family, ModelShape& shape) {
  const FamilyKeys& keys = family.keys;
  BlockShape& block = shape.block;
  block.norm_eps = config.number(keys.norm_eps, block.norm_eps);
  block.activation = read_activation(config, keys.activation, block.activation);
  block.qkv_bias = config.flag(keys.attention_bias, block.qkv_bias);
  block.out_bias = config.flag(keys.attention_bias, block.out_bias);
  block.mlp_bias = config.flag(keys.mlp_bias, block.mlp_bias);
  shape.hidden_dropout = read_share(config, keys.hidden_dropout, shape.hidden_dropout);
  shape.attn_dropout = read_share(config, keys.attn_dropout, shape.attn_dropout);
  // Decoders drop before a class of each token only, and at Transformers' 0.1 unless told.
  shape.head_dropout =
      block.mask == MaskKind::causal
          ? read_share(config, "classifier_dropout", config.number("hidden_dropout", 0.1))
          : read_share(config, keys.head_dropout, shape.hidden_dropout);
  shape.initializer_range = config.number(keys.initializer_range, 0.02);
  shape.tied_embeddings = config.flag("tie_word_embeddings", family.tied_by_default);
}

void set_head(const HeadRule& rule, ModelShape& shape) {
  shape.head = rule.shape;
  if (rule.activation_of_block) shape.head.activation = shape.block.activation;
  if (rule.shape.kind == HeadKind::language) {
    shape.head.tied = shape.tied_embeddings;
    shape.head.softcap = shape.logit_softcap;
    shape.num_labels = 0;
  }
  shape.has_pooler = rule.pooler && shape.pooling == Pooling::cls;
}

// Transformers leaves id2label out when there are two classes without names.
void read_labels(ConfigReader& config, ModelShape& shape) {
  const Json* names = config.find("id2label");
  if (names != nullptr && !names->is_object()) return config.problem("id2label", "is no object");
  shape.num_labels =
      names != nullptr ? std::int64_t(names->size())
                       : within(config, "num_labels", config.count("num_labels", 2), kMostChannels);
  for (std::int64_t i = 0; i < shape.num_labels; ++i) {
    const std::string key = std::to_string(i);
    if (names == nullptr)
      shape.label_names.push_back("LABEL_" + key);
    else if (names->contains(key) && (*names)[key].is_string())
      shape.label_names.push_back((*names)[key].get<std::string>());
    else
      return config.problem("id2label", "has no name for class " + key);
  }
}

void read_head(ConfigReader& config, const Family& family, ModelShape& shape) {
  const Json* architectures = config.find("architectures");
  std::string name;
  if (architectures != nullptr && architectures->is_array() && !architectures->empty() &&
      (*architectures)[0].is_string())
    name = (*architectures)[0].get<std::string>();
  const HeadRule* own = nullptr;
  for (const HeadRule& rule : family.heads)
    if (name == rule.architecture || (!name.empty() && name == rule.other_architecture))
      own = &rule;
  // A decoder that does not say what it is has the head that all decoders have.
  if (name.empty() && shape.block.mask == MaskKind::causal) own = &family.heads.front();
  shape.own_head = own != nullptr;
  set_head(own != nullptr ? *own : family.heads.front(), shape);
  if (own != nullptr && own->shape.kind != HeadKind::language) read_labels(config, shape);
}

void refuse(ConfigReader& config, const Family& family) {
  for (const RefusedKey& key : family.refused) config.only(key.key, Json::parse(key.only_value));
  for (const RefusedKey& key : kRefusedEverywhere)
    if (!config.was_read(key.key)) config.only(key.key, Json::parse(key.only_value));
}

void read_pooling(const fs::path& directory, ModelShape& shape, Problems& problems) {
  const fs::path path = directory / "1_Pooling" / "config.json";
  if (!fs::exists(path)) return;
  const Checked<Json> json = read_json_file(path);
  if (!json) {
    for (const Problem& problem : json.problems()) problems.push_back(problem);
    return;
  }
  if (json.value().value("pooling_mode_mean_tokens", false))
    shape.pooling = Pooling::mean;
  else if (json.value().value("pooling_mode_lasttoken", false))
    shape.pooling = Pooling::last;
  else
    shape.pooling = Pooling::cls;
}

}  // namespace

Checked<ModelShape> model_shape_of_config(const Json& json, const std::string& where) {
  if (!json.is_object()) return Problem{where, "is no JSON object", "", ""};
  ConfigReader config(json, where);
  const std::string type = config.text("model_type", "");
  const Family* family = find_family(type);
  if (family == nullptr) {
    std::string all;
    for (const std::string& name : family_names()) all += (all.empty() ? "" : ", ") + name;
    config.problem("model_type", "\"" + type + "\" is not supported yet",
                   "Supported: " + all + ". " + did_you_mean(type, family_names()));
    return config.problems();
  }
  ModelShape shape = family->defaults;
  shape.family = type;
  read_sizes(config, family->keys, shape);
  read_kinds(config, *family, shape);
  for (const HeadRule& rule : family->heads)
    if (rule.shape.kind == HeadKind::sequence) shape.pooling = rule.pooling;
  if (family->read_more != nullptr) family->read_more(config, shape);
  read_head(config, *family, shape);
  refuse(config, *family);
  if (!config.problems().empty()) return config.problems();
  return shape;
}

Checked<ModelShape> read_model_shape(const fs::path& model, const Json& config_overrides) {
  Checked<ModelConfig> read = read_model_config(model);
  if (!read) return read.problems();
  Json& config = read.value().config;
  for (const auto& [key, value] : config_overrides.items()) config[key] = value;
  Checked<ModelShape> shape = model_shape_of_config(config, read.value().where);
  Problems problems = shape.problems();
  if (!shape) return problems;
  read_pooling(model, shape.value(), problems);
  if (!problems.empty()) return problems;
  shape.value().has_pooler = shape.value().has_pooler && shape.value().pooling == Pooling::cls;
  return shape;
}

Checked<ModelShape> with_task(ModelShape shape, const std::string& task) {
  const Family* family = find_family(shape.family);
  const std::string wanted = task == "regression" ? "sequence-classification" : task;
  std::vector<std::string> possible;
  for (const HeadRule& rule : family->heads) {
    possible.push_back(rule.task);
    if (rule.task != wanted) continue;
    if (rule.shape.kind == shape.head.kind) return shape;
    shape.own_head = false;
    shape.num_labels = 0;
    shape.label_names.clear();
    set_head(rule, shape);
    return shape;
  }
  std::string all;
  for (const std::string& name : possible) all += (all.empty() ? "" : ", ") + name;
  return Problem{"model.task", "\"" + task + "\" is not possible with " + shape.family,
                 "the family has no head for it", "Possible: " + all + "."};
}

std::string architecture_name(const ModelShape& shape) { return head_rule(shape).architecture; }

}  // namespace temper
