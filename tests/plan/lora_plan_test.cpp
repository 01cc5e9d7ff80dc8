// Which linears get adapters, by PEFT's rules, and what is said where none do.
#include "plan/lora_plan.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace temper {

namespace {

ModelShape shape_of(const char* config) {
  return value_or_throw(model_shape_of_config(Json::parse(config), "config.json"));
}

ModelShape llama() {
  return shape_of(R"({"model_type":"llama","architectures":["LlamaForCausalLM"],"hidden_size":64,
    "num_hidden_layers":2,"num_attention_heads":4,"num_key_value_heads":2,"intermediate_size":128,
    "vocab_size":96,"max_position_embeddings":64,"rms_norm_eps":1e-6,"hidden_act":"silu",
    "rope_theta":10000.0,"tie_word_embeddings":false})");
}

ModelShape neox() {
  return shape_of(R"({"model_type":"gpt_neox","architectures":["GPTNeoXForCausalLM"],
    "hidden_size":64,"num_hidden_layers":1,"num_attention_heads":4,"intermediate_size":128,
    "vocab_size":96,"max_position_embeddings":64,"layer_norm_eps":1e-5,"hidden_act":"gelu"})");
}

LoraSpec spec_of(const std::vector<std::string>& targets, std::int64_t r = 8) {
  LoraSpec spec;
  spec.r = r, spec.target_modules = targets;
  return spec;
}

Checked<std::vector<LogicalTensor>> plan(const ModelShape& shape, const LoraSpec& spec) {
  return lora_tensors(shape, logical_tensors(shape), spec);
}

std::set<std::string> adapted(const ModelShape& shape, const std::vector<std::string>& targets) {
  std::set<std::string> roles;
  for (const LogicalTensor& tensor : value_or_throw(plan(shape, spec_of(targets))))
    if (tensor.role.ends_with(".lora_a"))
      roles.insert(tensor.role.substr(0, tensor.role.size() - 7));
  return roles;
}

std::string complaint(const LoraSpec& spec) { return to_text(plan(llama(), spec).problems()); }

}  // namespace

TEST(LoraPlan, all_linear_are_the_linears_of_the_blocks) {
  const auto roles = adapted(llama(), {"all-linear"});
  EXPECT_EQ(roles.size(), 14u);
  for (const char* part :
       {"attn.q", "attn.k", "attn.v", "attn.out", "mlp.gate", "mlp.up", "mlp.down"})
    EXPECT_TRUE(roles.contains(std::string("block.1.") + part)) << part;
}

TEST(LoraPlan, names_are_ends_of_paths_and_expressions_fit_whole_paths) {
  EXPECT_EQ(adapted(llama(), {"q_proj"}),
            (std::set<std::string>{"block.0.attn.q", "block.1.attn.q"}));
  EXPECT_EQ(adapted(llama(), {"mlp.up_proj", "k_proj"}).size(), 4u);
  EXPECT_EQ(adapted(llama(), {"layers.1.self_attn.v_proj"}),
            (std::set<std::string>{"block.1.attn.v"}));
  EXPECT_EQ(adapted(llama(), {R"(model\.layers\.0\..*\.(q|v)_proj)"}),
            (std::set<std::string>{"block.0.attn.q", "block.0.attn.v"}));
}

TEST(LoraPlan, adapters_are_called_as_peft_calls_them_and_lie_in_their_modules_unit) {
  const auto all = value_or_throw(plan(llama(), spec_of({"q_proj", "down_proj"}, 4)));
  const auto find = [&](const std::string& role) {
    for (const LogicalTensor& tensor : all)
      if (tensor.role == role) return tensor;
    return LogicalTensor{};
  };
  const LogicalTensor a = find("block.1.mlp.down.lora_a"), b = find("block.1.mlp.down.lora_b");
  EXPECT_EQ(a.name, "base_model.model.model.layers.1.mlp.down_proj.lora_A.weight");
  EXPECT_EQ(b.name, "base_model.model.model.layers.1.mlp.down_proj.lora_B.weight");
  EXPECT_EQ(a.shape, (std::vector<std::int64_t>{4, 128}));
  EXPECT_EQ(b.shape, (std::vector<std::int64_t>{64, 4}));
  EXPECT_EQ(a.unit, 2);
  EXPECT_TRUE(a.trained && b.trained);
  int unit = 0;
  for (const LogicalTensor& tensor : all) {
    EXPECT_GE(tensor.unit, unit) << "units stay in order";
    unit = tensor.unit;
    EXPECT_EQ(tensor.trained, is_adapter(tensor)) << tensor.role;
  }
}

TEST(LoraPlan, the_second_half_follows_the_order_of_heads_in_files) {
  for (const LogicalTensor& tensor : value_or_throw(plan(neox(), spec_of({"query_key_value"}))))
    if (is_adapter(tensor)) {
      EXPECT_EQ(tensor.interleaved_heads, tensor.role.ends_with(".lora_b")) << tensor.role;
    }
}

TEST(LoraPlan, modules_to_save_are_trained_whole) {
  LoraSpec spec = spec_of({"q_proj"});
  spec.modules_to_save = {"lm_head", "embed_tokens"};
  std::set<std::string> trained;
  for (const LogicalTensor& tensor : value_or_throw(plan(llama(), spec)))
    if (tensor.trained && !is_adapter(tensor)) trained.insert(tensor.role);
  EXPECT_EQ(trained, (std::set<std::string>{"embed.words.weight", "head.out.weight"}));
}

TEST(LoraPlan, says_what_is_wrong_and_what_is_near) {
  EXPECT_NE(complaint(spec_of({"q_porj"})).find("Did you mean \"q_proj\"?"), std::string::npos);
  EXPECT_NE(complaint(spec_of({"lm_head"})).find("not supported"), std::string::npos);
  EXPECT_NE(complaint(spec_of({".*nothing"})).find("down_proj"), std::string::npos);
  EXPECT_NE(complaint(spec_of({"(q_proj"})).find("is no regular expression"), std::string::npos);
  EXPECT_NE(complaint(spec_of({"q_proj", ".*v"})).find("stands alone"), std::string::npos);
  EXPECT_NE(complaint(spec_of({})).find("names nothing"), std::string::npos);
  const std::string large = complaint(spec_of({"all-linear"}, 50));
  EXPECT_NE(large.find("50 is more than model.layers.0.self_attn.k_proj has room for (32 x 64)"),
            std::string::npos)
      << large;
  EXPECT_NE(large.find("Use at most 32."), std::string::npos);
  LoraSpec spec = spec_of({"q_proj"});
  spec.modules_to_save = {"scores"};
  EXPECT_NE(complaint(spec).find("is no module of the model"), std::string::npos);
  spec.modules_to_save = {"q_proj"};
  EXPECT_NE(complaint(spec).find("has adapters as well"), std::string::npos);
}

TEST(LoraPlan, scales_by_rank_or_its_root) {
  LoraSpec spec = spec_of({"q_proj"}, 4);
  spec.lora_alpha = 8;
  EXPECT_EQ(lora_scale(spec), 2);
  spec.use_rslora = true;
  EXPECT_EQ(lora_scale(spec), 4);
}

}  // namespace temper
