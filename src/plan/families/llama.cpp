// Llama (Touvron et al. 2023, 2302.13971; 2307.09288; 3.x: 2407.21783) and those that differ from
// it in a flag: Mistral (2310.06825), Qwen 2 (2407.10671), Qwen 3 (2505.09388). SmolLM2 and
// TinyLlama are Llamas. Names and keys as Transformers writes them.
#include "plan/families/attention_keys.hpp"
#include "plan/families/decoder_heads.hpp"
#include "plan/families/tables.hpp"

namespace temper {

Family llama() {
  Family f;
  f.model_type = "llama";
  f.prefix = "model.";
  f.keys.kv_heads = "num_key_value_heads", f.keys.head_size = "head_dim";
  f.keys.norm_eps = "rms_norm_eps", f.keys.attn_dropout = "attention_dropout";
  f.keys.attention_bias = "attention_bias", f.keys.mlp_bias = "mlp_bias";
  f.defaults.block = {.norm = NormKind::rms_norm,
                      .norm_place = NormPlace::before,
                      .norm_eps = 1e-6,
                      .norm_bias = false,
                      .qkv_bias = false,
                      .out_bias = false,
                      .mlp_bias = false,
                      .gated_mlp = true,
                      .activation = Activation::silu,
                      .mask = MaskKind::causal};
  f.defaults.positions = PositionKind::rotary;
  f.defaults.embedding_norm = false, f.defaults.final_norm = true;
  f.buffers = {"rotary_emb.inv_freq"};
  f.names = {{"embed.words", "embed_tokens"},
             {"norm1", "layers.{}.input_layernorm"},
             {"attn.q", "layers.{}.self_attn.q_proj"},
             {"attn.k", "layers.{}.self_attn.k_proj"},
             {"attn.v", "layers.{}.self_attn.v_proj"},
             {"attn.out", "layers.{}.self_attn.o_proj"},
             {"norm2", "layers.{}.post_attention_layernorm"},
             {"mlp.gate", "layers.{}.mlp.gate_proj"},
             {"mlp.up", "layers.{}.mlp.up_proj"},
             {"mlp.down", "layers.{}.mlp.down_proj"},
             {"final_norm", "norm"}};
  f.heads = decoder_heads("Llama");
  f.read_more = [](ConfigReader& config, ModelShape& shape) { read_rope(config, shape, {}); };
  return f;
}

namespace {

Family mistral() {
  Family f = llama();
  f.model_type = "mistral";
  f.heads = decoder_heads("Mistral");
  f.keys.attention_bias = f.keys.mlp_bias = "";
  f.read_more = [](ConfigReader& config, ModelShape& shape) {
    read_rope(config, shape, {});
    // Left out it is 4096, as in Transformers; null says none.
    const std::int64_t unsaid = config.config().contains("sliding_window") ? 0 : 4096;
    read_windows(config, shape, config.count("sliding_window", unsaid),
                 [](std::int64_t) { return true; });
  };
  return f;
}

// Layers from max_window_layers on have a window, where use_sliding_window asks for it.
void read_qwen(ConfigReader& config, ModelShape& shape) {
  read_rope(config, shape, {});
  const std::int64_t window = config.count("sliding_window", 4096);
  const std::int64_t first = std::int64_t(config.number("max_window_layers", 28));
  const bool on = config.flag("use_sliding_window", false);
  read_windows(config, shape, on ? window : 0,
               [first](std::int64_t layer) { return layer >= first; });
}

Family qwen2() {
  Family f = llama();
  f.model_type = "qwen2";
  f.keys.attention_bias = f.keys.mlp_bias = "";
  f.defaults.block.qkv_bias = true;
  f.heads = decoder_heads("Qwen2");
  f.read_more = read_qwen;
  return f;
}

Family qwen3() {
  Family f = llama();
  f.model_type = "qwen3";
  f.keys.mlp_bias = "";
  f.defaults.block.qk_norm = true;
  f.defaults.block.head_size = 128;
  f.heads = decoder_heads("Qwen3");
  f.names.push_back({"attn.q_norm", "layers.{}.self_attn.q_norm"});
  f.names.push_back({"attn.k_norm", "layers.{}.self_attn.k_norm"});
  f.read_more = read_qwen;
  return f;
}

}  // namespace

std::vector<Family> llama_families() { return {llama(), mistral(), qwen2(), qwen3()}; }

}  // namespace temper
