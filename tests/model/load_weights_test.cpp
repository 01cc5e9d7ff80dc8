// Model directories in and out: names of all ages, everything wrong at once, and a round trip.
#include "model/load_weights.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "core/file.hpp"
#include "core/outcome.hpp"
#include "io/safetensors.hpp"
#include "model/export.hpp"
#include "support/temporary_folder.hpp"
#include "support/tiny_model.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

using Values = std::map<std::string, std::vector<double>>;

Values read_all(const fs::path& directory, const ModelShape& shape, std::uint64_t seed = 1,
                bool random = false) {
  const auto tensors = logical_tensors(shape);
  Values values;
  load_weights(directory, shape, tensors, {seed, random, {}},
               [&](int tensor, const std::vector<float>& all) {
                 values[tensors[std::size_t(tensor)].name] = {all.begin(), all.end()};
               });
  return values;
}

std::vector<ExportedTensor> exported(const ModelShape& shape) {
  std::vector<ExportedTensor> all;
  int index = 0;
  for (const LogicalTensor& tensor : logical_tensors(shape)) {
    const auto values = tiny_values(tensor, index++);
    all.push_back({tensor.name, tensor.shape, {values.begin(), values.end()}});
  }
  return all;
}

// Writes tensors under names made by `rename`; "" leaves one out.
template <class Rename>
void write_renamed(const fs::path& directory, const std::vector<ExportedTensor>& tensors,
                   Rename rename) {
  std::vector<TensorToWrite> out;
  for (const ExportedTensor& tensor : tensors)
    if (const std::string name = rename(tensor.name); !name.empty())
      out.push_back({name, tensor.shape, Dtype::f32, tensor.values.data()});
  fs::create_directories(directory);
  write_safetensors(directory / "model.safetensors", out);
}

std::string complaint(const fs::path& directory, const ModelShape& shape) {
  try {
    read_all(directory, shape);
  } catch (const BadInput& bad) {
    return to_text(bad.problems());
  }
  return "";
}

const char* kConfig = R"({"model_type":"bert","dtype":"bfloat16","hidden_size":64,
  "num_hidden_layers":2,"num_attention_heads":4,"intermediate_size":128,"vocab_size":97,
  "max_position_embeddings":40,"type_vocab_size":2,"hidden_act":"gelu","gradient_checkpointing":false})";

