// Gemma 1, 2 and 3 (2403.08295, 2408.00118, 2503.19786), text only: norms with 1 + w, embeddings
// times the root of the hidden size, and from 2 on norms on both sides, soft caps and windows in
// turn.
#include <cmath>

#include "plan/families/attention_keys.hpp"
#include "plan/families/decoder_heads.hpp"
#include "plan/families/tables.hpp"

namespace temper {

namespace {

// A key that stands for none when it is null and for `unsaid` when it is left out.
double cap(ConfigReader& config, const std::string& key, double unsaid) {
  return config.number(key, config.config().contains(key) ? 0 : unsaid);
}

void read_caps(ConfigReader& config, ModelShape& shape, double attention, double logits) {
  shape.block.attention_softcap = cap(config, "attn_logit_softcapping", attention);
  shape.logit_softcap = cap(config, "final_logit_softcapping", logits);
  shape.block.attention_scale = 1 / std::sqrt(config.number("query_pre_attn_scalar", 256));
  if (!std::isfinite(shape.block.attention_scale) || shape.block.attention_scale <= 0)
    config.problem("query_pre_attn_scalar", "is not positive");
}

void read_gemma(ConfigReader& config, ModelShape& shape) {
  read_rope(config, shape, {});
  shape.embedding_scale = std::sqrt(double(shape.block.hidden));
  config.only("hidden_activation", "gelu_pytorch_tanh");
  // The first releases say gelu and mean its tanh form.
  if (shape.block.activation == Activation::gelu_erf)
    shape.block.activation = Activation::gelu_tanh;
}

void read_gemma2(ConfigReader& config, ModelShape& shape) {
  read_rope(config, shape, {});
  shape.embedding_scale = std::sqrt(double(shape.block.hidden));
  read_caps(config, shape, 50, 30);
  read_windows(config, shape, config.count("sliding_window", 4096),
               [](std::int64_t layer) { return layer % 2 == 0; });
}

void read_gemma3(ConfigReader& config, ModelShape& shape) {
  read_two_ropes(config, shape,
                 {.full_key = "rope_theta",
                  .window_key = "rope_local_base_freq",
                  .full_theta = 1e6,
                  .window_theta = 1e4});
  shape.embedding_scale = std::sqrt(double(shape.block.hidden));
  read_caps(config, shape, 0, 0);
  const std::int64_t turn =
      config.count("sliding_window_pattern", config.count("_sliding_window_pattern", 6));
  read_windows(config, shape, config.count("sliding_window", 4096),
               [turn](std::int64_t layer) { return (layer + 1) % turn != 0; });
}

Family gemma() {
  Family f = llama();
  f.model_type = "gemma";
  f.keys.mlp_bias = "";
  f.defaults.block.head_size = 256;
  f.defaults.block.norm = NormKind::rms_norm_plus_one;
  f.defaults.block.activation = Activation::gelu_tanh;
  f.tied_by_default = true;
  f.heads = decoder_heads("Gemma");
  f.read_more = read_gemma;
  return f;
}

Family gemma2() {
  Family f = gemma();
  f.model_type = "gemma2";
  f.keys.activation = "hidden_activation";
  f.defaults.block.norm_place = NormPlace::sandwich;
  // What Llama calls the norm before the MLP is here the norm of the attention's output.
  for (TensorName& entry : f.names)
    if (entry.role == "norm2") entry.name = "layers.{}.pre_feedforward_layernorm";
  f.names.push_back({"norm1_post", "layers.{}.post_attention_layernorm"});
  f.names.push_back({"norm2_post", "layers.{}.post_feedforward_layernorm"});
  f.heads = decoder_heads("Gemma2");
  f.read_more = read_gemma2;
  return f;
}

Family gemma3() {
  Family f = gemma2();
  f.model_type = "gemma3_text";
  f.defaults.block.qk_norm = true;
  f.names.push_back({"attn.q_norm", "layers.{}.self_attn.q_norm"});
  f.names.push_back({"attn.k_norm", "layers.{}.self_attn.k_norm"});
  f.heads = decoder_heads("Gemma3");
  f.heads[1].architecture = "Gemma3TextForSequenceClassification";
  f.heads.pop_back();  // Transformers has no class for tokens
  f.read_more = read_gemma3;
  return f;
}

}  // namespace

std::vector<Family> gemma_families() { return {gemma(), gemma2(), gemma3()}; }

}  // namespace temper
