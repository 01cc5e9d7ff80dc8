// The whole model's logits and every gradient against autograd on the textbook formulas, in fp64.
#include "model/stage.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "loss/loss.hpp"
#include "support/tiny_model.hpp"

namespace temper {

namespace {

using Leaves = std::map<std::string, at::Tensor>;

Leaves leaves_of(const TinyModel& model) {
  Leaves leaves;
  for (const auto& [name, parameter] : model.table)
    leaves[name] = parameter.weight.to(at::kDouble).clone().requires_grad_(true);
  return leaves;
}

at::Tensor norm(const Leaves& w, const std::string& name, const at::Tensor& x) {
  return at::layer_norm(x, {x.size(-1)}, w.at(name + ".weight"), w.at(name + ".bias"), 1e-12);
}
at::Tensor linear(const Leaves& w, const std::string& name, const at::Tensor& x) {
  return at::linear(x, w.at(name + ".weight"), w.at(name + ".bias"));
}

// One document after the other, as BERT is written down.
at::Tensor reference_logits(const ModelShape& shape, const Leaves& w, const PackedBatch& batch) {
  std::vector<at::Tensor> pooled;
  for (std::int64_t n = 0; n < batch.size(); ++n) {
    const auto slice = [&](const std::vector<std::int32_t>& all) {
      std::vector<std::int64_t> part(all.begin() + batch.offsets[std::size_t(n)],
                                     all.begin() + batch.offsets[std::size_t(n) + 1]);
      return at::tensor(part);
    };
    at::Tensor x = at::embedding(w.at("embeddings.word_embeddings.weight"), slice(batch.ids))
                       .add(at::embedding(w.at("embeddings.position_embeddings.weight"),
                                          slice(batch.positions)))
                       .add(at::embedding(w.at("embeddings.token_type_embeddings.weight"),
                                          slice(batch.types)));
    x = norm(w, "embeddings.LayerNorm", x);
    const std::int64_t length = x.size(0), heads = shape.block.heads, d = shape.block.head_size;
    for (int layer = 0; layer < shape.layers; ++layer) {
      const std::string l = "encoder.layer." + std::to_string(layer) + ".";
      const auto split = [&](const char* part) {
        return linear(w, l + "attention.self." + part, x).view({length, heads, d}).transpose(0, 1);
      };
      const at::Tensor scores =
          at::matmul(split("query"), split("key").transpose(1, 2)).div(std::sqrt(double(d)));
      const at::Tensor context = at::matmul(at::softmax(scores, -1), split("value"))
                                     .transpose(0, 1)
                                     .reshape({length, heads * d});
      x = norm(w, l + "attention.output.LayerNorm",
               linear(w, l + "attention.output.dense", context).add(x));
      const at::Tensor mlp =
          linear(w, l + "output.dense", at::gelu(linear(w, l + "intermediate.dense", x)));
      x = norm(w, l + "output.LayerNorm", mlp.add(x));
    }
    if (shape.pooling == Pooling::mean)
      pooled.push_back(x.mean(0));
    else
      pooled.push_back(at::tanh(linear(w, "pooler.dense", x[0])));
  }
  return linear(w, "classifier", at::stack(pooled));
}

double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  return a.to(at::kDouble).sub(b.to(at::kDouble)).abs().max().item<double>();
}

}  // namespace

class StageParity : public testing::TestWithParam<Pooling> {};

