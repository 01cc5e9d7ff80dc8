#include "plan/families.hpp"

namespace temper {

namespace {

// Devlin et al. 2018; names and keys as Transformers' BertModel writes them.
Family bert() {
  using D = Dim;
  Family f;
  f.model_type = "bert";
  f.prefix = "bert.";
  f.keys = {.hidden = "hidden_size",
            .layers = "num_hidden_layers",
            .heads = "num_attention_heads",
            .mlp_width = "intermediate_size",
            .vocab_size = "vocab_size",
            .max_positions = "max_position_embeddings",
            .type_vocab_size = "type_vocab_size",
            .norm_eps = "layer_norm_eps",
            .activation = "hidden_act",
            .hidden_dropout = "hidden_dropout_prob",
            .attn_dropout = "attention_probs_dropout_prob",
            .head_dropout = "classifier_dropout"};
  f.block = {.norm = NormKind::layer_norm, .norm_place = NormPlace::after, .norm_eps = 1e-12};
  f.embedding_norm = f.has_pooler = true;
  f.refused = {{"position_embedding_type", "\"absolute\""},
               {"is_decoder", "false"},
               {"add_cross_attention", "false"}};
  const std::string e = "embeddings.", l = "encoder.layer.{}.";
  f.embeddings = {
      {e + "word_embeddings.weight", {D::vocabulary, D::hidden}, Cut::vocabulary, true, true},
      {e + "position_embeddings.weight", {D::positions, D::hidden}},
      {e + "token_type_embeddings.weight", {D::types, D::hidden}},
      {e + "LayerNorm.weight", {D::hidden}, Cut::whole, false},
      {e + "LayerNorm.bias", {D::hidden}, Cut::whole, false}};
  const auto linear = [](std::vector<TensorRule>& rules, const std::string& name, D out, D in,
                         Cut cut) {
    rules.push_back({name + ".weight", {out, in}, cut});
    rules.push_back({name + ".bias", {out}, cut == Cut::rows ? Cut::rows : Cut::whole, false});
  };
  const auto norm = [](std::vector<TensorRule>& rules, const std::string& name) {
    rules.push_back({name + ".weight", {D::hidden}, Cut::whole, false});
    rules.push_back({name + ".bias", {D::hidden}, Cut::whole, false});
  };
  // The three projections lie next to each other, so that one product computes them all.
  for (const char* part : {"query", "key", "value"})
    f.layer.push_back(
        {l + "attention.self." + part + ".weight", {D::hidden, D::hidden}, Cut::rows});
  for (const char* part : {"query", "key", "value"})
    f.layer.push_back({l + "attention.self." + part + ".bias", {D::hidden}, Cut::rows, false});
  linear(f.layer, l + "attention.output.dense", D::hidden, D::hidden, Cut::columns);
  norm(f.layer, l + "attention.output.LayerNorm");
  linear(f.layer, l + "intermediate.dense", D::mlp_width, D::hidden, Cut::rows);
  linear(f.layer, l + "output.dense", D::hidden, D::mlp_width, Cut::columns);
  norm(f.layer, l + "output.LayerNorm");
  linear(f.pooler, "pooler.dense", D::hidden, D::hidden, Cut::whole);
  linear(f.head, "classifier", D::labels, D::hidden, Cut::whole);
  return f;
}

const std::vector<Family>& families() {
  static const std::vector<Family> all{bert()};
  return all;
}

}  // namespace

std::int64_t dim_of(const ModelShape& shape, Dim dim) {
  switch (dim) {
    case Dim::hidden:
      return shape.block.hidden;
    case Dim::mlp_width:
      return shape.block.mlp_width;
    case Dim::vocabulary:
      return shape.vocab_size;
    case Dim::positions:
      return shape.max_positions;
    case Dim::types:
      return shape.type_vocab_size;
    case Dim::labels:
      return shape.num_labels;
  }
  return 0;
}

const Family* find_family(const std::string& model_type) {
  for (const Family& family : families())
    if (family.model_type == model_type) return &family;
  return nullptr;
}

std::string family_names() {
  std::string names;
  for (const Family& family : families()) names += (names.empty() ? "" : ", ") + family.model_type;
  return names;
}

}  // namespace temper