// A base model as a directory: no head, tokenizer files of some kind.
void write_base(const fs::path& directory) {
  write_renamed(directory, exported(tiny_shape(Pooling::cls)), [](const std::string& name) {
    return name.starts_with("classifier.") ? std::string() : name;
  });
  write_file_atomically(directory / "config.json", kConfig);
  for (const char* name : {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"})
    write_file_atomically(directory / name, "{\"of\":\"the source\"}");
  write_file_atomically(directory / "vocab.txt", "[PAD]\nword\n");
}

}  // namespace

TEST(LoadWeights, finds_names_with_and_without_prefix_and_of_2018) {
  const TemporaryFolder folder;
  ModelShape shape = tiny_shape(Pooling::cls);
  shape.own_head = true;
  const auto tensors = exported(shape);
  const auto check = [&](auto rename) {
    write_renamed(folder.path(), tensors, rename);
    const Values values = read_all(folder.path(), shape);
    for (const ExportedTensor& tensor : tensors)
      EXPECT_EQ(values.at(tensor.name),
                std::vector<double>(tensor.values.begin(), tensor.values.end()));
  };
  check([](const std::string& name) { return name; });
  check([](const std::string& name) {
    return name.starts_with("classifier.") ? name : "bert." + name;
  });
  check([](std::string name) {
    for (const auto& [now, then] :
         {std::pair{"LayerNorm.weight", "LayerNorm.gamma"}, {"LayerNorm.bias", "LayerNorm.beta"}})
      if (const auto at = name.find(now); at != std::string::npos)
        name.replace(at, std::string(now).size(), then);
    return name;
  });
}

TEST(LoadWeights, names_every_tensor_that_is_missing_or_misshapen) {
  const TemporaryFolder folder;
  const ModelShape shape = tiny_shape(Pooling::cls);
  auto tensors = exported(shape);
  for (ExportedTensor& tensor : tensors)
    if (tensor.name == "pooler.dense.weight") tensor.shape = {32, 128};
  write_renamed(folder.path(), tensors, [](const std::string& name) {
    return name == "encoder.layer.1.output.dense.bias" ||
                   name == "embeddings.word_embeddings.weight"
               ? std::string()
               : name;
  });
  const std::string text = complaint(folder.path(), shape);
  for (const char* part : {"encoder.layer.1.output.dense.bias", "embeddings.word_embeddings.weight",
                           "pooler.dense.weight", "[32,128] instead of [64,64]"})
    EXPECT_NE(text.find(part), std::string::npos) << part << " in\n" << text;
}

TEST(LoadWeights, draws_a_missing_head_by_seed_and_name_only) {
  const TemporaryFolder folder;
  const ModelShape shape = tiny_shape(Pooling::cls);
  write_base(folder.path());
  const Values one = read_all(folder.path(), shape, 1), again = read_all(folder.path(), shape, 1),
               other = read_all(folder.path(), shape, 2);
  EXPECT_EQ(one, again);
  EXPECT_NE(one.at("classifier.weight"), other.at("classifier.weight"));
  EXPECT_EQ(one.at("pooler.dense.weight"), other.at("pooler.dense.weight"));
  EXPECT_EQ(one.at("classifier.bias"), std::vector<double>(5, 0.0));
  const Values random = read_all(folder.path(), shape, 1, true);
  EXPECT_EQ(random.at("classifier.weight"), one.at("classifier.weight"));
  EXPECT_EQ(random.at("embeddings.LayerNorm.weight"), std::vector<double>(64, 1.0));
  double square = 0;
  for (const double value : random.at("encoder.layer.0.intermediate.dense.weight"))
    square += value * value / (64 * 128);
  EXPECT_NEAR(std::sqrt(square), shape.initializer_range, 0.001);
}

TEST(ExportModel, round_trip_keeps_weights_labels_pooling_and_tokenizer) {
  const TemporaryFolder folder;
  const fs::path source = folder.path() / "base", target = folder.path() / "model";
  write_base(source);
  const std::vector<std::string> labels{"a", "b", "c", "d", "e"};
  for (const Pooling pooling : {Pooling::cls, Pooling::mean, Pooling::last}) {
    const ModelShape shape = tiny_shape(pooling);
    const auto tensors = exported(shape);
    export_model(source, target, shape, labels, false, tensors);
    const ModelShape back = value_or_throw(read_model_shape(target, Json::object()));
    EXPECT_EQ(back.pooling, pooling);
    EXPECT_EQ(back.label_names, labels);
    EXPECT_TRUE(back.own_head);
    const Values values = read_all(target, back);
    for (const ExportedTensor& tensor : tensors)
      EXPECT_EQ(values.at(tensor.name),
                std::vector<double>(tensor.values.begin(), tensor.values.end()));
    for (const char* name :
         {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"})
      EXPECT_EQ(value_or_throw(read_text_file(target / name)),
                value_or_throw(read_text_file(source / name)));
    const Json config = value_or_throw(read_json_file(target / "config.json"));
    EXPECT_EQ(config["architectures"], Json({"BertForSequenceClassification"}));
    EXPECT_EQ(config["id2label"]["3"], "d");
    EXPECT_EQ(config["label2id"]["d"], 3);
    EXPECT_EQ(config["problem_type"], "single_label_classification");
    EXPECT_EQ(config["dtype"], "float32") << "not the bf16 of the source";
    EXPECT_EQ(config["gradient_checkpointing"], false) << "other keys are kept";
  }
}

TEST(ExportModel, regression_says_so) {
  const TemporaryFolder folder;
  write_base(folder.path() / "base");
  ModelShape shape = tiny_shape(Pooling::cls);
  shape.num_labels = 1;
  export_model(folder.path() / "base", folder.path() / "model", shape, {}, true, exported(shape));
  const Json config = value_or_throw(read_json_file(folder.path() / "model" / "config.json"));
  EXPECT_EQ(config["problem_type"], "regression");
  EXPECT_EQ(config["num_labels"], 1);
}

TEST(ExportModel, a_failure_leaves_the_old_model_and_no_temporary) {
  const TemporaryFolder folder;
  const fs::path source = folder.path() / "base", target = folder.path() / "model";
  write_base(source);
  const ModelShape shape = tiny_shape(Pooling::cls);
  export_model(source, target, shape, {}, false, exported(shape));
  const std::string before = value_or_throw(read_text_file(target / "config.json"));
  write_file_atomically(source / "config.json", "{broken");
  EXPECT_THROW(export_model(source, target, shape, {}, false, exported(shape)), BadInput);
  EXPECT_EQ(value_or_throw(read_text_file(target / "config.json")), before);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 2);
}

}  // namespace temper
