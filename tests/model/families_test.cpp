// Every family against Transformers: loss, logits and the gradient of every parameter.
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include "loss/loss.hpp"
#include "model/head.hpp"
#include "model/stage.hpp"
#include "support/family_case.hpp"

namespace temper {

namespace {

Json cases() {
  const auto path = std::filesystem::path(TEMPER_SOURCE_DIR) / "tests/model/data/families.json";
  return value_or_throw(read_json_file(path))["cases"];
}

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const Json& entry : cases()) names.push_back(entry["name"]);
  return names;
}

// What a model says of a case: the sum of losses over `count` targets, and logits.
struct Answer {
  double sum = 0, count = 0;
  at::Tensor logits;  // [documents or tokens, outputs]
};

// Losses of the rows that have a target; the others have no gradient.
LossResult loss_of_rows(const at::Tensor& logits, const std::vector<std::int32_t>& targets) {
  std::vector<std::int64_t> rows, labels;
  for (std::size_t t = 0; t < targets.size(); ++t)
    if (targets[t] >= 0) rows.push_back(std::int64_t(t)), labels.push_back(targets[t]);
  const at::Tensor index = at::tensor(rows);
  LossResult loss = cross_entropy(logits.index_select(0, index), labels, {});
  loss.gradient = at::zeros_like(logits).index_copy_(0, index, loss.gradient);
  return loss;
}

Answer run(const FamilyModel& model) {
  const Stage stage(model.shape, model.table);
  const Head head(model.shape, model.table);
  const PackedBatch batch = model.batch();
  Stage::Saved saved;
  Head::Saved head_saved;
  MatrixUse use;
  const at::Tensor hidden = stage.forward(batch, 0, /*training=*/true, saved);
  Answer answer;
  if (model.shape.head.kind == HeadKind::language) {
    answer.logits = head.language_logits(hidden, use);
    const LanguageLoss loss =
        head.language_loss(hidden, batch, {.chunk_tokens = 8}, /*gradient=*/true, use);
    answer.sum = loss.sum, answer.count = double(loss.tokens.size());
    stage.backward(loss.d_hidden, batch, 0, saved);
    return answer;
  }
  answer.logits = head.forward(hidden, batch, 0, /*training=*/true, head_saved, use);
  const LossResult loss = model.shape.head.kind == HeadKind::sequence
                              ? cross_entropy(answer.logits, batch.labels, {})
                              : loss_of_rows(answer.logits, batch.targets);
  answer.sum = loss.sum, answer.count = loss.weight;
  stage.backward(head.backward(loss.gradient, batch, 0, head_saved, use), batch, 0, saved);
  return answer;
}

// Deviations are measured against the size of what is compared.
void expect_equal_to_transformers(const Json& recorded, at::ScalarType compute, double within) {
  FamilyModel model(recorded, compute);
  model.shape.attn_dropout = model.shape.hidden_dropout = model.shape.head_dropout = 0;
  const Answer answer = run(model);
  const double loss = recorded["loss"];
  EXPECT_NEAR(answer.sum / answer.count, loss, within * loss);
  const at::Tensor logits = answer.logits.to(at::kDouble).contiguous();
  const PackedBatch batch = model.batch();
  for (const Json& sample : recorded["logits"]) {
    const auto document = sample[0].get<std::int64_t>(), position = sample[1].get<std::int64_t>();
    const std::int64_t row =
        position < 0 ? document : batch.offsets[std::size_t(document)] + position;
    for (std::size_t i = 0; i < sample[2].size(); ++i)
      EXPECT_NEAR(logits[row][std::int64_t(i)].item<double>(), sample[2][i].get<double>(),
                  3 * within)
          << "document " << document << ", position " << position;
  }
  for (const LogicalTensor& tensor : model.tensors) {
    const Json& expected = recorded["gradients"][model.file_name(tensor)];
    const std::vector<double> summary = model.summary(tensor, answer.count);
    // The gradient of a key's bias is nothing but rounding.
    const double room = within * std::max(expected[1].get<double>(), 1e-3);
    for (std::size_t i = 0; i < 3; ++i)
      EXPECT_NEAR(summary[i], expected[i + 1].get<double>(), room * (i == 0 ? 1 : 3))
          << tensor.role << ", " << i;
  }
}

}  // namespace

class Families : public testing::TestWithParam<std::string> {
 protected:
  Json recorded() const {
    for (const Json& entry : cases())
      if (entry["name"] == GetParam()) return entry;
    return {};
  }
};

TEST_P(Families, double_precision_equals_transformers) {
  expect_equal_to_transformers(recorded(), at::kDouble, 1e-9);
}

TEST_P(Families, single_precision_equals_transformers) {
  expect_equal_to_transformers(recorded(), at::kFloat, 1e-4);
}

INSTANTIATE_TEST_SUITE_P(All, Families, testing::ValuesIn(case_names()), [](const auto& of) {
  std::string name = of.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace temper
