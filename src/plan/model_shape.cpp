#include "plan/model_shape.hpp"

#include <algorithm>
#include <set>

#include "plan/families.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

// Reads keys of config.json and collects what is wrong with them.
class ConfigReader {
 public:
  ConfigReader(const Json& config, std::string where) : config_(config), where_(std::move(where)) {}

  std::int64_t count(const std::string& key) {
    const Json* value = find(key);
    if (value == nullptr)
      return problem(key, "is missing", "Add it, or set model.config_overrides."), 1;
    if (!value->is_number_integer() || *value < 1 || *value > (1 << 30))
      return problem(key, value->dump() + " is no count", ""), 1;
    return value->get<std::int64_t>();
  }
  double number(const std::string& key, double otherwise) {
    const Json* value = find(key);
    if (value == nullptr || value->is_null()) return otherwise;
    if (!value->is_number()) return problem(key, value->dump() + " is no number", ""), otherwise;
    return value->get<double>();
  }
  std::string text(const std::string& key, const std::string& otherwise) {
    const Json* value = find(key);
    if (value == nullptr || value->is_null()) return otherwise;
    if (!value->is_string()) return problem(key, value->dump() + " is no text", ""), otherwise;
    return value->get<std::string>();
  }
  bool flag(const std::string& key) {
    const Json* value = find(key);
    return value != nullptr && value->is_boolean() && value->get<bool>();
  }
  const Json* find(const std::string& key) const {
    return config_.contains(key) ? &config_[key] : nullptr;
  }
  void problem(const std::string& key, const std::string& what, const std::string& remedy) {
    problems_.push_back({where_ + ": " + key, what, "", remedy});
  }
  Problems problems_;

 private:
  const Json& config_;
  std::string where_;
};

void read_head(ConfigReader& config, ModelShape& shape) {
  const Json* architectures = config.find("architectures");
  const bool classifier =
      architectures != nullptr && architectures->is_array() && !architectures->empty() &&
      (*architectures)[0].is_string() &&
      (*architectures)[0].get<std::string>().ends_with("ForSequenceClassification");
  const Json* names = config.find("id2label");
  if (!classifier || names == nullptr || !names->is_object()) return;
  shape.own_head = true;
  shape.num_labels = std::int64_t(names->size());
  for (std::int64_t i = 0; i < shape.num_labels; ++i) {
    const std::string key = std::to_string(i);
    if (!names->contains(key) || !(*names)[key].is_string())
      return config.problem("id2label", "has no name for class " + key, "");
    shape.label_names.push_back((*names)[key].get<std::string>());
  }
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
}

}  // namespace

std::int64_t LogicalTensor::numel() const {
  std::int64_t count = 1;
  for (const std::int64_t dim : shape) count *= dim;
  return count;
}

Checked<ModelShape> read_model_shape(const fs::path& directory, const Json& config_overrides) {
  const fs::path path = directory / "config.json";
  Checked<Json> json = read_json_file(path);
  if (!json) return json.problems();
  if (!json.value().is_object()) return Problem{path.string(), "is no JSON object", "", ""};
  for (const auto& [key, value] : config_overrides.items()) json.value()[key] = value;
  ConfigReader config(json.value(), path.string());
  const std::string type = config.text("model_type", "");
  const Family* family = find_family(type);
  if (family == nullptr) {
    config.problem("model_type", "\"" + type + "\" is not supported yet",
                   "Supported: " + family_names() + ". " + did_you_mean(type, {family_names()}));
    return config.problems_;
  }
  for (const RefusedKey& refused : family->refused) {
    const Json* value = config.find(refused.key);
    if (value != nullptr && !value->is_null() && *value != Json::parse(refused.only_value))
      config.problem(refused.key, value->dump() + " is not supported (it changes the mathematics)",
                     "Only " + refused.only_value + " is.");
  }
  const FamilyKeys& keys = family->keys;
  ModelShape shape;
  shape.family = type;
  shape.block = family->block;
  shape.block.hidden = config.count(keys.hidden);
  shape.layers = config.count(keys.layers);
  shape.block.heads = shape.block.kv_heads = config.count(keys.heads);
  shape.block.mlp_width = config.count(keys.mlp_width);
  shape.vocab_size = config.count(keys.vocab_size);
  shape.max_positions = config.count(keys.max_positions);
  shape.type_vocab_size = keys.type_vocab_size.empty() ? 0 : config.count(keys.type_vocab_size);
  shape.block.norm_eps = config.number(keys.norm_eps, shape.block.norm_eps);
  shape.hidden_dropout = config.number(keys.hidden_dropout, 0.1);
  shape.attn_dropout = config.number(keys.attn_dropout, 0.1);
  shape.head_dropout = config.number(keys.head_dropout, shape.hidden_dropout);
  shape.initializer_range = config.number("initializer_range", 0.02);
  shape.embedding_norm = family->embedding_norm;
  if (shape.block.hidden % shape.block.heads != 0)
    config.problem(keys.heads,
                   std::to_string(shape.block.heads) + " heads do not divide hidden size " +
                       std::to_string(shape.block.hidden),
                   "");
  shape.block.head_size = shape.block.hidden / std::max<std::int64_t>(1, shape.block.heads);
  const std::string activation = config.text(keys.activation, "gelu");
  if (activation == "gelu")
    shape.block.activation = Activation::gelu_erf;
  else if (activation == "gelu_new" || activation == "gelu_pytorch_tanh")
    shape.block.activation = Activation::gelu_tanh;
  else if (activation == "silu" || activation == "swish")
    shape.block.activation = Activation::silu;
  else if (activation == "relu")
    shape.block.activation = Activation::relu;
  else
    config.problem(keys.activation, "\"" + activation + "\" is not supported",
                   "Supported: gelu, gelu_new, silu, relu.");
  read_head(config, shape);
  read_pooling(directory, shape, config.problems_);
  if (!config.problems_.empty()) return config.problems_;
  shape.has_pooler = family->has_pooler && shape.pooling == Pooling::cls;
  return shape;
}

