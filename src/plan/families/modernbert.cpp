// ModernBERT (Warner et al. 2024, 2412.13663): pre-norm, gated, rotary, one layer in three sees
// everything. Without biases, except of the outputs.
#include "plan/families/attention_keys.hpp"
#include "plan/families/tables.hpp"

namespace temper {

namespace {

void read_modernbert(ConfigReader& config, ModelShape& shape) {
  read_two_ropes(config, shape,
                 {.full_key = "global_rope_theta",
                  .window_key = "local_rope_theta",
                  .full_theta = 160000,
                  .window_theta = 10000});
  const std::int64_t turn = config.count("global_attn_every_n_layers", 3);
  // Both sides together; a window of ours is one side.
  const std::int64_t window = config.count("local_attention", 128) / 2;
  if (window == 0) config.problem("local_attention", "leaves no neighbour to see");
  shape.layer.assign(std::size_t(shape.layers), LayerShape{});
  read_windows(config, shape, window, [turn](std::int64_t layer) { return layer % turn != 0; });
  shape.layer[0].attention_norm = false;  // the embeddings' norm stands before it
  const std::string pooling = config.text("classifier_pooling", "cls");
  if (pooling != "cls" && pooling != "mean")
    config.problem("classifier_pooling", "\"" + pooling + "\" is not supported",
                   "Supported: cls, mean.");
  shape.pooling = pooling == "mean" ? Pooling::mean : Pooling::cls;
}

HeadRule head(const std::string& task, const std::string& architecture, HeadKind kind,
              const std::string& output) {
  return {
      .task = task,
      .architecture = architecture,
      .shape = {.kind = kind,
                .dense = true,
                .dense_bias = false,
                .activation = Activation::gelu_erf,
                .norm = true,
                .norm_bias = false},
      .names = {{"head.dense", "head.dense"}, {"head.norm", "head.norm"}, {"head.out", output}}};
}

Family modernbert() {
  Family f;
  f.model_type = "modernbert";
  f.prefix = "model.";
  f.keys.norm_eps = "norm_eps", f.keys.activation = "hidden_activation";
  f.keys.attention_bias = "attention_bias", f.keys.mlp_bias = "mlp_bias";
  f.keys.head_dropout = "classifier_dropout";
  f.defaults.block = {.norm_place = NormPlace::before,
                      .norm_eps = 1e-5,
                      .norm_bias = false,
                      .qkv_bias = false,
                      .out_bias = false,
                      .mlp_bias = false,
                      .gated_mlp = true,
                      .qkv_fused = true,
                      .gate_up_fused = true};
  f.defaults.positions = PositionKind::rotary;
  f.defaults.final_norm = true;
  f.tied_by_default = true;
  f.refused = {{"norm_bias", "false"},     {"classifier_bias", "false"},
               {"decoder_bias", "true"},   {"classifier_activation", "\"gelu\""},
               {"embedding_dropout", "0"}, {"mlp_dropout", "0"},
               {"attention_dropout", "0"}};
  f.buffers = {"rotary_emb.inv_freq"};
  f.names = {{"embed.words", "embeddings.tok_embeddings"},
             {"embed.norm", "embeddings.norm"},
             {"norm1", "layers.{}.attn_norm"},
             {"attn.qkv", "layers.{}.attn.Wqkv"},
             {"attn.out", "layers.{}.attn.Wo"},
             {"norm2", "layers.{}.mlp_norm"},
             {"mlp.gate_up", "layers.{}.mlp.Wi"},
             {"mlp.down", "layers.{}.mlp.Wo"},
             {"final_norm", "final_norm"}};
  f.heads = {head("masked-lm", "ModernBertForMaskedLM", HeadKind::language, "decoder"),
             head("sequence-classification", "ModernBertForSequenceClassification",
                  HeadKind::sequence, "classifier"),
             head("token-classification", "ModernBertForTokenClassification", HeadKind::tokens,
                  "classifier")};
  f.read_more = read_modernbert;
  return f;
}

}  // namespace

std::vector<Family> modernbert_families() { return {modernbert()}; }

}  // namespace temper
