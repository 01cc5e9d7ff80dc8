// The shape of a model, as plain data read from config.json: what a plan needs to count bytes and
// FLOPs, and what the layers are built from. A family is a table entry (`families.cpp`): config
// keys, tensor names and a BlockShape; no class of its own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "core/problem.hpp"

namespace temper {

enum class NormKind { layer_norm, rms_norm };
enum class NormPlace { before, after };  // pre-norm (Llama) or post-norm (BERT)
enum class Activation { gelu_erf, gelu_tanh, silu, relu };
enum class MaskKind { bidirectional, causal };
enum class PositionKind { learned, rotary };
enum class Pooling { cls, mean, last };

// What one transformer block computes. All layers of a model share it.
struct BlockShape {
  std::int64_t hidden = 0, heads = 0, kv_heads = 0, head_size = 0, mlp_width = 0;
  NormKind norm = NormKind::layer_norm;
  NormPlace norm_place = NormPlace::after;
  double norm_eps = 1e-12;
  bool qkv_bias = true, out_bias = true, mlp_bias = true, gated_mlp = false;
  Activation activation = Activation::gelu_erf;
  MaskKind mask = MaskKind::bidirectional;
  double rope_theta = 10000;  // where positions are rotary
};

struct ModelShape {
  std::string family;  // model_type of config.json: "bert"
  BlockShape block;
  std::int64_t layers = 0, vocab_size = 0, max_positions = 0, type_vocab_size = 0;
  PositionKind positions = PositionKind::learned;
  bool embedding_norm = true;  // LayerNorm after the sum of embeddings (BERT)
  bool has_pooler = false;     // dense + tanh on [CLS] before the head; used with pooling = cls
  Pooling pooling = Pooling::cls;
  std::int64_t num_labels = 0;           // 0: not known before the data are
  bool own_head = false;                 // the directory holds a classification head that is kept
  std::vector<std::string> label_names;  // id2label, when own_head
  double attn_dropout = 0, hidden_dropout = 0, head_dropout = 0;
  double initializer_range = 0.02;
};

// How tensor parallelism cuts a logical tensor.
enum class Cut { whole, rows, columns, vocabulary };

// One named tensor as Hugging Face files hold it.
struct LogicalTensor {
  std::string name;  // "encoder.layer.0.attention.self.query.weight" (without the family's prefix)
  std::vector<std::int64_t> shape;  // [out, in] for linear weights
  Cut cut = Cut::whole;
  int unit = 0;        // index of its ParamUnit: 0 embeddings, 1..L blocks, L+1 head
  bool decays = true;  // weight decay applies (no biases, no norm weights)
  bool row_sparse =
      false;  // gradient only in the rows of the tokens seen (word embedding, not tied)
  std::int64_t numel() const;
};

// Reads config.json (and sentence-transformers' 1_Pooling/config.json, sentence_bert_config.json)
// of a model directory and applies `config_overrides`. Problems name the file and key: unknown
// model_type, a key that changes the mathematics and is not supported, missing or out-of-range
// values.
Checked<ModelShape> read_model_shape(const std::filesystem::path& directory,
                                     const Json& config_overrides);

// Every tensor of the model, in unit order, without those that this use of it leaves out (a pooler
// under mean pooling).
std::vector<LogicalTensor> logical_tensors(const ModelShape& shape);

Json to_json(const ModelShape& shape);
ModelShape model_shape_from_json(const Json& json);

}  // namespace temper
