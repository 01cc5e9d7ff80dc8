// The whole model's logits and every gradient against autograd on the textbook formulas, in fp64.
#include <ATen/ops/cat.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "loss/loss.hpp"
#include "support/tiny_model.hpp"
#include "support/tiny_net.hpp"

namespace temper {

namespace {

using Leaves = std::map<std::string, at::Tensor>;

Leaves leaves_of(const TinyModel& model) {
  Leaves leaves;
  for (const LogicalTensor& tensor : model.tensors)
    leaves[tensor.name] =
        model.table.at(tensor.role).weight.to(at::kDouble).clone().requires_grad_(true);
  return leaves;
}

at::Tensor norm(const Leaves& w, const std::string& name, const at::Tensor& x) {
  return at::layer_norm(x, {x.size(-1)}, w.at(name + ".weight"), w.at(name + ".bias"), 1e-12);
}
at::Tensor linear(const Leaves& w, const std::string& name, const at::Tensor& x) {
  return at::linear(x, w.at(name + ".weight"), w.at(name + ".bias"));
}

at::Tensor activation(Activation kind, const at::Tensor& x) {
  switch (kind) {
    case Activation::gelu_tanh:
      return at::gelu(x, "tanh");
    case Activation::silu:
      return at::silu(x);
    case Activation::relu:
      return at::relu(x);
    default:
      return at::gelu(x);
  }
}

// Scales of dropout for the tokens of document n (all, or the first `rows`), drawn by their keys.
at::Tensor scales(const PackedBatch& batch, std::int64_t n, std::int64_t rows, std::int64_t width,
                  const DropoutKey& key) {
  std::vector<double> all;
  std::vector<float> row(static_cast<std::size_t>(width));
  for (std::int64_t i = 0; i < rows; ++i) {
    dropout_scales(key, batch.places[std::size_t(batch.offsets[std::size_t(n)] + i)], width,
                   row.data());
    all.insert(all.end(), row.begin(), row.end());
  }
  return at::tensor(all).view({rows, width});
}

// One document after the other, as BERT is written down.
at::Tensor reference_logits(const ModelShape& shape, const Leaves& w, const PackedBatch& batch) {
  std::vector<at::Tensor> pooled;
  for (std::int64_t n = 0; n < batch.size(); ++n) {
    const auto drop = [&](const at::Tensor& x, std::uint32_t layer, std::uint32_t op, double p) {
      return p == 0 ? x : x.mul(scales(batch, n, x.size(0), x.size(1), {5, 0, layer, op, p}));
    };
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
    x = drop(norm(w, "embeddings.LayerNorm", x), 0, 3, shape.hidden_dropout);
    const std::int64_t length = x.size(0), heads = shape.block.heads, d = shape.block.head_size;
    for (std::uint32_t layer = 0; layer < shape.layers; ++layer) {
      const std::string l = "encoder.layer." + std::to_string(layer) + ".";
      const auto split = [&](const char* part) {
        return linear(w, l + "attention.self." + part, x).view({length, heads, d}).transpose(0, 1);
      };
      const at::Tensor scores =
          at::matmul(split("query"), split("key").transpose(1, 2)).div(std::sqrt(double(d)));
      std::vector<at::Tensor> probabilities;
      for (std::int64_t h = 0; h < heads; ++h)
        probabilities.push_back(
            drop(at::softmax(scores[h], -1), layer + 1, 16 + std::uint32_t(h), shape.attn_dropout));
      const at::Tensor context = at::matmul(at::stack(probabilities), split("value"))
                                     .transpose(0, 1)
                                     .reshape({length, heads * d});
      x = norm(
          w, l + "attention.output.LayerNorm",
          drop(linear(w, l + "attention.output.dense", context), layer + 1, 1, shape.hidden_dropout)
              .add(x));
      const at::Tensor mlp =
          linear(w, l + "output.dense",
                 activation(shape.block.activation, linear(w, l + "intermediate.dense", x)));
      x = norm(w, l + "output.LayerNorm", drop(mlp, layer + 1, 2, shape.hidden_dropout).add(x));
    }
    at::Tensor summary = shape.pooling == Pooling::mean  ? x.mean(0)
                         : shape.pooling == Pooling::cls ? x[0]
                                                         : x[length - 1];
    if (shape.has_pooler) summary = at::tanh(linear(w, "pooler.dense", summary));
    pooled.push_back(drop(summary.unsqueeze(0), 0, 4, shape.head_dropout)[0]);
  }
  return linear(w, "classifier", at::stack(pooled));
}

double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  return a.to(at::kDouble).sub(b.to(at::kDouble)).abs().max().item<double>();
}

}  // namespace

