// StarCoder 2 (Lozhkov et al. 2024, 2402.19173): a Llama with LayerNorm, biases and a plain MLP.
#include "plan/families/attention_keys.hpp"
#include "plan/families/decoder_heads.hpp"
#include "plan/families/tables.hpp"

namespace temper {

namespace {

Family starcoder2() {
  Family f;
  f.model_type = "starcoder2";
  f.prefix = "model.";
  f.keys.kv_heads = "num_key_value_heads", f.keys.head_size = "head_dim";
  f.keys.norm_eps = "norm_epsilon";
  f.keys.attention_bias = f.keys.mlp_bias = "use_bias";
  f.keys.hidden_dropout = "residual_dropout", f.keys.attn_dropout = "attention_dropout";
  f.defaults.block = {.norm = NormKind::layer_norm,
                      .norm_place = NormPlace::before,
                      .norm_eps = 1e-5,
                      .activation = Activation::gelu_tanh,
                      .mask = MaskKind::causal};
  f.defaults.positions = PositionKind::rotary;
  f.defaults.embedding_norm = false, f.defaults.final_norm = true;
  f.tied_by_default = true;
  f.buffers = {"rotary_emb.inv_freq"};
  f.names = {{"embed.words", "embed_tokens"},
             {"norm1", "layers.{}.input_layernorm"},
             {"attn.q", "layers.{}.self_attn.q_proj"},
             {"attn.k", "layers.{}.self_attn.k_proj"},
             {"attn.v", "layers.{}.self_attn.v_proj"},
             {"attn.out", "layers.{}.self_attn.o_proj"},
             {"norm2", "layers.{}.post_attention_layernorm"},
             {"mlp.up", "layers.{}.mlp.c_fc"},
             {"mlp.down", "layers.{}.mlp.c_proj"},
             {"final_norm", "norm"}};
  f.heads = decoder_heads("Starcoder2");
  f.read_more = [](ConfigReader& config, ModelShape& shape) {
    read_rope(config, shape, {});
    read_windows(config, shape, config.count("sliding_window", 0),
                 [](std::int64_t) { return true; });
    config.only("embedding_dropout", shape.hidden_dropout);
  };
  return f;
}

}  // namespace

std::vector<Family> starcoder_families() { return {starcoder2()}; }

}  // namespace temper
