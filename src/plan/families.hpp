// Families as data: the config keys, tensor names and block shape of each model_type. Adding one is
// adding a row.
#pragma once

#include <string>
#include <vector>

#include "plan/model_shape.hpp"

namespace temper {

enum class Dim { hidden, mlp_width, vocabulary, positions, types, labels };
std::int64_t dim_of(const ModelShape& shape, Dim dim);

struct TensorRule {
  std::string name;  // "{}" is the layer
  std::vector<Dim> dims;
  Cut cut = Cut::whole;
  bool decays = true, row_sparse = false;
};

// config.json's words for the shape.
struct FamilyKeys {
  std::string hidden, layers, heads, mlp_width, vocab_size, max_positions, type_vocab_size,
      norm_eps, activation, hidden_dropout, attn_dropout, head_dropout;
};

// A key that changes the mathematics: any other value (JSON text) than this is refused by name.
struct RefusedKey {
  std::string key, only_value;
};

struct Family {
  std::string model_type;
  std::string prefix;  // that files may or may not carry: "bert."
  FamilyKeys keys;
  BlockShape block;  // kinds and flags; sizes come from config.json
  bool embedding_norm = false, has_pooler = false;
  std::vector<RefusedKey> refused;
  std::vector<TensorRule> embeddings, layer, pooler, head;
};

const Family* find_family(const std::string& model_type);  // nullptr when unknown
std::string family_names();

}  // namespace temper