struct Variant {
  const char* name;
  Pooling pooling;
  bool pooler;
  double dropout;
  Activation activation = Activation::gelu_erf;
  std::int64_t head_size = 16;  // of 4 heads
};
void PrintTo(const Variant& variant, std::ostream* out) { *out << variant.name; }

class StageParity : public testing::TestWithParam<Variant> {
 protected:
  static ModelShape shape() {
    const Variant& v = GetParam();
    ModelShape shape = tiny_shape(v.pooling);
    shape.has_pooler = v.pooler;
    shape.block.activation = v.activation;
    shape.block.head_size = v.head_size, shape.block.hidden = 4 * v.head_size;
    shape.attn_dropout = v.dropout, shape.hidden_dropout = v.dropout / 2;
    shape.head_dropout = v.dropout / 3;
    return shape;
  }
};

TEST_P(StageParity, logits_and_all_gradients_equal_autograd_in_fp64) {
  const TinyModel model(shape(), at::kDouble);
  const PackedBatch batch = tiny_batch();
  const TinyNet stage(model.shape, model.table);
  TinyNet::Saved saved;
  const at::Tensor logits = stage.forward(batch, 5, true, saved);
  const LossResult loss = cross_entropy(logits, batch.labels, {});
  stage.backward(loss.gradient, batch, 5, saved);

  const Leaves leaves = leaves_of(model);
  const at::Tensor expected = reference_logits(model.shape, leaves, batch);
  const at::Tensor reference =
      at::cross_entropy_loss(expected, at::tensor(batch.labels), {}, /*reduction sum=*/2);
  reference.backward();
  EXPECT_LT(largest_difference(logits, expected), 1e-12);
  EXPECT_NEAR(loss.sum, reference.item<double>(), 1e-11);
  for (const LogicalTensor& tensor : model.tensors) {
    const at::Tensor wanted = leaves.at(tensor.name).grad();
    ASSERT_TRUE(wanted.defined()) << tensor.name;
    EXPECT_LT(largest_difference(model.table.at(tensor.role).gradient, wanted), 1e-10)
        << tensor.name;
  }
}

TEST_P(StageParity, gradients_are_added_to_so_micro_batches_accumulate) {
  const TinyModel model(shape(), at::kDouble);
  const PackedBatch batch = tiny_batch();
  const TinyNet stage(model.shape, model.table);
  const auto backward = [&] {
    TinyNet::Saved saved;
    const at::Tensor logits = stage.forward(batch, 5, true, saved);
    stage.backward(cross_entropy(logits, batch.labels, {}).gradient, batch, 5, saved);
  };
  backward();
  const at::Tensor once = model.gradients.clone();
  backward();
  EXPECT_LT(largest_difference(model.gradients, once.mul(2)), 1e-12);
}

TEST_P(StageParity, a_frozen_encoder_leaves_the_gradients_of_the_head_as_they_were) {
  const TinyModel whole(shape(), at::kDouble), frozen(shape(), at::kDouble);
  const PackedBatch batch = tiny_batch();
  const auto backward = [&](const TinyModel& model, const ParameterTable& table) {
    const TinyNet stage(model.shape, table);
    TinyNet::Saved saved;
    const at::Tensor logits = stage.forward(batch, 5, true, saved);
    stage.backward(cross_entropy(logits, batch.labels, {}).gradient, batch, 5, saved);
  };
  backward(whole, whole.table);
  backward(frozen, frozen.with_gradients_of("head."));
  for (const auto& [name, parameter] : frozen.table)
    if (name.starts_with("head."))
      EXPECT_LT(largest_difference(parameter.gradient, whole.table.at(name).gradient), 1e-15);
    else
      EXPECT_EQ(parameter.gradient.abs().max().item<double>(), 0) << name;
}

