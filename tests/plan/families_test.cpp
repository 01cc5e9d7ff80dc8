// Families against published counts, the names of real files, and configs of several years.
#include "plan/families.hpp"

#include <gtest/gtest.h>

#include <set>

namespace temper {

namespace {

ModelShape shape_of(const Json& config, const std::string& task = "") {
  ModelShape shape = value_or_throw(model_shape_of_config(config, "config.json"));
  return task.empty() ? shape : value_or_throw(with_task(shape, task));
}

std::int64_t parameters(const ModelShape& shape) {
  std::int64_t total = 0;
  for (const LogicalTensor& tensor : logical_tensors(shape)) total += tensor.numel();
  return total;
}

Json llama_config() {
  return {{"model_type", "llama"},       {"vocab_size", 128256},
          {"hidden_size", 2048},         {"num_hidden_layers", 16},
          {"intermediate_size", 8192},   {"num_attention_heads", 32},
          {"num_key_value_heads", 8},    {"max_position_embeddings", 131072},
          {"tie_word_embeddings", true}, {"rope_theta", 500000.0}};
}

Json gpt2_config() {
  return {{"model_type", "gpt2"}, {"vocab_size", 50257}, {"n_embd", 768},
          {"n_layer", 12},        {"n_head", 12},        {"n_positions", 1024}};
}

}  // namespace

TEST(Families, counts_equal_the_published_totals) {
  EXPECT_EQ(parameters(shape_of(llama_config())), 1'235'814'400);
  EXPECT_EQ(parameters(shape_of(gpt2_config())), 124'439'808);
}

TEST(Families, what_one_product_computes_lies_next_to_each_other) {
  std::vector<std::string> roles;
  for (const LogicalTensor& tensor : logical_tensors(shape_of(llama_config())))
    if (tensor.unit == 2) roles.push_back(tensor.role);
  EXPECT_EQ(roles,
            (std::vector<std::string>{
                "block.1.norm1.weight", "block.1.attn.q.weight", "block.1.attn.k.weight",
                "block.1.attn.v.weight", "block.1.attn.out.weight", "block.1.norm2.weight",
                "block.1.mlp.gate.weight", "block.1.mlp.up.weight", "block.1.mlp.down.weight"}));
}

TEST(Families, a_shared_output_matrix_is_no_tensor_and_makes_the_embedding_dense) {
  Json config = llama_config();
  for (const bool tied : {true, false}) {
    config["tie_word_embeddings"] = tied;
    const auto tensors = logical_tensors(shape_of(config));
    EXPECT_EQ(tensors.front().row_sparse, !tied);
    EXPECT_EQ(tensors.back().role, tied ? "final_norm.weight" : "head.out.weight");
  }
}

TEST(Families, names_are_those_of_files) {
  const Family& family = *find_family("gpt2");
  for (const LogicalTensor& tensor : logical_tensors(shape_of(gpt2_config())))
    if (tensor.role == "block.3.attn.qkv.weight") {
      EXPECT_EQ(file_names(family, tensor),
                (std::vector<std::string>{"transformer.h.3.attn.c_attn.weight",
                                          "h.3.attn.c_attn.weight"}));
      EXPECT_TRUE(tensor.transposed);
      EXPECT_EQ(tensor.shape, (std::vector<std::int64_t>{3 * 768, 768}));
    }
  EXPECT_TRUE(is_buffer(family, "h.0.attn.bias"));
  EXPECT_FALSE(is_buffer(family, "h.0.attn.c_attn.bias"));
}

TEST(Families, survive_json) {
  for (const Json& config : {llama_config(), gpt2_config()}) {
    const ModelShape shape = shape_of(config);
    EXPECT_EQ(to_json(model_shape_from_json(to_json(shape))), to_json(shape));
  }
}

}  // namespace temper
