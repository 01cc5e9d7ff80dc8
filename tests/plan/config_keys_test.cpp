// config.json in the words of several years, and what is refused by name.
#include <gtest/gtest.h>

#include <cmath>

#include "plan/families.hpp"

namespace temper {

namespace {

Json preset(const std::string& name) {
  const auto path = std::filesystem::path(TEMPER_SOURCE_DIR) / "tests/plan/data/presets.json";
  for (const Json& entry : value_or_throw(read_json_file(path)))
    if (entry["name"] == name) return entry["config"];
  ADD_FAILURE() << "no preset named " << name;
  return {};
}

ModelShape shape_of(const Json& config) {
  return value_or_throw(model_shape_of_config(config, "config.json"));
}

ModelShape with(Json config, const Json& changes) {
  for (const auto& [key, value] : changes.items()) config[key] = value;
  return shape_of(config);
}

// Every word that the problems of this config say.
std::string refusal(Json config, const Json& changes) {
  for (const auto& [key, value] : changes.items()) config[key] = value;
  return to_text(model_shape_of_config(config, "config.json").problems());
}

std::vector<std::int64_t> windows(const ModelShape& shape) {
  std::vector<std::int64_t> all;
  for (std::int64_t i = 0; i < shape.layers; ++i) all.push_back(shape.layer_at(i).window);
  return all;
}

}  // namespace

TEST(ConfigKeys, rotary_positions_in_old_and_new_words_are_the_same) {
  Json old = preset("Llama-3.2-1B"), young = old;
  young.erase("rope_theta");
  young["rope_parameters"] = old["rope_scaling"];
  young["rope_parameters"]["rope_theta"] = old["rope_theta"];
  young.erase("rope_scaling");
  EXPECT_EQ(to_json(shape_of(young)), to_json(shape_of(old)));
  EXPECT_EQ(shape_of(young).ropes[0].kind, RopeKind::llama3);
  EXPECT_EQ(shape_of(young).ropes[0].theta, 5e5);
  Json older = old;  // "type" before "rope_type"
  older["rope_scaling"].erase("rope_type");
  older["rope_scaling"]["type"] = "llama3";
  EXPECT_EQ(to_json(shape_of(older)), to_json(shape_of(old)));
}

TEST(ConfigKeys, gemma_3_has_a_rope_for_each_kind_of_layer_in_old_and_new_words) {
  Json old = preset("Gemma-3-1B"), young = old;
  old["rope_scaling"] = {{"rope_type", "linear"}, {"factor", 8.0}};
  young.erase("rope_theta"), young.erase("rope_local_base_freq");
  young["rope_parameters"] = {
      {"full_attention", {{"rope_type", "linear"}, {"factor", 8.0}, {"rope_theta", 1e6}}},
      {"sliding_attention", {{"rope_type", "default"}, {"rope_theta", 1e4}}}};
  const ModelShape shape = shape_of(old);
  EXPECT_EQ(to_json(shape_of(young)), to_json(shape));
  ASSERT_EQ(shape.ropes.size(), 2U);
  EXPECT_EQ(shape.ropes[0].factor, 8);
  EXPECT_EQ(shape.ropes[1].theta, 1e4);
  EXPECT_EQ(shape.ropes[1].kind, RopeKind::standard);
  for (std::int64_t i = 0; i < shape.layers; ++i) {
    EXPECT_EQ(shape.layer_at(i).window, (i + 1) % 6 == 0 ? 0 : 512) << i;
    EXPECT_EQ(shape.layer_at(i).rope, (i + 1) % 6 == 0 ? 0 : 1) << i;
  }
}

TEST(ConfigKeys, windows_follow_the_family_and_layer_types_win) {
  const Json mistral = preset("Mistral-7B v0.1");
  EXPECT_EQ(windows(shape_of(mistral)), std::vector<std::int64_t>(32, 4096));
  EXPECT_EQ(windows(shape_of(preset("Mistral-Nemo"))), std::vector<std::int64_t>(40, 0));
  Json silent = mistral;  // Transformers takes 4096 then
  silent.erase("sliding_window");
  EXPECT_EQ(windows(shape_of(silent)), std::vector<std::int64_t>(32, 4096));

  const Json qwen = preset("Qwen2.5-0.5B");
  EXPECT_EQ(windows(shape_of(qwen)), std::vector<std::int64_t>(24, 0));
  const ModelShape on = with(qwen, {{"use_sliding_window", true}});
  EXPECT_EQ(on.layer_at(20).window, 0);
  EXPECT_EQ(on.layer_at(21).window, 32768);

  const Json gemma = preset("Gemma-2-2B");
  EXPECT_EQ(shape_of(gemma).layer_at(0).window, 4096);
  EXPECT_EQ(shape_of(gemma).layer_at(1).window, 0);
  Json types = Json::array();
  for (int i = 0; i < 26; ++i) types.push_back(i == 5 ? "sliding_attention" : "full_attention");
  const ModelShape told = with(gemma, {{"layer_types", types}});
  EXPECT_EQ(told.layer_at(0).window, 0);
  EXPECT_EQ(told.layer_at(5).window, 4096);

  const ModelShape modern = shape_of(preset("ModernBERT base, masked"));
  EXPECT_EQ(modern.layer_at(0).window, 0);
  EXPECT_EQ(modern.layer_at(1).window, 64);
  EXPECT_EQ(modern.layer_at(1).rope, 1);
  EXPECT_FALSE(modern.layer_at(0).attention_norm);
  EXPECT_TRUE(modern.layer_at(1).attention_norm);
  EXPECT_EQ(modern.ropes[0].theta, 160000);
}

TEST(ConfigKeys, what_is_left_out_is_what_transformers_takes) {
  Json llama = preset("TinyLlama-1.1B");
  llama.erase("num_key_value_heads"), llama.erase("tie_word_embeddings");
  EXPECT_EQ(shape_of(llama).block.kv_heads, 32);
  EXPECT_FALSE(shape_of(llama).head.tied);
  llama["head_dim"] = nullptr;
  EXPECT_EQ(shape_of(llama).block.head_size, 64);
  Json gemma = preset("Gemma-2-2B");
  gemma.erase("tie_word_embeddings");
  EXPECT_TRUE(shape_of(gemma).head.tied);
  EXPECT_EQ(shape_of(gemma).head.softcap, 30);
  EXPECT_EQ(shape_of(gemma).block.attention_softcap, 50);
  EXPECT_EQ(with(gemma, {{"final_logit_softcapping", nullptr}}).head.softcap, 0);
  EXPECT_EQ(shape_of(preset("GPT-2 768")).block.mlp_width, 3072);
  EXPECT_TRUE(shape_of(preset("GPT-2 768")).head.tied);
}

TEST(ConfigKeys, gemma_says_gelu_and_means_tanh) {
  const ModelShape shape = shape_of(preset("Gemma-2B"));
  EXPECT_EQ(shape.block.activation, Activation::gelu_tanh);
  EXPECT_DOUBLE_EQ(shape.embedding_scale, std::sqrt(2048.0));
  EXPECT_EQ(shape.block.norm, NormKind::rms_norm_plus_one);
  EXPECT_DOUBLE_EQ(
      with(preset("Gemma-2-2B"), {{"query_pre_attn_scalar", 144}}).block.attention_scale, 1.0 / 12);
}

TEST(ConfigKeys, roberta_counts_positions_after_the_padding_id) {
  const ModelShape roberta = shape_of(preset("RoBERTa base, masked"));
  EXPECT_EQ(roberta.position_offset, 2);
  EXPECT_EQ(roberta.max_positions, 512);
  const ModelShape opt = shape_of(preset("OPT-125m"));
  EXPECT_EQ(opt.position_offset, 2);
  EXPECT_EQ(opt.max_positions, 2048);
}

TEST(ConfigKeys, long_contexts_of_phi_take_original_positions_from_beside_the_scaling) {
  const ModelShape shape = shape_of(preset("Phi-4-mini"));
  const Rope& rope = shape.ropes[0];
  EXPECT_EQ(rope.kind, RopeKind::longrope);
  EXPECT_EQ(rope.original_max_positions, 4096);
  EXPECT_EQ(rope.partial, 0.75);
  EXPECT_EQ(rope.long_factor.size(), 48U);
  EXPECT_EQ(rope.long_factor.back(), 60);
}

TEST(ConfigKeys, keys_that_change_the_mathematics_are_refused_by_name) {
  const Json llama = preset("Llama-3-8B");
  for (const Json& change : std::vector<Json>{{{"logit_scale", 0.0625}},
                                              {{"residual_multiplier", 0.22}},
                                              {{"attention_multiplier", 0.0078125}},
                                              {{"embedding_multiplier", 12.0}},
                                              {{"quantization_config", {{"bits", 4}}}},
                                              {{"final_logit_softcapping", 30.0}},
                                              {{"sliding_window", 4096}},
                                              {{"num_local_experts", 8}},
                                              {{"use_bidirectional_attention", true}},
                                              {{"pruned_heads", {{"1", {0, 2}}}}}}) {
    const std::string key = change.begin().key();
    EXPECT_NE(refusal(llama, change).find("config.json: " + key + ":"), std::string::npos)
        << key << ": " << refusal(llama, change);
  }
  const auto refuses = [](const std::string& name, const Json& change) {
    const std::string key = change.begin().key();
    EXPECT_NE(refusal(preset(name), change).find(key), std::string::npos) << name << ": " << key;
  };
  refuses("GPT-2 768", {{"scale_attn_by_inverse_layer_idx", true}});
  refuses("GPT-2 768", {{"embd_pdrop", 0.3}});
  refuses("OPT-125m", {{"word_embed_proj_dim", 512}});
  refuses("OPT-125m", {{"do_layer_norm_before", false}});
  refuses("BERT base cased with pooler", {{"position_embedding_type", "relative_key_query"}});
  refuses("ModernBERT base, masked", {{"classifier_bias", true}});
  refuses("ModernBERT base, masked", {{"local_attention", 1}});
  refuses("Qwen3-0.6B", {{"layer_types", {"full_attention"}}});
  refuses("Gemma-3-1B", {{"use_bidirectional_attention", true}});
  // The same words with the value that changes nothing pass.
  EXPECT_EQ(refusal(llama, {{"logit_scale", 1.0}, {"sliding_window", nullptr}}), "");
}

TEST(ConfigKeys, rotary_positions_that_are_not_supported_are_refused_by_name) {
  const Json llama = preset("Llama-2-7B"), phi = preset("Phi-4-mini");
  const auto scaled = [&](const Json& scaling) {
    return refusal(llama, {{"rope_scaling", scaling}});
  };
  EXPECT_NE(scaled({{"type", "dynamic"}, {"factor", 2.0}}).find("\"dynamic\""), std::string::npos);
  EXPECT_NE(scaled({{"rope_type", "yarn"}, {"factor", 4.0}, {"mscale", 0.7}}).find("mscale"),
            std::string::npos);
  EXPECT_NE(scaled({{"type", "linear"}}).find("factor: is missing"), std::string::npos);
  EXPECT_NE(scaled({{"type", "linear"}, {"factor", -1}}).find("factor"), std::string::npos);
  EXPECT_NE(scaled("linear").find("rope_scaling"), std::string::npos);
  EXPECT_EQ(scaled({{"type", "linear"}, {"factor", 2}}), "");
  EXPECT_NE(refusal(phi, {{"partial_rotary_factor", 0.5}}).find("short_factor"), std::string::npos);
  EXPECT_NE(refusal(preset("Qwen2.5-0.5B"), {{"rope_theta", 0}}).find("rope_theta"),
            std::string::npos);
}

TEST(ConfigKeys, hostile_values_are_problems_with_the_key) {
  const Json llama = preset("Llama-3-8B");
  for (const Json& change : std::vector<Json>{{{"hidden_size", -4096}},
                                              {{"num_hidden_layers", 1e30}},
                                              {{"num_hidden_layers", 1 << 29}},
                                              {{"hidden_size", 1 << 30}},
                                              {{"head_dim", 1 << 28}},
                                              {{"vocab_size", 1 << 30}},
                                              {{"num_attention_heads", "32"}},
                                              {{"num_key_value_heads", 5}},
                                              {{"vocab_size", nullptr}},
                                              {{"head_dim", 0}},
                                              {{"rms_norm_eps", "tiny"}},
                                              {{"tie_word_embeddings", "yes"}},
                                              {{"hidden_act", {1, 2}}},
                                              {{"attention_dropout", 1.5}},
                                              {{"rope_parameters", {1, 2}}},
                                              {{"model_type", "lama"}}}) {
    const std::string key = change.begin().key();
    EXPECT_NE(refusal(llama, change).find("config.json: " + key), std::string::npos)
        << key << ": " << refusal(llama, change);
  }
  EXPECT_NE(refusal(llama, {{"model_type", "lama"}}).find("Did you mean \"llama\""),
            std::string::npos);
  EXPECT_FALSE(model_shape_of_config(Json::array(), "config.json"));
  Json classifier = preset("BERT base cased with pooler");
  classifier["architectures"] = {"BertForSequenceClassification"};
  EXPECT_NE(refusal(classifier, {{"num_labels", 1 << 29}}).find("num_labels"), std::string::npos);
  EXPECT_NE(refusal(classifier, {{"id2label", {{"0", "a"}, {"2", "b"}}}}).find("id2label"),
            std::string::npos);
}

}  // namespace temper
