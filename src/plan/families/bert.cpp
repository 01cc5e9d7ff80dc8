// BERT (Devlin et al. 2018, 1810.04805). Names and keys as Transformers' models write them.
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
              .shape = {.kind = HeadKind::language, .dense = true, .norm = true},
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

}  // namespace

std::vector<Family> bert_families() { return {bert()}; }

}  // namespace temper
