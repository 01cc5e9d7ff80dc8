// From GGUF metadata to config.json: what each architecture says, and what is refused.
#include "plan/gguf_config.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "support/temporary_folder.hpp"
#include "support/tiny_gguf.hpp"

namespace temper {

namespace {

GgufHeader parsed(const GgufBytes& file) {
  const std::string bytes = file.bytes();
  return value_or_throw(parse_gguf_header(bytes, std::int64_t(bytes.size()), "m.gguf"));
}
// From a file, since factors of rotary positions are read from it.
Checked<Json> read_config(const GgufBytes& file) {
  const TemporaryFolder folder;
  return config_of_gguf(value_or_throw(read_gguf_header(folder.write("m.gguf", file.bytes()))));
}
Json config_of(const GgufBytes& file) { return value_or_throw(read_config(file)); }
std::string complaint(const GgufBytes& file) { return to_text(read_config(file).problems()); }

// Keys that every decoder has, and an embedding of 10 tokens.
GgufBytes decoder(const std::string& arch, std::uint32_t hidden, std::uint32_t layers,
                  std::uint32_t heads, std::uint32_t kv) {
  GgufBytes file;
  file.text("general.architecture", arch).u32(arch + ".block_count", layers);
  file.u32(arch + ".context_length", 8192).u32(arch + ".embedding_length", hidden);
  file.u32(arch + ".feed_forward_length", 96).u32(arch + ".attention.head_count", heads);
  file.u32(arch + ".attention.head_count_kv", kv);
  file.f32(arch + ".attention.layer_norm_rms_epsilon", 1e-6f);
  file.tensor("token_embd.weight", {hidden, 10}, 0, hidden * 40);
  return file;
}

std::string llama3_factors(double theta, std::size_t pairs, double factor) {
  std::string bytes;
  for (std::size_t i = 0; i < pairs; ++i) {
    const double wave = 2 * std::numbers::pi * std::pow(theta, double(i) / double(pairs));
    double value = 1;
    if (wave > 8192)
      value = factor;
    else if (wave > 2048)
      value = 1 / ((1 - (8192 / wave - 1) / 3) / factor + (8192 / wave - 1) / 3);
    bytes += little_endian(float(value));
  }
  return bytes;
}

}  // namespace

TEST(GgufConfig, of_a_llama_reads_as_its_author_wrote_it) {
  GgufBytes file;
  const Json config = config_of(llama_tensors(llama_keys(file)));
  EXPECT_EQ(config["model_type"], "llama");
  EXPECT_EQ(config["architectures"], Json::array({"LlamaForCausalLM"}));
  EXPECT_EQ(config["hidden_size"], 64);
  EXPECT_EQ(config["num_key_value_heads"], 2);
  EXPECT_EQ(config["head_dim"], 16);
  EXPECT_EQ(config["rms_norm_eps"], 1e-5) << "not the float's 9.99999974e-06";
  EXPECT_EQ(config["rope_theta"], 50000.0);
  EXPECT_EQ(config["vocab_size"], 6) << "the rows of the embedding";
  EXPECT_EQ(config["tie_word_embeddings"], true);
  EXPECT_EQ(config["attention_bias"], false);
  EXPECT_FALSE(config.contains("rope_scaling"));
  EXPECT_EQ(config["eos_token_id"], 1);
}

TEST(GgufConfig, a_head_of_its_own_is_not_tied) {
  GgufBytes file;
  EXPECT_EQ(config_of(llama_tensors(llama_keys(file), true))["tie_word_embeddings"], false);
}

TEST(GgufConfig, keys_that_nobody_knows_are_refused_by_name) {
  for (const char* key : {"llama.logit_scale", "llama.attention.clamp_kqv", "llama.expert_count"}) {
    GgufBytes file;
    llama_tensors(llama_keys(file)).u32(key, 8);
    EXPECT_NE(complaint(file).find(key), std::string::npos) << complaint(file);
  }
  GgufBytes other;
  other.text("general.architecture", "mamba");
  EXPECT_NE(complaint(other).find("\"mamba\" is not supported"), std::string::npos);
}

TEST(GgufConfig, factors_of_llama_3_become_its_rope_scaling_and_others_are_refused) {
  GgufBytes file = decoder("llama", 256, 2, 4, 2);
  file.f32("llama.rope.freq_base", 500000).u32("llama.rope.dimension_count", 64);
  GgufBytes odd = file;
  file.tensor("rope_freqs.weight", {32}, 0, llama3_factors(500000, 32, 32));
  const Json scaling = config_of(file)["rope_scaling"];
  EXPECT_EQ(scaling["rope_type"], "llama3");
  EXPECT_EQ(scaling["factor"], 32.0);
  EXPECT_EQ(scaling["original_max_position_embeddings"], 8192);
  std::string bytes = llama3_factors(500000, 32, 32);
  bytes.replace(4 * 4, 4, little_endian(1.5f));
  odd.tensor("rope_freqs.weight", {32}, 0, bytes);
  EXPECT_NE(complaint(odd).find("rope_freqs.weight"), std::string::npos);
}

TEST(GgufConfig, scaling_by_a_factor_is_read_and_an_unknown_kind_refused) {
  GgufBytes linear = decoder("qwen2", 64, 2, 4, 2), yarn = linear, odd = linear;
  linear.text("qwen2.rope.scaling.type", "linear").f32("qwen2.rope.scaling.factor", 4);
  EXPECT_EQ(config_of(linear)["rope_scaling"], (Json{{"rope_type", "linear"}, {"factor", 4.0}}));
  yarn.text("qwen2.rope.scaling.type", "yarn").f32("qwen2.rope.scaling.factor", 4);
  yarn.u32("qwen2.rope.scaling.original_context_length", 2048);
  EXPECT_EQ(
      config_of(yarn)["rope_scaling"],
      (Json{{"rope_type", "yarn"}, {"factor", 4.0}, {"original_max_position_embeddings", 2048}}));
  odd.text("qwen2.rope.scaling.type", "spiral");
  EXPECT_NE(complaint(odd).find("\"spiral\" is not supported"), std::string::npos);
}

TEST(GgufConfig, gemma_says_what_ggml_knows_by_itself) {
  GgufBytes second = decoder("gemma2", 128, 26, 8, 4), third = decoder("gemma3", 128, 12, 4, 1);
  second.u32("gemma2.attention.key_length", 256).u32("gemma2.attention.value_length", 256);
  const Json two = config_of(second);
  EXPECT_EQ(two["query_pre_attn_scalar"], 256);
  EXPECT_EQ(two["attn_logit_softcapping"], 50.0);
  EXPECT_EQ(two["layer_types"][0], "sliding_attention");
  EXPECT_EQ(two["layer_types"][1], "full_attention");
  GgufBytes large = decoder("gemma2", 4608, 46, 32, 16);
  large.u32("gemma2.attention.key_length", 128);
  EXPECT_EQ(config_of(large)["query_pre_attn_scalar"], 144) << "27B divides the hidden size";
  third.u32("gemma3.attention.key_length", 256).u32("gemma3.attention.sliding_window", 512);
  third.f32("gemma3.rope.freq_base", 1e6f);
  const Json three = config_of(third);
  EXPECT_EQ(three["model_type"], "gemma3_text");
  EXPECT_EQ(three["rope_local_base_freq"], 10000.0);
  EXPECT_EQ(three["layer_types"][5], "full_attention");
  EXPECT_EQ(three["layer_types"][4], "sliding_attention");
}

TEST(GgufConfig, phi3_rotates_a_part_and_keeps_its_long_factors) {
  GgufBytes file = decoder("phi3", 64, 2, 4, 4);
  file.u32("phi3.rope.dimension_count", 12).u32("phi3.rope.scaling.original_context_length", 4096);
  file.tensor("rope_factors_short.weight", {6}, 0, float_bytes(6, 1));
  file.tensor("rope_factors_long.weight", {6}, 0, float_bytes(6, 2));
  const Json config = config_of(file);
  EXPECT_EQ(config["partial_rotary_factor"], 0.75);
  EXPECT_EQ(config["original_max_position_embeddings"], 4096);
  EXPECT_EQ(config["rope_scaling"]["long_factor"].size(), 6u);
}

TEST(GgufConfig, gpt2_has_keys_of_its_own) {
  GgufBytes file;
  file.text("general.architecture", "gpt2").u32("gpt2.block_count", 2);
  file.u32("gpt2.context_length", 32).u32("gpt2.embedding_length", 16);
  file.u32("gpt2.feed_forward_length", 64).u32("gpt2.attention.head_count", 2);
  file.f32("gpt2.attention.layer_norm_epsilon", 1e-5f);
  file.tensor("token_embd.weight", {16, 10}, 0, 640);
  const Json config = config_of(file);
  EXPECT_EQ(config["n_embd"], 16);
  EXPECT_TRUE(config["n_inner"].is_null());
  EXPECT_EQ(config["layer_norm_epsilon"], 1e-5);
}

TEST(GgufConfig, missing_keys_are_named_all_at_once) {
  GgufBytes file;
  file.text("general.architecture", "llama").tensor("token_embd.weight", {16, 10}, 0, 640);
  const std::string all = complaint(file);
  for (const char* key :
       {"llama.embedding_length", "llama.block_count", "llama.attention.head_count",
        "llama.context_length", "llama.attention.layer_norm_rms_epsilon"})
    EXPECT_NE(all.find(key), std::string::npos) << key;
}

TEST(GgufConfig, special_tokens_are_named_in_the_tokenizers_config) {
  GgufBytes file;
  const Json config = tokenizer_config_of_gguf(parsed(llama_tensors(llama_keys(file))));
  EXPECT_EQ(config["bos_token"], "<s>");
  EXPECT_EQ(config["eos_token"], "</s>");
  EXPECT_EQ(config["model_max_length"], 128);
  EXPECT_FALSE(config.contains("pad_token"));
  GgufBytes beyond;
  llama_keys(beyond).u32("tokenizer.ggml.padding_token_id", 99);
  EXPECT_FALSE(tokenizer_config_of_gguf(parsed(beyond)).contains("pad_token"));
}

}  // namespace temper
