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

enum class NormKind { layer_norm, rms_norm, rms_norm_plus_one };  // plus_one: the gain is 1 + w
// before: x + f(norm(x)) (Llama); after: norm(x + f(x)) (BERT); sandwich: x + norm(f(norm(x)))
enum class NormPlace { before, after, sandwich };
enum class Activation { gelu_erf, gelu_tanh, silu, relu, tanh };
enum class MaskKind { bidirectional, causal };
enum class PositionKind { learned, rotary };
enum class Pooling { cls, mean, last };

// Rotary positions (Su et al. 2021, half-split layout): how the inverse frequencies are made.
// `rope.hpp` computes them.
enum class RopeKind { standard, linear, llama3, yarn, longrope };
struct Rope {
  RopeKind kind = RopeKind::standard;
  double theta = 10000, factor = 1;
  double partial = 1;                                // share of a head's channels that is rotated
  double low_freq_factor = 1, high_freq_factor = 4;  // llama3
  double beta_fast = 32, beta_slow = 1;              // yarn
  double original_max_positions = 0, attention_factor = 0;  // 0: by the kind's own rule
  std::vector<double> short_factor, long_factor;  // longrope: one for each pair of channels
};

// What one transformer block computes. All layers of a model share it; LayerShape says where they
// differ.
struct BlockShape {
  std::int64_t hidden = 0, heads = 0, kv_heads = 0, head_size = 0, mlp_width = 0;
  NormKind norm = NormKind::layer_norm;
  NormPlace norm_place = NormPlace::after;
  double norm_eps = 1e-12;
  bool norm_bias = true;  // of LayerNorm
  bool qkv_bias = true, out_bias = true, mlp_bias = true, gated_mlp = false;
  bool qkv_fused = false, gate_up_fused = false;  // one tensor in files: q, k, v; gate, up
  bool qk_norm = false;            // RMSNorm over each head of q and k before they are rotated
  bool parallel_residual = false;  // x + attention(norm1(x)) + mlp(norm2(x)) (GPT-NeoX)
  Activation activation = Activation::gelu_erf;
  MaskKind mask = MaskKind::bidirectional;
  double attention_scale = 0;    // of the scores; 0: head_size^-1/2
  double attention_softcap = 0;  // c tanh(score / c) before the mask; 0: none
};

struct LayerShape {
  // Causal: keys t-window+1 .. t are seen. Bidirectional: |t - j| <= window. 0: all.
  std::int64_t window = 0;
  int rope = 0;                // index into ModelShape::ropes
  bool attention_norm = true;  // false: ModernBERT's first layer has none
};

// What lies between the last hidden state and the outputs: [dense, activation, norm,] output.
enum class HeadKind { sequence, tokens, language };
struct HeadShape {
  HeadKind kind = HeadKind::sequence;
  bool dense = false, dense_bias = true;  // dense: hidden x hidden before the output
  Activation activation = Activation::tanh;
  bool norm = false, norm_bias = true;
  bool bias = true;   // of the output
  bool tied = false;  // the output matrix is the word embedding (language)
  // Dropout of ModelShape::head_dropout before the output, before the dense layer (RoBERTa: both).
  bool dropout = true, dense_dropout = false;
  double softcap = 0;  // of the logits; 0: none
};

struct ModelShape {
  std::string family;  // model_type of config.json: "bert"
  BlockShape block;
  std::int64_t layers = 0, vocab_size = 0, type_vocab_size = 0;
  std::int64_t max_positions = 0;  // tokens that a document may have
  std::vector<LayerShape> layer;   // one for each layer; empty: all are LayerShape{}
  std::vector<Rope> ropes;         // where positions are rotary
  PositionKind positions = PositionKind::learned;
  // Row of the first token in the position table, which has max_positions + offset rows (RoBERTa:
  // 2).
  std::int64_t position_offset = 0;
  bool embedding_dropout = true;  // hidden_dropout applies to the embeddings too (OPT: not)
  double embedding_scale = 1;     // of word embeddings, rounded to the compute dtype (Gemma)
  bool embedding_norm = true;     // norm after the sum of embeddings (BERT)
  bool final_norm = false;        // norm after the last block
  bool tied_embeddings = false;   // a language head shares the word embeddings
  double logit_softcap = 0;       // of a language head
  HeadShape head;
  bool has_pooler = false;  // dense + tanh on [CLS] before the head; used with pooling = cls
  Pooling pooling = Pooling::cls;
  std::int64_t num_labels = 0;           // 0: not known before the data are
  bool own_head = false;                 // the directory holds a head that is kept
  std::vector<std::string> label_names;  // id2label, when own_head
  double attn_dropout = 0, hidden_dropout = 0, head_dropout = 0;
  double initializer_range = 0.02;