INSTANTIATE_TEST_SUITE_P(
    Variants, StageParity,
    testing::Values(Variant{"mean", Pooling::mean, false, 0},
                    Variant{"cls_with_pooler", Pooling::cls, true, 0},
                    Variant{"cls", Pooling::cls, false, 0},
                    Variant{"last", Pooling::last, false, 0},
                    Variant{"mean_dropout", Pooling::mean, false, 0.4},
                    Variant{"cls_dropout", Pooling::cls, true, 0.3},
                    Variant{"gelu_new", Pooling::mean, false, 0, Activation::gelu_tanh},
                    Variant{"silu", Pooling::mean, false, 0, Activation::silu},
                    Variant{"relu", Pooling::mean, false, 0, Activation::relu},
                    Variant{"hidden_40", Pooling::cls, true, 0.1, Activation::gelu_erf, 10}),
    [](const auto& made) { return made.param.name; });

TEST(Stage, fp32_and_bf16_stay_near_fp64) {
  const PackedBatch batch = tiny_batch();
  const auto logits_in = [&](at::ScalarType dtype) {
    const TinyModel model(tiny_shape(), dtype);
    TinyNet::Saved saved;
    return TinyNet(model.shape, model.table).forward(batch, 1, false, saved).to(at::kDouble);
  };
  const at::Tensor exact = logits_in(at::kDouble);
  EXPECT_LT(largest_difference(logits_in(at::kFloat), exact), 1e-5);
  EXPECT_LT(largest_difference(logits_in(at::kBFloat16), exact), 0.05);
}

TEST(Stage, counts_its_matrix_products) {
  const TinyModel model(tiny_shape(), at::kFloat);
  const PackedBatch batch = tiny_batch();
  const TinyNet stage(model.shape, model.table);
  TinyNet::Saved saved;
  const at::Tensor logits = stage.forward(batch, 1, true, saved);
  const double forward = 2.0 * 27 * 2 * (4 * 64 * 64 + 2 * 64 * 128);
  EXPECT_EQ(saved.matrix.flops, forward);
  stage.backward(cross_entropy(logits, batch.labels, {}).gradient, batch, 1, saved);
  EXPECT_EQ(saved.matrix.flops, 3 * forward);
  EXPECT_GT(saved.matrix.seconds, 0);
}

TEST(Stage, documents_do_not_see_each_other) {
  const TinyModel model(tiny_shape(), at::kDouble);
  const TinyNet stage(model.shape, model.table);
  TinyNet::Saved saved;
  const at::Tensor together = stage.forward(tiny_batch({3, 1, 17, 6}), 1, false, saved);
  PackedBatch alone = tiny_batch({3, 1, 17, 6});
  const std::int64_t begin = alone.offsets[2], end = alone.offsets[3];
  const auto cut = [&](auto& all) { all = {all.begin() + begin, all.begin() + end}; };
  cut(alone.ids), cut(alone.positions), cut(alone.types), cut(alone.places);
  alone.offsets = {0, end - begin};
  TinyNet::Saved other;
  EXPECT_LT(largest_difference(stage.forward(alone, 1, false, other)[0], together[2]), 1e-13);
}

TEST(Stage, gradients_with_dropout_equal_finite_differences) {
  ModelShape shape = tiny_shape();
  shape.attn_dropout = 0.2, shape.hidden_dropout = 0.3, shape.head_dropout = 0.1;
  const TinyModel model(shape, at::kDouble);
  const PackedBatch batch = tiny_batch();
  const TinyNet stage(shape, model.table);
  const auto loss_now = [&] {
    TinyNet::Saved saved;
    return cross_entropy(stage.forward(batch, 5, true, saved), batch.labels, {}).sum;
  };
  TinyNet::Saved saved;
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
  const TinyNet stage(shape, model.table);
  PackedBatch whole = tiny_batch({4, 5});
  PackedBatch second = whole;
  const auto cut = [](auto& all) { all = {all.begin() + 4, all.end()}; };
  cut(second.ids), cut(second.positions), cut(second.types), cut(second.places);
  second.offsets = {0, 5};
  TinyNet::Saved a, b, c;
  const at::Tensor both = stage.forward(whole, 9, true, a);
  EXPECT_LT(largest_difference(stage.forward(second, 9, true, b)[0], both[1]), 1e-13);
  second.step = 1;
  EXPECT_GT(largest_difference(stage.forward(second, 9, true, c)[0], both[1]), 1e-6);
}

}  // namespace temper
