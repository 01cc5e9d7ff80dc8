#include "plan/model_shape.hpp"

#include <gtest/gtest.h>

#include "support/study_folder.hpp"

namespace temper {

TEST(ModelShape, reads_config_json_and_counts_every_tensor) {
  const StudyFolder folder;
  const Checked<ModelShape> shape = read_model_shape(folder.path() / "model", Json::object());
  ASSERT_TRUE(shape) << to_text(shape.problems());
  EXPECT_EQ(shape.value().block.head_size, 16);
  EXPECT_TRUE(shape.value().has_pooler);
  ModelShape labelled = shape.value();
  labelled.num_labels = 5;
  std::int64_t total = 0;
  for (const LogicalTensor& tensor : logical_tensors(labelled)) total += tensor.numel();
  const std::int64_t h = 64, f = 128;
  const std::int64_t embeddings = (97 + 40 + 2) * h + 2 * h;
  const std::int64_t layer = 4 * (h * h + h) + 2 * h + (h * f + f) + (f * h + h) + 2 * h;
  EXPECT_EQ(total, embeddings + 2 * layer + (h * h + h) + 5 * h + 5);
}

TEST(ModelShape, overrides_replace_keys_of_config_json) {
  const StudyFolder folder;
  const Checked<ModelShape> shape =
      read_model_shape(folder.path() / "model", {{"num_hidden_layers", 1}, {"hidden_act", "relu"}});
  ASSERT_TRUE(shape);
  EXPECT_EQ(shape.value().layers, 1);
  EXPECT_EQ(shape.value().block.activation, Activation::relu);
}

TEST(ModelShape, names_every_key_that_is_wrong_or_changes_the_mathematics) {
  const StudyFolder folder;
  const Checked<ModelShape> shape =
      read_model_shape(folder.path() / "model", {{"position_embedding_type", "relative_key"},
                                                 {"is_decoder", true},
                                                 {"hidden_act", "swiglu"},
                                                 {"num_attention_heads", 7},
                                                 {"vocab_size", -3}});
  ASSERT_FALSE(shape);
  const std::string text = to_text(shape.problems());
  for (const char* key :
       {"position_embedding_type", "is_decoder", "hidden_act", "num_attention_heads", "vocab_size"})
    EXPECT_NE(text.find(key), std::string::npos) << key << "\n" << text;
  EXPECT_FALSE(read_model_shape(folder.path() / "model", {{"model_type", "mamba"}}));
}

TEST(ModelShape, pooling_follows_sentence_transformers) {
  const StudyFolder folder;
  folder.write("model/1_Pooling/config.json", R"({"pooling_mode_mean_tokens": true})");
  const Checked<ModelShape> shape = read_model_shape(folder.path() / "model", Json::object());
  ASSERT_TRUE(shape);
  EXPECT_EQ(shape.value().pooling, Pooling::mean);
  EXPECT_FALSE(shape.value().has_pooler);
}

TEST(ModelShape, survives_json) {
  const StudyFolder folder;
  const ModelShape shape =
      value_or_throw(read_model_shape(folder.path() / "model", Json::object()));
  EXPECT_EQ(to_json(model_shape_from_json(to_json(shape))), to_json(shape));
}

}  // namespace temper
