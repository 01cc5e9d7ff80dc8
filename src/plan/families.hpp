// Families as data: what a model_type calls its config keys and tensors, the kind of its blocks,
// its heads. Adding one is adding a table in families/ (docs/adding-a-model.md).
//
//   const Family* family = find_family("llama");
//   family->names            // {"attn.q", "layers.{}.self_attn.q_proj"}, ...
#pragma once

#include <string>
#include <vector>

#include "plan/model_shape.hpp"

namespace temper {

class ConfigReader;  // families/config_reader.hpp

// What files call a tensor. `role` is LogicalTensor's without "block.N." and "{}" in `name` is N; a
// role without .weight or .bias stands for both, a full one wins over it.
struct TensorName {
  std::string role, name;
};

// config.json's words for the shape; empty: the family has no such key.
struct FamilyKeys {
  std::string hidden = "hidden_size", layers = "num_hidden_layers", heads = "num_attention_heads",
              kv_heads, head_size, mlp_width = "intermediate_size", vocab_size = "vocab_size",
              max_positions = "max_position_embeddings", type_vocab_size, norm_eps,
              activation = "hidden_act", attention_bias, mlp_bias,
              initializer_range = "initializer_range", hidden_dropout, attn_dropout, head_dropout;
};

// A key that changes the mathematics: any other value (JSON text) than this is refused by name.
struct RefusedKey {
  std::string key, only_value;
};

struct HeadRule {
  std::string task, architecture;  // "sequence-classification", "BertForSequenceClassification"
  std::string other_architecture = {};  // whose files hold this head as well
  HeadShape shape = {};                 // softcap and tied of language heads come from config.json
  std::vector<TensorName> names = {};
  Pooling pooling = Pooling::cls;  // of sequence heads
  bool pooler = false;
  bool activation_of_block = false;  // the head's dense layer is activated like the blocks' MLPs
};

struct Family {
  std::string model_type;
  std::string prefix;                       // of all names but the head's, as exported: "bert."
  std::vector<std::string> other_prefixes;  // that files carry as well; none is always read
  FamilyKeys keys;
  // What config.json may leave out: kinds, flags, eps and dropouts; sizes always come from there.
  ModelShape defaults;
  bool tied_by_default = false;    // without tie_word_embeddings
  bool conv1d = false;             // linear weights of blocks are [in, out] in files (GPT-2)
  bool interleaved_heads = false;  // rows of fused q, k, v (GPT-NeoX)
  std::vector<RefusedKey> refused;
  std::vector<std::string> buffers;  // ends of names in files that hold no weight
  std::vector<TensorName> names;
  std::vector<HeadRule> heads;  // the usual one first
  // What no table says: windows, rotary positions, soft caps. May be empty.
  void (*read_more)(ConfigReader& config, ModelShape& shape) = nullptr;
};

const Family* find_family(const std::string& model_type);  // nullptr when unknown
std::vector<std::string> family_names();

// The head that the shape has.
const HeadRule& head_rule(const ModelShape& shape);

// Under which names files may hold the tensor; the first is the one to write.
std::vector<std::string> file_names(const Family& family, const LogicalTensor& tensor);
// Whether a name in a file is known to hold no weight: masks, frequencies, position ids.
bool is_buffer(const Family& family, const std::string& name);

}  // namespace temper
