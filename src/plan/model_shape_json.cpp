// A ModelShape as JSON and back: one list of fields for both directions.
#include <algorithm>
#include <type_traits>

#include "plan/model_shape.hpp"

namespace temper {

namespace {

const std::vector<std::string>& words(NormKind) {
  static const std::vector<std::string> all{"layer_norm", "rms_norm", "rms_norm_plus_one"};
  return all;
}
const std::vector<std::string>& words(NormPlace) {
  static const std::vector<std::string> all{"before", "after", "sandwich"};
  return all;
}
const std::vector<std::string>& words(Activation) {
  static const std::vector<std::string> all{"gelu_erf", "gelu_tanh", "silu", "relu", "tanh"};
  return all;
}
const std::vector<std::string>& words(MaskKind) {
  static const std::vector<std::string> all{"bidirectional", "causal"};
  return all;
}
const std::vector<std::string>& words(PositionKind) {
  static const std::vector<std::string> all{"learned", "rotary"};
  return all;
}
const std::vector<std::string>& words(Pooling) {
  static const std::vector<std::string> all{"cls", "mean", "last"};
  return all;
}
const std::vector<std::string>& words(RopeKind) {
  static const std::vector<std::string> all{"standard", "linear", "llama3", "yarn", "longrope"};
  return all;
}
const std::vector<std::string>& words(HeadKind) {
  static const std::vector<std::string> all{"sequence", "tokens", "language"};
  return all;
}

// `visit(name, member)` for every member of a struct, const or not.
template <class T, class Visit>
requires std::is_same_v<std::remove_const_t<T>, Rope>
void each_field(T& r, const Visit& visit) {
  visit("kind", r.kind), visit("theta", r.theta), visit("factor", r.factor);
  visit("partial", r.partial), visit("low_freq_factor", r.low_freq_factor);
  visit("high_freq_factor", r.high_freq_factor), visit("beta_fast", r.beta_fast);
  visit("beta_slow", r.beta_slow), visit("original_max_positions", r.original_max_positions);
  visit("attention_factor", r.attention_factor), visit("short_factor", r.short_factor);
  visit("long_factor", r.long_factor);
}

template <class T, class Visit>
requires std::is_same_v<std::remove_const_t<T>, BlockShape>
void each_field(T& b, const Visit& visit) {
  visit("hidden", b.hidden), visit("heads", b.heads), visit("kv_heads", b.kv_heads);
  visit("head_size", b.head_size), visit("mlp_width", b.mlp_width), visit("norm", b.norm);
  visit("norm_place", b.norm_place), visit("norm_eps", b.norm_eps);
  visit("norm_bias", b.norm_bias), visit("qkv_bias", b.qkv_bias), visit("out_bias", b.out_bias);
  visit("mlp_bias", b.mlp_bias), visit("gated_mlp", b.gated_mlp), visit("qkv_fused", b.qkv_fused);
  visit("gate_up_fused", b.gate_up_fused), visit("qk_norm", b.qk_norm);
  visit("parallel_residual", b.parallel_residual), visit("activation", b.activation);
  visit("mask", b.mask), visit("attention_scale", b.attention_scale);
  visit("attention_softcap", b.attention_softcap);
}

template <class T, class Visit>
requires std::is_same_v<std::remove_const_t<T>, LayerShape>
void each_field(T& l, const Visit& visit) {
  visit("window", l.window), visit("rope", l.rope), visit("attention_norm", l.attention_norm);
}

template <class T, class Visit>
requires std::is_same_v<std::remove_const_t<T>, HeadShape>
void each_field(T& h, const Visit& visit) {
  visit("kind", h.kind), visit("dense", h.dense), visit("dense_bias", h.dense_bias);
  visit("activation", h.activation), visit("norm", h.norm), visit("norm_bias", h.norm_bias);
  visit("bias", h.bias), visit("tied", h.tied), visit("softcap", h.softcap);
  visit("dropout", h.dropout), visit("dense_dropout", h.dense_dropout);
}

template <class T, class Visit>
requires std::is_same_v<std::remove_const_t<T>, ModelShape>
void each_field(T& s, const Visit& visit) {
  visit("family", s.family), visit("block", s.block), visit("layers", s.layers);
  visit("vocab_size", s.vocab_size), visit("type_vocab_size", s.type_vocab_size);
  visit("max_positions", s.max_positions), visit("layer", s.layer), visit("ropes", s.ropes);
  visit("positions", s.positions), visit("position_offset", s.position_offset);
  visit("embedding_dropout", s.embedding_dropout), visit("embedding_scale", s.embedding_scale),
      visit("embedding_norm", s.embedding_norm);
  visit("final_norm", s.final_norm), visit("tied_embeddings", s.tied_embeddings);
  visit("logit_softcap", s.logit_softcap), visit("head", s.head);
  visit("has_pooler", s.has_pooler), visit("pooling", s.pooling);
  visit("num_labels", s.num_labels), visit("own_head", s.own_head);
  visit("label_names", s.label_names), visit("attn_dropout", s.attn_dropout);
  visit("hidden_dropout", s.hidden_dropout), visit("head_dropout", s.head_dropout);
  visit("initializer_range", s.initializer_range);
}

template <class T>
concept Record = std::is_same_v<T, Rope> || std::is_same_v<T, BlockShape> ||
    std::is_same_v<T, LayerShape> || std::is_same_v<T, HeadShape>;

template <Record T>
Json json_of(const std::vector<T>& values);
template <Record T>
void read_into(const Json& json, std::vector<T>& values);

template <class T>
Json json_of(const T& value) {
  if constexpr (std::is_enum_v<T>) {
    return words(value)[std::size_t(value)];
  } else if constexpr (Record<T> || std::is_same_v<T, ModelShape>) {
    Json json = Json::object();
    each_field(value, [&](const char* name, const auto& field) { json[name] = json_of(field); });
    return json;
  } else {
    return value;
  }
}

template <Record T>
Json json_of(const std::vector<T>& values) {
  Json json = Json::array();
  for (const T& value : values) json.push_back(json_of(value));
  return json;
}

template <class T>
void read_into(const Json& json, T& value) {
  if constexpr (std::is_enum_v<T>) {
    const auto& all = words(value);
    const auto found = std::find(all.begin(), all.end(), json.get<std::string>());
    if (found == all.end()) throw BadInput(Problem{"plan", json.dump() + " is unknown", "", ""});
    value = T(found - all.begin());
  } else if constexpr (Record<T> || std::is_same_v<T, ModelShape>) {
    each_field(value, [&](const char* name, auto& field) { read_into(json.at(name), field); });
  } else {
    json.get_to(value);
  }
}

template <Record T>
void read_into(const Json& json, std::vector<T>& values) {
  values.resize(json.size());
  for (std::size_t i = 0; i < values.size(); ++i) read_into(json[i], values[i]);
}

}  // namespace

Json to_json(const ModelShape& shape) { return json_of(shape); }

ModelShape model_shape_from_json(const Json& json) {
  ModelShape shape;
  read_into(json, shape);
  return shape;
}

}  // namespace temper
