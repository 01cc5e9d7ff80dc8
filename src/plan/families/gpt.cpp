// GPT-2 (Radford et al. 2019). Names and keys as Transformers' GPT2Model writes them.
#include "plan/families/config_reader.hpp"
#include "plan/families/tables.hpp"

namespace temper {

namespace {

Family gpt2() {
  Family f;
  f.model_type = "gpt2";
  f.prefix = "transformer.";
  f.keys.hidden = "n_embd", f.keys.layers = "n_layer", f.keys.heads = "n_head";
  f.keys.mlp_width = "n_inner", f.keys.max_positions = "n_positions";
  f.keys.norm_eps = "layer_norm_epsilon", f.keys.activation = "activation_function";
  f.keys.hidden_dropout = "resid_pdrop", f.keys.attn_dropout = "attn_pdrop";
  f.defaults.block = {.norm_place = NormPlace::before,
                      .norm_eps = 1e-5,
                      .qkv_fused = true,
                      .activation = Activation::gelu_tanh,
                      .mask = MaskKind::causal};
  f.defaults.embedding_norm = false, f.defaults.final_norm = true;
  f.defaults.hidden_dropout = f.defaults.attn_dropout = 0.1;
  f.tied_by_default = f.conv1d = true;
  f.refused = {{"scale_attn_weights", "true"}, {"scale_attn_by_inverse_layer_idx", "false"}};
  f.buffers = {"attn.bias", "attn.masked_bias"};
  f.names = {
      {"embed.words", "wte"},           {"embed.positions", "wpe"},       {"norm1", "h.{}.ln_1"},
      {"attn.qkv", "h.{}.attn.c_attn"}, {"attn.out", "h.{}.attn.c_proj"}, {"norm2", "h.{}.ln_2"},
      {"mlp.up", "h.{}.mlp.c_fc"},      {"mlp.down", "h.{}.mlp.c_proj"},  {"final_norm", "ln_f"}};
  f.heads = {{.task = "causal-lm",
              .architecture = "GPT2LMHeadModel",
              .shape = {.kind = HeadKind::language, .bias = false},
              .names = {{"head.out", "lm_head"}}},
             {.task = "sequence-classification",
              .architecture = "GPT2ForSequenceClassification",
              .shape = {.bias = false},
              .names = {{"head.out", "score"}},
              .pooling = Pooling::last},
             {.task = "token-classification",
              .architecture = "GPT2ForTokenClassification",
              .shape = {.kind = HeadKind::tokens},
              .names = {{"head.out", "classifier"}}}};
  f.read_more = [](ConfigReader& config, ModelShape& shape) {
    if (shape.block.mlp_width == 0) shape.block.mlp_width = 4 * shape.block.hidden;
    config.only("embd_pdrop", shape.hidden_dropout);
  };
  return f;
}

}  // namespace

std::vector<Family> gpt_families() { return {gpt2()}; }

}  // namespace temper
