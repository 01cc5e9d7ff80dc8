// Families against published counts, against the names and shapes that Transformers writes, and in
// the parts that layers and files rely on.
#include "plan/families.hpp"

#include <gtest/gtest.h>

#include <map>

#include "plan/file_order.hpp"

namespace temper {

namespace {

const std::filesystem::path kTests = std::filesystem::path(TEMPER_SOURCE_DIR) / "tests";

ModelShape shape_of(const Json& config, const std::string& task = "") {
  ModelShape shape = value_or_throw(model_shape_of_config(config, "config.json"));
  return task.empty() ? shape : value_or_throw(with_task(shape, task));
}

// {"name", "task", "parameters", "config"} of published models.
Json presets() { return value_or_throw(read_json_file(kTests / "plan/data/presets.json")); }

Json preset(const std::string& name) {
  for (const Json& entry : presets())
    if (entry["name"] == name) return entry["config"];
  ADD_FAILURE() << "no preset named " << name;
  return {};
}

// Tiny models as Transformers writes them (tests/oracles/family_models.py).
Json tiny_models() {
  return value_or_throw(read_json_file(kTests / "model/data/families.json"))["cases"];
}

using Shapes = std::map<std::string, std::vector<std::int64_t>>;

Shapes file_shapes(const ModelShape& shape) {
  const Family& family = *find_family(shape.family);
  Shapes shapes;
  for (const LogicalTensor& tensor : logical_tensors(shape)) {
    shapes[file_names(family, tensor).front()] = file_shape(tensor);
  }
  return shapes;
}

std::vector<std::string> roles_of_unit(const ModelShape& shape, int unit) {
  std::vector<std::string> roles;
  for (const LogicalTensor& tensor : logical_tensors(shape))
    if (tensor.unit == unit) roles.push_back(tensor.role);
  return roles;
}

}  // namespace

TEST(Families, counts_equal_the_published_totals) {
  for (const Json& entry : presets()) {
    ModelShape shape = shape_of(entry["config"], entry["task"]);
    shape.num_labels = entry.value("labels", 0);
    std::int64_t total = 0;
    for (const LogicalTensor& tensor : logical_tensors(shape))
      if (!entry.value("without_head", false) || !tensor.role.starts_with("head."))
        total += tensor.numel();
    EXPECT_EQ(total, entry["parameters"].get<std::int64_t>()) << entry["name"];
  }
}

TEST(Families, names_shapes_tasks_and_labels_are_those_that_transformers_writes) {
  for (const Json& model : tiny_models()) {
    const ModelShape shape = shape_of(model["config"]);
    Shapes written;
    for (const auto& [name, gradient] : model["gradients"].items())
      written[name] = gradient[0].get<std::vector<std::int64_t>>();
    EXPECT_EQ(file_shapes(shape), written) << model["name"];
    EXPECT_TRUE(shape.own_head) << model["name"];
    EXPECT_EQ(head_rule(shape).task, model["task"].get<std::string>()) << model["name"];
    EXPECT_EQ(architecture_name(shape), model["config"]["architectures"][0].get<std::string>());
    EXPECT_EQ(std::int64_t(shape.label_names.size()), shape.num_labels) << model["name"];
  }
}

TEST(Families, what_one_product_computes_lies_next_to_each_other) {
  const Json config = preset("Qwen2.5-0.5B");
  EXPECT_EQ(roles_of_unit(shape_of(config), 2),
            (std::vector<std::string>{
                "block.1.norm1.weight", "block.1.attn.q.weight", "block.1.attn.k.weight",
                "block.1.attn.v.weight", "block.1.attn.q.bias", "block.1.attn.k.bias",
                "block.1.attn.v.bias", "block.1.attn.out.weight", "block.1.norm2.weight",
                "block.1.mlp.gate.weight", "block.1.mlp.up.weight", "block.1.mlp.down.weight"}));
  EXPECT_EQ(roles_of_unit(shape_of(config), 0), (std::vector<std::string>{"embed.words.weight"}));
  EXPECT_EQ(roles_of_unit(shape_of(config), 25), (std::vector<std::string>{"final_norm.weight"}));
}

TEST(Families, a_shared_output_matrix_is_no_tensor_and_makes_the_embedding_dense) {
  Json config = preset("Llama-3.2-1B");
  for (const bool tied : {true, false}) {
    config["tie_word_embeddings"] = tied;
    const auto tensors = logical_tensors(shape_of(config));
    EXPECT_EQ(tensors.front().row_sparse, !tied);
    EXPECT_EQ(tensors.back().role, tied ? "final_norm.weight" : "head.out.weight");
    // With another head the embedding has the rows of the tokens seen only.
    EXPECT_TRUE(logical_tensors(shape_of(config, "sequence-classification")).front().row_sparse);
  }
}

TEST(Families, files_may_carry_a_prefix_or_none_and_old_words) {
  const auto named = [](const std::string& type, const std::string& role, const std::string& name) {
    LogicalTensor tensor;
    tensor.role = role, tensor.name = name;
    return file_names(*find_family(type), tensor);
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(named("gpt2", "block.3.norm1.weight", "h.3.ln_1.weight"),
            (Names{"transformer.h.3.ln_1.weight", "h.3.ln_1.weight"}));
  EXPECT_EQ(named("bert", "embed.norm.weight", "embeddings.LayerNorm.weight"),
            (Names{"bert.embeddings.LayerNorm.weight", "embeddings.LayerNorm.weight",
                   "bert.embeddings.LayerNorm.gamma", "embeddings.LayerNorm.gamma"}));
  EXPECT_EQ(named("llama", "head.out.weight", "lm_head.weight"), (Names{"lm_head.weight"}));
  EXPECT_EQ(named("xlm-roberta", "embed.words.weight", "embeddings.word_embeddings.weight"),
            (Names{"roberta.embeddings.word_embeddings.weight", "embeddings.word_embeddings.weight",
                   "lm_head.decoder.weight"}));
  EXPECT_TRUE(is_buffer(*find_family("gpt2"), "h.0.attn.bias"));
  EXPECT_FALSE(is_buffer(*find_family("gpt2"), "h.0.attn.c_attn.bias"));
}

TEST(Families, the_head_follows_the_task_and_stays_the_own_one_only_for_it) {
  Json config = preset("Llama-3-8B");
  config["architectures"] = {"LlamaForCausalLM"};
  const ModelShape language = shape_of(config);
  EXPECT_TRUE(language.own_head);
  EXPECT_TRUE(value_or_throw(with_task(language, "causal-lm")).own_head);
  const ModelShape classes = value_or_throw(with_task(language, "sequence-classification"));
  EXPECT_FALSE(classes.own_head);
  EXPECT_EQ(classes.pooling, Pooling::last);
  EXPECT_EQ(architecture_name(classes), "LlamaForSequenceClassification");
  const Checked<ModelShape> masked = with_task(language, "masked-lm");
  ASSERT_FALSE(masked);
  EXPECT_NE(to_text(masked.problems()).find("causal-lm, sequence-classification"),
            std::string::npos);
  EXPECT_TRUE(with_task(shape_of(preset("BERT base cased with pooler")), "masked-lm"));
}

TEST(Families, a_classifier_without_label_names_has_two_as_in_transformers) {
  Json config = preset("BERT base cased with pooler");
  config["architectures"] = {"BertForSequenceClassification"};
  EXPECT_EQ(shape_of(config).label_names, (std::vector<std::string>{"LABEL_0", "LABEL_1"}));
  config["architectures"] = {"BertModel"};
  EXPECT_FALSE(shape_of(config).own_head);
}

TEST(Families, all_survive_json) {
  for (const Json& model : tiny_models()) {
    const ModelShape shape = shape_of(model["config"]);
    const Json json = to_json(shape);
    EXPECT_EQ(to_json(model_shape_from_json(json)), json) << model["name"];
    EXPECT_EQ(file_shapes(model_shape_from_json(json)), file_shapes(shape)) << model["name"];
  }
}

}  // namespace temper