TEST_P(StageParity, logits_and_all_gradients_equal_autograd_in_fp64) {
  const TinyModel model(tiny_shape(GetParam()), at::kDouble);
  const PackedBatch batch = tiny_batch();
  const Stage stage(model.shape, model.table);
  Stage::Saved saved;
  const at::Tensor logits = stage.forward(batch, 1, true, saved);
  const LossResult loss = cross_entropy(logits, batch.labels, {});
  stage.backward(loss.gradient, batch, 1, saved);

  const Leaves leaves = leaves_of(model);
  const at::Tensor expected = reference_logits(model.shape, leaves, batch);
  const at::Tensor reference =
      at::cross_entropy_loss(expected, at::tensor(batch.labels), {}, /*reduction sum=*/2);
  reference.backward();
  EXPECT_LT(largest_difference(logits, expected), 1e-12);
  EXPECT_NEAR(loss.sum, reference.item<double>(), 1e-11);
  for (const auto& [name, parameter] : model.table) {
    const at::Tensor wanted = leaves.at(name).grad();
    ASSERT_TRUE(wanted.defined()) << name;
    EXPECT_LT(largest_difference(parameter.gradient, wanted), 1e-10) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Poolings, StageParity, testing::Values(Pooling::mean, Pooling::cls));

TEST(Stage, fp32_and_bf16_stay_near_fp64) {
  const PackedBatch batch = tiny_batch();
  const auto logits_in = [&](at::ScalarType dtype) {
    const TinyModel model(tiny_shape(), dtype);
    Stage::Saved saved;
    return Stage(model.shape, model.table).forward(batch, 1, false, saved).to(at::kDouble);
  };
  const at::Tensor exact = logits_in(at::kDouble);
  EXPECT_LT(largest_difference(logits_in(at::kFloat), exact), 1e-5);
  EXPECT_LT(largest_difference(logits_in(at::kBFloat16), exact), 0.05);
}

TEST(Stage, documents_do_not_see_each_other) {
  const TinyModel model(tiny_shape(), at::kDouble);
  const Stage stage(model.shape, model.table);
  Stage::Saved saved;
  const at::Tensor together = stage.forward(tiny_batch({3, 1, 17, 6}), 1, false, saved);
  PackedBatch alone = tiny_batch({3, 1, 17, 6});
  const std::int64_t begin = alone.offsets[2], end = alone.offsets[3];
  const auto cut = [&](auto& all) { all = {all.begin() + begin, all.begin() + end}; };
  cut(alone.ids), cut(alone.positions), cut(alone.types), cut(alone.places);
  alone.offsets = {0, end - begin};
  Stage::Saved other;
  EXPECT_LT(largest_difference(stage.forward(alone, 1, false, other)[0], together[2]), 1e-13);
}

TEST(Stage, gradients_with_dropout_equal_finite_differences) {
  ModelShape shape = tiny_shape();
  shape.attn_dropout = 0.2, shape.hidden_dropout = 0.3, shape.head_dropout = 0.1;
  const TinyModel model(shape, at::kDouble);
  const PackedBatch batch = tiny_batch();
  const Stage stage(shape, model.table);
  const auto loss_now = [&] {
    Stage::Saved saved;
    return cross_entropy(stage.forward(batch, 5, true, saved), batch.labels, {}).sum;
  };
  Stage::Saved saved;
  stage.backward(cross_entropy(stage.forward(batch, 5, true, saved), batch.labels, {}).gradient,
                 batch, 5, saved);
  double* w = model.weights.mutable_data_ptr<double>();
  const double* g = model.gradients.const_data_ptr<double>();
  for (std::int64_t i = 101; i < model.weights.numel(); i += 1777) {
    const double kept = w[i], step = 1e-5;
    w[i] = kept + step;
    const double up = loss_now();
    w[i] = kept - step;
    const double down = loss_now();
    w[i] = kept;
    EXPECT_NEAR(g[i], (up - down) / (2 * step), 2e-7 * std::max(1.0, std::abs(g[i])))
        << "element " << i;
  }
}

TEST(Stage, dropout_depends_on_document_and_step_not_on_the_place_in_the_batch) {
  ModelShape shape = tiny_shape();
  shape.hidden_dropout = 0.5;
  const TinyModel model(shape, at::kDouble);
  const Stage stage(shape, model.table);
  PackedBatch whole = tiny_batch({4, 5});
  PackedBatch second = whole;
  const auto cut = [](auto& all) { all = {all.begin() + 4, all.end()}; };
  cut(second.ids), cut(second.positions), cut(second.types), cut(second.places);
  second.offsets = {0, 5};
  Stage::Saved a, b, c;
  const at::Tensor both = stage.forward(whole, 9, true, a);
  EXPECT_LT(largest_difference(stage.forward(second, 9, true, b)[0], both[1]), 1e-13);
  second.step = 1;
  EXPECT_GT(largest_difference(stage.forward(second, 9, true, c)[0], both[1]), 1e-6);
}

TEST(CrossEntropy, equals_torch_with_weights_and_smoothing) {
  const at::Tensor logits =
      at::tensor(std::vector<double>{1, 2, 3, -1, 0.5, 0, 2, 2, 2}).view({3, 3});
  const std::vector<std::int64_t> labels{2, 0, 1};
  const CrossEntropyOptions options{{0.5, 1.0, 2.0}, 0.1};
  const LossResult loss = cross_entropy(logits, labels, options);
  const at::Tensor leaf = logits.clone().requires_grad_(true);
  const at::Tensor reference = at::cross_entropy_loss(
      leaf, at::tensor(labels), at::tensor(options.class_weights), 2, -100, 0.1);
  reference.backward();
  EXPECT_NEAR(loss.sum, reference.item<double>(), 1e-12);
  EXPECT_NEAR(loss.weight, 3.5, 1e-15);
  EXPECT_LT(largest_difference(loss.gradient, leaf.grad()), 1e-12);
}

}  // namespace temper
