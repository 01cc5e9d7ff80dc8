// What may not change a number, for every family: how weights are read, what is computed again in
// backward, how many tokens the head takes at once, the order of documents.
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "loss/loss.hpp"
#include "support/family_directory.hpp"
#include "support/tiny_net.hpp"

namespace temper {

namespace {

const Json& record() {
  static const Json all = value_or_throw(
      read_json_file(std::filesystem::path(TEMPER_SOURCE_DIR) / "tests/model/data/families.json"));
  return all;
}

std::vector<std::string> layer_case_names() {
  std::vector<std::string> names;
  for (const Json& one : record()["cases"]) names.push_back(one["name"]);
  return names;
}

const Json& recorded_case(const std::string& name) {
  for (const Json& one : record()["cases"])
    if (one["name"] == name) return one;
  throw std::out_of_range(name);
}

struct Computed {
  double loss = 0;  // mean over what counts
  at::Tensor logits;
};

// Forward and backward; the model's gradients become those of the sum.
Computed compute(const FamilyCase& of, const StageOptions& options = {},
                 std::int64_t chunk_tokens = 512) {
  const TinyNet net(of.shape, of.model->table, options);
  TinyNet::Saved saved;
  const at::Tensor hidden = net.stage.forward(of.batch, 1, true, saved);
  Computed computed;
  double sum = 0;
  at::Tensor d_hidden;
  if (of.language()) {
    computed.logits = net.head.language_logits(hidden, saved.matrix);
    LanguageLossOptions loss_options;
    loss_options.chunk_tokens = chunk_tokens;
    const LanguageLoss loss =
        net.head.language_loss(hidden, of.batch, loss_options, true, saved.matrix);
    sum = loss.sum, d_hidden = loss.d_hidden;
  } else {
    computed.logits = net.head.forward(hidden, of.batch, 1, true, saved.head, saved.matrix);
    LossResult loss;
    if (of.shape.head.kind == HeadKind::tokens) {
      std::vector<std::int64_t> rows, labels;
      for (std::size_t t = 0; t < of.batch.targets.size(); ++t)
        if (of.batch.targets[t] >= 0)
          rows.push_back(std::int64_t(t)), labels.push_back(of.batch.targets[t]);
      const at::Tensor index = at::tensor(rows);
      loss = cross_entropy(computed.logits.index_select(0, index), labels, {});
      loss.gradient = at::zeros_like(computed.logits).index_copy_(0, index, loss.gradient);
    } else {
      loss = cross_entropy(computed.logits, of.batch.labels, {});
    }
    sum = loss.sum;
    d_hidden = net.head.backward(loss.gradient, of.batch, 1, saved.head, saved.matrix);
  }
  net.stage.backward(d_hidden, of.batch, 1, saved);
  computed.loss = sum / double(of.predictions);
  return computed;
}

}  // namespace

class EveryFamily : public testing::TestWithParam<std::string> {};

TEST_P(EveryFamily, read_from_a_directory_its_loss_is_that_of_transformers) {
  const Json& recorded = recorded_case(GetParam());
  const double loss = recorded["loss"].get<double>();
  EXPECT_NEAR(compute(FamilyCase(recorded)).loss, loss, 1e-9 * loss);
}

TEST_P(EveryFamily, recomputing_activations_changes_no_bit) {
  const FamilyCase of(recorded_case(GetParam()), at::kFloat);
  const at::Tensor before = of.model->gradients;
  const double loss = compute(of).loss;
  const at::Tensor kept = of.model->gradients.clone();
  for (const StageOptions& options :
       {StageOptions{Recompute::blocks, 1}, StageOptions{Recompute::blocks, 2},
        StageOptions{Recompute::selective}}) {
    at::Tensor(before).zero_();
    EXPECT_EQ(compute(of, options).loss, loss);
    EXPECT_TRUE(of.model->gradients.equal(kept)) << "recompute " << int(options.recompute);
  }
}

TEST_P(EveryFamily, the_size_of_the_heads_chunks_does_not_matter) {
  const FamilyCase of(recorded_case(GetParam()));
  if (!of.language()) GTEST_SKIP() << "no language head";
  const double loss = compute(of).loss;
  const at::Tensor whole = of.model->gradients.clone();
  at::Tensor(of.model->gradients).zero_();
  EXPECT_NEAR(compute(of, {}, 5).loss, loss, 1e-13);
  EXPECT_LT(of.model->gradients.sub(whole).abs().max().item<double>(), 1e-12);
}

TEST_P(EveryFamily, documents_may_come_in_any_order) {
  const Json& recorded = recorded_case(GetParam());
  Json turned = recorded;
  std::reverse(turned["documents"].begin(), turned["documents"].end());
  std::reverse(turned["targets"].begin(), turned["targets"].end());
  const FamilyCase one(recorded), other(turned);
  EXPECT_NEAR(compute(one).loss, compute(other).loss, 1e-12);
  EXPECT_LT(one.model->gradients.sub(other.model->gradients).abs().max().item<double>(), 1e-11);
}

INSTANTIATE_TEST_SUITE_P(Families, EveryFamily, testing::ValuesIn(layer_case_names()),
                         [](const auto& made) {
                           std::string name = made.param;
                           for (char& c : name)
                             if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
                           return name;
                         });

}  // namespace temper
