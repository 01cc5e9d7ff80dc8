// Phi-3 and Phi-4-mini (2404.14219): a Llama whose query, key and value are one tensor in files, as
// are gate and up; long contexts by factors of each frequency.
#include "plan/families/attention_keys.hpp"
#include "plan/families/decoder_heads.hpp"
#include "plan/families/tables.hpp"

namespace temper {

namespace {

Family phi3() {
  Family f = llama();
  f.model_type = "phi3";
  f.keys.attention_bias = f.keys.mlp_bias = "";
  f.keys.hidden_dropout = "resid_pdrop";
  f.defaults.block.norm_eps = 1e-5;
  f.defaults.block.qkv_fused = f.defaults.block.gate_up_fused = true;
  f.names = {{"embed.words", "embed_tokens"},
             {"norm1", "layers.{}.input_layernorm"},
             {"attn.qkv", "layers.{}.self_attn.qkv_proj"},
             {"attn.out", "layers.{}.self_attn.o_proj"},
             {"norm2", "layers.{}.post_attention_layernorm"},
             {"mlp.gate_up", "layers.{}.mlp.gate_up_proj"},
             {"mlp.down", "layers.{}.mlp.down_proj"},
             {"final_norm", "norm"}};
  f.heads = decoder_heads("Phi3");
  f.read_more = [](ConfigReader& config, ModelShape& shape) {
    read_rope(config, shape, {});
    read_windows(config, shape, config.count("sliding_window", 0),
                 [](std::int64_t) { return true; });
    config.only("embd_pdrop", shape.hidden_dropout);
  };
  return f;
}

}  // namespace

std::vector<Family> phi_families() { return {phi3()}; }

}  // namespace temper
