// The same logits and gradients as Transformers' BERT, on directories that Transformers wrote.
// Numbers by tests/oracles/bert_logits.py.
#include <gtest/gtest.h>

#include <cstdlib>

#include "io/safetensors.hpp"
#include "loss/loss.hpp"
#include "model/load_weights.hpp"
#include "support/tiny_model.hpp"
#include "support/tiny_net.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

const fs::path kData = fs::path(TEMPER_SOURCE_DIR) / "tests/model/data";

Json recorded(const std::string& name) { return value_or_throw(read_json_file(kData / name)); }

TinyModel loaded(const fs::path& directory, const ModelShape& shape, at::ScalarType compute) {
  TinyModel model(shape, compute, /*drawn=*/false);
  load_weights(directory, shape, model.tensors, {1, false, {}},
               [&](int tensor, const std::vector<float>& values) {
                 model.set(tensor, {values.begin(), values.end()});
               });
  return model;
}

PackedBatch batch_of(const Json& documents, bool two_types) {
  PackedBatch batch;
  for (const Json& document : documents) {
    for (std::size_t p = 0; p < document.size(); ++p) {
      batch.ids.push_back(document[p]);
      batch.positions.push_back(std::int32_t(p));
      if (two_types) batch.types.push_back(std::int32_t(p % 2));
      batch.places.push_back({std::uint32_t(batch.size()), std::uint32_t(p)});
    }
    batch.offsets.push_back(batch.tokens());
  }
  return batch;
}

double worst(const at::Tensor& logits, const Json& wanted) {
  double difference = wanted.size() == std::size_t(logits.size(0)) ? 0 : HUGE_VAL;
  for (std::int64_t i = 0; i < logits.size(0); ++i)
    for (std::int64_t c = 0; c < logits.size(1); ++c)
      difference =
          std::max(difference, std::fabs(logits[i][c].item<double>() -
                                         wanted[std::size_t(i)][std::size_t(c)].get<double>()));
  return difference;
}

fs::path shelf_model() {
  const char *prefix = std::getenv("TEMPER_PREFIX"), *home = std::getenv("HOME");
  const fs::path base = prefix != nullptr
                            ? fs::path(prefix)
                            : fs::path(home != nullptr ? home : "/") / ".cache/temper";
  return base / "models/all-MiniLM-L6-v2";
}

}  // namespace

TEST(TinyBertOfTransformers, shape_labels_and_head_are_its_own) {
  const ModelShape shape = value_or_throw(read_model_shape(kData / "tiny_bert", Json::object()));
  EXPECT_TRUE(shape.own_head);
  EXPECT_TRUE(shape.has_pooler);
  EXPECT_EQ(shape.label_names, (std::vector<std::string>{"no", "maybe", "yes"}));
}

TEST(TinyBertOfTransformers, logits_and_gradients_of_every_parameter_are_the_same) {
  const Json record = recorded("tiny_bert.json");
  const ModelShape shape = value_or_throw(read_model_shape(kData / "tiny_bert", Json::object()));
  const TinyModel model = loaded(kData / "tiny_bert", shape, at::kDouble);
  const TinyNet stage(shape, model.table);
  const PackedBatch batch = batch_of(record["documents"], true);
  TinyNet::Saved saved;
  const at::Tensor logits = stage.forward(batch, 1, true, saved);
  EXPECT_LT(worst(logits, record["logits"]), 1e-12);
  stage.backward(cross_entropy(logits, record["labels"], {}).gradient, batch, 1, saved);
  const TensorIndex gradients =
      value_or_throw(read_safetensors_header(kData / "tiny_bert_gradients.safetensors"));
  EXPECT_EQ(gradients.size(), model.tensors.size());
  for (const LogicalTensor& tensor : model.tensors) {
    const bool head = tensor.name.starts_with("classifier.");
    std::vector<double> wanted(static_cast<std::size_t>(tensor.numel()));
    read_elements(gradients.at((head ? "" : "bert.") + tensor.name), 0, tensor.numel(),
                  wanted.data());
    const at::Tensor expected = at::tensor(wanted).view(tensor.shape);
    const double scale = std::max(1.0, expected.abs().max().item<double>());
    EXPECT_LT(model.table.at(tensor.role).gradient.sub(expected).abs().max().item<double>(),
              1e-7 * scale)
        << tensor.name;
  }
}

TEST(MiniLmOfTransformers, logits_in_fp32_are_the_same_to_1e_5_with_both_poolings) {
  if (!fs::exists(shelf_model() / "model.safetensors"))
    GTEST_SKIP() << shelf_model() << " is not there: ./setup fetches it";
  const Json record = recorded("minilm.json");
  for (const Pooling pooling : {Pooling::mean, Pooling::cls}) {
    ModelShape shape = value_or_throw(read_model_shape(shelf_model(), Json::object()));
    EXPECT_EQ(shape.pooling, Pooling::mean) << "as 1_Pooling/config.json says";
    shape.pooling = pooling, shape.has_pooler = pooling == Pooling::cls, shape.num_labels = 5;
    TinyModel model = loaded(shelf_model(), shape, at::kFloat);
    std::vector<double> head;
    for (int i = 0; i < 5 * 384; ++i) head.push_back(0.3 * std::sin(0.1 * i));
    model.set(int(model.tensors.size()) - 2, head);
    ASSERT_EQ(model.tensors[model.tensors.size() - 2].name, "classifier.weight");
    TinyNet::Saved saved;
    const at::Tensor logits =
        TinyNet(shape, model.table).forward(batch_of(record["documents"], false), 1, false, saved);
    EXPECT_LT(worst(logits, record["logits"][pooling == Pooling::mean ? "mean" : "cls"]), 1e-5);
  }
}

}  // namespace temper
