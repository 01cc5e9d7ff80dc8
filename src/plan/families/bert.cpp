// BERT (Devlin et al. 2018, 1810.04805) and those alike: RoBERTa (1907.11692), XLM-R (1911.02116),
// DistilBERT (1910.01108). Names and keys as Transformers' models write them.
#include "plan/families/config_reader.hpp"
#include "plan/families/tables.hpp"

namespace temper {

namespace {

Family bert() {
  Family f;
  f.model_type = "bert";
  f.prefix = "bert.";
  f.keys.type_vocab_size = "type_vocab_size", f.keys.norm_eps = "layer_norm_eps";
  f.keys.hidden_dropout = "hidden_dropout_prob";
  f.keys.attn_dropout = "attention_probs_dropout_prob";
  f.keys.head_dropout = "classifier_dropout";
  f.defaults.hidden_dropout = f.defaults.attn_dropout = 0.1;
  f.tied_by_default = true;
  f.refused = {{"position_embedding_type", "\"absolute\""}, {"is_decoder", "false"}};
  f.buffers = {"position_ids"};
  f.names = {{"embed.words", "embeddings.word_embeddings"},
             {"embed.positions", "embeddings.position_embeddings"},
             {"embed.types", "embeddings.token_type_embeddings"},
             {"embed.norm", "embeddings.LayerNorm"},
             {"attn.q", "encoder.layer.{}.attention.self.query"},
             {"attn.k", "encoder.layer.{}.attention.self.key"},
             {"attn.v", "encoder.layer.{}.attention.self.value"},
             {"attn.out", "encoder.layer.{}.attention.output.dense"},
             {"norm1", "encoder.layer.{}.attention.output.LayerNorm"},
             {"mlp.up", "encoder.layer.{}.intermediate.dense"},
             {"mlp.down", "encoder.layer.{}.output.dense"},
             {"norm2", "encoder.layer.{}.output.LayerNorm"},
             {"pooler", "pooler.dense"}};
  f.heads = {{.task = "sequence-classification",
              .architecture = "BertForSequenceClassification",
              .names = {{"head.out", "classifier"}},
              .pooler = true},
             {.task = "masked-lm",
              .architecture = "BertForMaskedLM",
              .other_architecture = "BertForPreTraining",
              .shape = {.kind = HeadKind::language, .dense = true, .norm = true, .dropout = false},
              .names = {{"head.dense", "cls.predictions.transform.dense"},
                        {"head.norm", "cls.predictions.transform.LayerNorm"},
                        {"head.out.weight", "cls.predictions.decoder.weight"},
                        {"head.out.bias", "cls.predictions.bias"}},
              .activation_of_block = true},
             {.task = "token-classification",
              .architecture = "BertForTokenClassification",
              .shape = {.kind = HeadKind::tokens},
              .names = {{"head.out", "classifier"}}}};
  return f;
}

// Positions count from the id of the padding token on, and max_position_embeddings counts those
// before as well.
void read_roberta(ConfigReader& config, ModelShape& shape) {
  shape.position_offset = std::int64_t(config.number("pad_token_id", 1)) + 1;
  shape.max_positions -= shape.position_offset;
  if (shape.position_offset < 1 || shape.max_positions < 1)
    config.problem("pad_token_id", "leaves no positions", "RoBERTa counts positions after it.");
}

Family roberta(const std::string& model_type, const std::string& class_name) {
  Family f = bert();
  f.model_type = model_type;
  f.prefix = "roberta.";
  f.heads = {{.task = "masked-lm",
              .architecture = class_name + "ForMaskedLM",
              .shape = {.kind = HeadKind::language,
                        .dense = true,
                        .activation = Activation::gelu_erf,
                        .norm = true,
                        .dropout = false},
              .names = {{"head.dense", "lm_head.dense"},
                        {"head.norm", "lm_head.layer_norm"},
                        {"head.out.weight", "lm_head.decoder.weight"},
                        {"head.out.bias", "lm_head.bias"}}},
             {.task = "sequence-classification",
              .architecture = class_name + "ForSequenceClassification",
              .shape = {.dense = true, .activation = Activation::tanh, .dense_dropout = true},
              .names = {{"head.dense", "classifier.dense"}, {"head.out", "classifier.out_proj"}}},
             {.task = "token-classification",
              .architecture = class_name + "ForTokenClassification",
              .shape = {.kind = HeadKind::tokens},
              .names = {{"head.out", "classifier"}}}};
  f.read_more = read_roberta;
  return f;
}

Family distilbert() {
  Family f;
  f.model_type = "distilbert";
  f.prefix = "distilbert.";
  f.keys.hidden = "dim", f.keys.layers = "n_layers", f.keys.heads = "n_heads";
  f.keys.mlp_width = "hidden_dim", f.keys.activation = "activation";
  f.keys.hidden_dropout = "dropout", f.keys.attn_dropout = "attention_dropout";
  f.keys.head_dropout = "seq_classif_dropout";
  f.defaults.hidden_dropout = f.defaults.attn_dropout = 0.1;
  f.tied_by_default = true;
  f.refused = {{"sinusoidal_pos_embds", "false"}};
  f.buffers = {"position_ids"};
  f.names = {{"embed.words", "embeddings.word_embeddings"},
             {"embed.positions", "embeddings.position_embeddings"},
             {"embed.norm", "embeddings.LayerNorm"},
             {"attn.q", "transformer.layer.{}.attention.q_lin"},
             {"attn.k", "transformer.layer.{}.attention.k_lin"},
             {"attn.v", "transformer.layer.{}.attention.v_lin"},
             {"attn.out", "transformer.layer.{}.attention.out_lin"},
             {"norm1", "transformer.layer.{}.sa_layer_norm"},
             {"mlp.up", "transformer.layer.{}.ffn.lin1"},
             {"mlp.down", "transformer.layer.{}.ffn.lin2"},
             {"norm2", "transformer.layer.{}.output_layer_norm"}};
  f.heads = {{.task = "masked-lm",
              .architecture = "DistilBertForMaskedLM",
              .shape = {.kind = HeadKind::language, .dense = true, .norm = true, .dropout = false},
              .names = {{"head.dense", "vocab_transform"},
                        {"head.norm", "vocab_layer_norm"},
                        {"head.out", "vocab_projector"}},
              .activation_of_block = true},
             {.task = "sequence-classification",
              .architecture = "DistilBertForSequenceClassification",
              .shape = {.dense = true, .activation = Activation::relu},
              .names = {{"head.dense", "pre_classifier"}, {"head.out", "classifier"}}},
             {.task = "token-classification",
              .architecture = "DistilBertForTokenClassification",
              .shape = {.kind = HeadKind::tokens},
              .names = {{"head.out", "classifier"}}}};
  return f;
}

}  // namespace

std::vector<Family> bert_families() {
  return {bert(), roberta("roberta", "Roberta"), roberta("xlm-roberta", "XLMRoberta"),
          distilbert()};
}

}  // namespace temper