  LayerShape layer_at(std::int64_t i) const {
    return layer.empty() ? LayerShape{} : layer[std::size_t(i)];
  }
};

// How tensor parallelism cuts a logical tensor.
enum class Cut { whole, rows, columns, vocabulary };

// One named tensor as Hugging Face files hold it.
//
// `role` is what the layers call it, whatever the family calls it in files (N counts from 0):
//   embed.words.weight  embed.positions.weight  embed.types.weight  embed.norm.{weight,bias}
//   block.N.norm1.*  block.N.norm2.*           before (or after) attention and MLP
//   block.N.norm1_post.*  block.N.norm2_post.* the second norms of a sandwich
//   block.N.attn.{q,k,v,out}.{weight,bias}     or block.N.attn.qkv.* where fused
//   block.N.attn.{q_norm,k_norm}.weight
//   block.N.mlp.{up,down}.*  with block.N.mlp.gate.*, or block.N.mlp.gate_up.* where fused
//   final_norm.*  pooler.{weight,bias}
//   head.dense.*  head.norm.*  head.out.{weight,bias}    (no head.out.weight where tied)
//   block.N.attn.q.lora_a  block.N.attn.q.lora_b         [r, in] and [out, r], of any linear
// q, k, v (and gate, up) lie next to each other in their unit, so that one product computes them.
struct LogicalTensor {
  // "encoder.layer.0.attention.self.query.weight": without the family's prefix, which file_names of
  // families.hpp adds.
  std::string name;
  std::string role;
  std::vector<std::int64_t> shape;  // [out, in] for linear weights
  bool transposed = false;          // files hold it as [in, out] (GPT-2's Conv1D)
  // Files hold the rows as q, k, v of head 0, then of head 1 (GPT-NeoX); layers want all of q
  // first.
  bool interleaved_heads = false;
  Cut cut = Cut::whole;
  int unit = 0;        // index of its ParamUnit: 0 embeddings, 1..L blocks, L+1 head
  bool decays = true;  // weight decay applies (no biases, no norm weights)
  bool row_sparse =
      false;            // gradient only in the rows of the tokens seen (word embedding, not tied)
  bool trained = true;  // false: no gradient, no optimizer state
  double lr_scale = 1;  // of the learning rate (layer-wise decay)
  std::int64_t numel() const;
  bool operator==(const LogicalTensor&) const = default;
};

// Reads config.json (and sentence-transformers' 1_Pooling/config.json, sentence_bert_config.json)
// of a model directory, or the metadata of a GGUF file (plan/model_files.hpp), and applies
// `config_overrides`. Problems name the file and key: unknown
// model_type, a key that changes the mathematics and is not supported, missing or out-of-range
// values. The head is that of `architectures` where the family knows it (own_head), else the
// family's usual one.
Checked<ModelShape> read_model_shape(const std::filesystem::path& model,
                                     const Json& config_overrides);

// The same reading of a config.json that is held already (a GGUF file's metadata); `where` is what
// problems name. Without sentence-transformers' files.
Checked<ModelShape> model_shape_of_config(const Json& config, const std::string& where);

// The shape with the head of a task: causal-lm, masked-lm, sequence-classification, regression,
// token-classification. The head stays the directory's own only where it is of that kind. Problem:
// the family has no such head.
Checked<ModelShape> with_task(ModelShape shape, const std::string& task);

// The name of the class that config.json of an exported model gives: "LlamaForCausalLM".
std::string architecture_name(const ModelShape& shape);

// Every tensor of the model, in unit order, without those that this use of it leaves out (a pooler
// under mean pooling).
std::vector<LogicalTensor> logical_tensors(const ModelShape& shape);

Json to_json(const ModelShape& shape);
ModelShape model_shape_from_json(const Json& json);

}  // namespace temper