std::vector<LogicalTensor> logical_tensors(const ModelShape& shape) {
  std::vector<LogicalTensor> tensors;
  const Family* family = find_family(shape.family);
  const auto add = [&](const TensorRule& rule, int layer, int unit) {
    std::string name = rule.name;
    if (const auto place = name.find("{}"); place != std::string::npos)
      name.replace(place, 2, std::to_string(layer));
    LogicalTensor tensor{.name = name,
                         .shape = {},
                         .cut = rule.cut,
                         .unit = unit,
                         .decays = rule.decays,
                         .row_sparse = rule.row_sparse};
    for (const Dim dim : rule.dims) tensor.shape.push_back(dim_of(shape, dim));
    tensors.push_back(tensor);
  };
  for (const TensorRule& rule : family->embeddings) add(rule, 0, 0);
  for (int layer = 0; layer < shape.layers; ++layer)
    for (const TensorRule& rule : family->layer) add(rule, layer, 1 + layer);
  const int head = 1 + int(shape.layers);
  if (shape.has_pooler)
    for (const TensorRule& rule : family->pooler) add(rule, 0, head);
  for (const TensorRule& rule : family->head) add(rule, 0, head);
  return tensors;
}

namespace {
template <class Enum>
Json word_of(Enum value, const std::vector<std::string>& words) {
  return words[std::size_t(value)];
}
template <class Enum>
Enum value_of(const Json& word, const std::vector<std::string>& words) {
  const auto found = std::find(words.begin(), words.end(), word.get<std::string>());
  if (found == words.end()) throw BadInput(Problem{"plan", word.dump() + " is unknown", "", ""});
  return Enum(found - words.begin());
}
const std::vector<std::string> kNorms{"layer_norm", "rms_norm"}, kPlaces{"before", "after"},
    kActivations{"gelu_erf", "gelu_tanh", "silu", "relu"}, kMasks{"bidirectional", "causal"},
    kPositions{"learned", "rotary"}, kPoolings{"cls", "mean", "last"};
}  // namespace

Json to_json(const ModelShape& shape) {
  const BlockShape& b = shape.block;
  return {{"family", shape.family},
          {"hidden", b.hidden},
          {"heads", b.heads},
          {"kv_heads", b.kv_heads},
          {"head_size", b.head_size},
          {"mlp_width", b.mlp_width},
          {"norm", word_of(b.norm, kNorms)},
          {"norm_place", word_of(b.norm_place, kPlaces)},
          {"norm_eps", b.norm_eps},
          {"qkv_bias", b.qkv_bias},
          {"out_bias", b.out_bias},
          {"mlp_bias", b.mlp_bias},
          {"gated_mlp", b.gated_mlp},
          {"activation", word_of(b.activation, kActivations)},
          {"mask", word_of(b.mask, kMasks)},
          {"layers", shape.layers},
          {"vocab_size", shape.vocab_size},
          {"max_positions", shape.max_positions},
          {"type_vocab_size", shape.type_vocab_size},
          {"positions", word_of(shape.positions, kPositions)},
          {"embedding_norm", shape.embedding_norm},
          {"has_pooler", shape.has_pooler},
          {"pooling", word_of(shape.pooling, kPoolings)},
          {"num_labels", shape.num_labels},
          {"own_head", shape.own_head},
          {"label_names", shape.label_names},
          {"attn_dropout", shape.attn_dropout},
          {"hidden_dropout", shape.hidden_dropout},
          {"head_dropout", shape.head_dropout},
          {"initializer_range", shape.initializer_range}};
}

ModelShape model_shape_from_json(const Json& json) {
  ModelShape shape;
  BlockShape& b = shape.block;
  shape.family = json.at("family").get<std::string>();
  b.hidden = json.at("hidden"), b.heads = json.at("heads"), b.kv_heads = json.at("kv_heads");
  b.head_size = json.at("head_size"), b.mlp_width = json.at("mlp_width");
  b.norm = value_of<NormKind>(json.at("norm"), kNorms);
  b.norm_place = value_of<NormPlace>(json.at("norm_place"), kPlaces);
  b.norm_eps = json.at("norm_eps");
  b.qkv_bias = json.at("qkv_bias"), b.out_bias = json.at("out_bias"),
  b.mlp_bias = json.at("mlp_bias");
  b.gated_mlp = json.at("gated_mlp");
  b.activation = value_of<Activation>(json.at("activation"), kActivations);
  b.mask = value_of<MaskKind>(json.at("mask"), kMasks);
  shape.layers = json.at("layers"), shape.vocab_size = json.at("vocab_size");
  shape.max_positions = json.at("max_positions"),
  shape.type_vocab_size = json.at("type_vocab_size");
  shape.positions = value_of<PositionKind>(json.at("positions"), kPositions);
  shape.embedding_norm = json.at("embedding_norm"), shape.has_pooler = json.at("has_pooler");
  shape.pooling = value_of<Pooling>(json.at("pooling"), kPoolings);
  shape.num_labels = json.at("num_labels"), shape.own_head = json.at("own_head");
  shape.label_names = json.at("label_names").get<std::vector<std::string>>();
  shape.attn_dropout = json.at("attn_dropout"), shape.hidden_dropout = json.at("hidden_dropout");
  shape.head_dropout = json.at("head_dropout"),
  shape.initializer_range = json.at("initializer_range");
  return shape;
}

}  // namespace temper
