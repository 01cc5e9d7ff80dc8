// Decoders with LayerNorm: GPT-2 (Radford et al. 2019), OPT (2205.01068), GPT-NeoX and Pythia
// (2204.06745, 2304.01373). Names and keys as Transformers' models write them.
#include "plan/families/attention_keys.hpp"
#include "plan/families/decoder_heads.hpp"
#include "plan/families/tables.hpp"

namespace temper {

namespace {

// What the three share.
Family decoder(const std::string& model_type, const std::string& prefix) {
  Family f;
  f.model_type = model_type, f.prefix = prefix;
  f.defaults.block = {.norm_place = NormPlace::before, .norm_eps = 1e-5, .mask = MaskKind::causal};
  f.defaults.embedding_norm = false, f.defaults.final_norm = true;
  return f;
}

Family gpt2() {
  Family f = decoder("gpt2", "transformer.");
  f.keys.hidden = "n_embd", f.keys.layers = "n_layer", f.keys.heads = "n_head";
  f.keys.mlp_width = "n_inner", f.keys.max_positions = "n_positions";
  f.keys.norm_eps = "layer_norm_epsilon", f.keys.activation = "activation_function";
  f.keys.hidden_dropout = "resid_pdrop", f.keys.attn_dropout = "attn_pdrop";
  f.defaults.block.qkv_fused = true;
  f.defaults.block.activation = Activation::gelu_tanh;
  f.defaults.hidden_dropout = f.defaults.attn_dropout = 0.1;
  f.tied_by_default = f.conv1d = true;
  f.refused = {{"scale_attn_weights", "true"}, {"scale_attn_by_inverse_layer_idx", "false"}};
  f.buffers = {"attn.bias", "attn.masked_bias"};
  f.names = {
      {"embed.words", "wte"},           {"embed.positions", "wpe"},       {"norm1", "h.{}.ln_1"},
      {"attn.qkv", "h.{}.attn.c_attn"}, {"attn.out", "h.{}.attn.c_proj"}, {"norm2", "h.{}.ln_2"},
      {"mlp.up", "h.{}.mlp.c_fc"},      {"mlp.down", "h.{}.mlp.c_proj"},  {"final_norm", "ln_f"}};
  f.heads = decoder_heads("GPT2");
  f.heads[0].architecture = "GPT2LMHeadModel";
  f.heads[2].names = {{"head.out", "classifier"}};
  f.read_more = [](ConfigReader& config, ModelShape& shape) {
    if (shape.block.mlp_width == 0) shape.block.mlp_width = 4 * shape.block.hidden;
    config.only("embd_pdrop", shape.hidden_dropout);
  };
  return f;
}

Family opt() {
  Family f = decoder("opt", "model.decoder.");
  f.other_prefixes = {"decoder."};
  f.keys.mlp_width = "ffn_dim", f.keys.activation = "activation_function";
  f.keys.initializer_range = "init_std";
  f.keys.hidden_dropout = "dropout", f.keys.attn_dropout = "attention_dropout";
  f.defaults.block.activation = Activation::relu;
  f.defaults.hidden_dropout = 0.1;
  f.defaults.position_offset = 2;
  f.defaults.embedding_dropout = false;
  f.tied_by_default = true;
  f.refused = {{"do_layer_norm_before", "true"},
               {"_remove_final_layer_norm", "false"},
               {"enable_bias", "true"},
               {"layer_norm_elementwise_affine", "true"},
               {"layerdrop", "0"}};
  f.names = {{"embed.words", "embed_tokens"},
             {"embed.positions", "embed_positions"},
             {"norm1", "layers.{}.self_attn_layer_norm"},
             {"attn.q", "layers.{}.self_attn.q_proj"},
             {"attn.k", "layers.{}.self_attn.k_proj"},
             {"attn.v", "layers.{}.self_attn.v_proj"},
             {"attn.out", "layers.{}.self_attn.out_proj"},
             {"norm2", "layers.{}.final_layer_norm"},
             {"mlp.up", "layers.{}.fc1"},
             {"mlp.down", "layers.{}.fc2"},
             {"final_norm", "final_layer_norm"}};
  f.heads = decoder_heads("OPT");
  f.heads.pop_back();  // Transformers has no class for tokens
  f.read_more = [](ConfigReader& config, ModelShape& shape) {
    config.only("word_embed_proj_dim", shape.block.hidden);
  };
  return f;
}

Family gpt_neox() {
  Family f = decoder("gpt_neox", "gpt_neox.");
  f.keys.norm_eps = "layer_norm_eps", f.keys.attention_bias = "attention_bias";
  f.keys.hidden_dropout = "hidden_dropout", f.keys.attn_dropout = "attention_dropout";
  f.defaults.positions = PositionKind::rotary;
  f.defaults.block.qkv_fused = true;
  f.interleaved_heads = true;
  f.buffers = {"attention.bias", "attention.masked_bias", "rotary_emb.inv_freq"};
  f.names = {{"embed.words", "embed_in"},
             {"norm1", "layers.{}.input_layernorm"},
             {"attn.qkv", "layers.{}.attention.query_key_value"},
             {"attn.out", "layers.{}.attention.dense"},
             {"norm2", "layers.{}.post_attention_layernorm"},
             {"mlp.up", "layers.{}.mlp.dense_h_to_4h"},
             {"mlp.down", "layers.{}.mlp.dense_4h_to_h"},
             {"final_norm", "final_layer_norm"}};
  f.heads = decoder_heads("GPTNeoX");
  f.heads[0].names = {{"head.out", "embed_out"}};
  f.heads[2].names = {{"head.out", "classifier"}};
  f.read_more = [](ConfigReader& config, ModelShape& shape) {
    read_rope(config, shape,
              {.theta_key = "rotary_emb_base", .partial_key = "rotary_pct", .partial = 0.25});
    shape.block.parallel_residual = config.flag("use_parallel_residual", true);
  };
  return f;
}

}  // namespace

std::vector<Family> gpt_families() { return {gpt2(), opt(), gpt_neox()}; }

}  // namespace temper
