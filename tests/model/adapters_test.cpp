// Adapters against the weights they stand for: y = W x + s B A x is the model of W + s B A, and so
// are its gradients: dB = s dW A^T, dA = s B^T dW.
#include <ATen/ops/mm.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/file.hpp"
#include "plan/lora_plan.hpp"
#include "support/tiny_model.hpp"
#include "support/tiny_net.hpp"

namespace temper {

namespace {

LoraSpec spec_of(const std::vector<std::string>& targets = {"all-linear"}) {
  LoraSpec spec;
  spec.r = 4, spec.lora_alpha = 6, spec.target_modules = targets;
  return spec;
}

ModelShape shape_of(const std::string& name) {
  const Json all = value_or_throw(
      read_json_file(std::filesystem::path(TEMPER_SOURCE_DIR) / "tests/model/data/families.json"));
  for (const Json& one : all["cases"])
    if (one["name"] == name) {
      ModelShape shape = value_or_throw(model_shape_of_config(one["config"], name));
      shape.attn_dropout = shape.hidden_dropout = shape.head_dropout = 0;
      return shape;
    }
  throw std::out_of_range(name);
}

// A base model and the same one with adapters, frozen underneath.
struct Pair {
  ModelShape shape;
  LoraSpec spec;
  TinyModel base, adapted;

  Pair(const std::string& name, const LoraSpec& of, at::ScalarType compute = at::kDouble)
      : shape(shape_of(name)),
        spec(of),
        base(shape, compute),
        adapted(shape, value_or_throw(lora_tensors(shape, logical_tensors(shape), of)), compute) {
    for (const auto& [role, parameter] : base.table)
      at::Tensor(adapted.table.at(role).weight).copy_(parameter.weight);
  }
  template <class Visit>
  void for_adapters(Visit visit) const {
    for (const LogicalTensor& tensor : adapted.tensors)
      if (tensor.role.ends_with(".lora_a")) {
        const std::string role = tensor.role.substr(0, tensor.role.rfind('.'));
        visit(role, adapted.table.at(role + ".lora_a"), adapted.table.at(role + ".lora_b"));
      }
  }
};

PackedBatch batch_of(const ModelShape& shape) {
  PackedBatch batch = tiny_batch({3, 1, 17, 6}, shape.vocab_size);
  batch.types.clear();
  for (std::size_t t = 0; t < batch.ids.size(); ++t)
    batch.targets.push_back(t % 3 == 0 ? -1
                                       : std::int32_t((5 * t + 1) % std::size_t(shape.vocab_size)));
  return batch;
}

double run(const ModelShape& shape, const ParameterTable& table, const StageOptions& options,
           bool backward = true) {
  const TinyNet net(shape, table, options);
  const PackedBatch batch = batch_of(shape);
  TinyNet::Saved saved;
  const at::Tensor hidden = net.stage.forward(batch, 3, true, saved);
  const LanguageLoss loss = net.head.language_loss(hidden, batch, {}, backward, saved.matrix);
  if (backward) net.stage.backward(loss.d_hidden, batch, 3, saved);
  return loss.sum;
}

double largest(const at::Tensor& difference) { return difference.abs().max().item<double>(); }

}  // namespace

class LowRank : public testing::TestWithParam<const char*> {};

TEST_P(LowRank, merged_and_unmerged_are_one_model_with_gradients_of_one_another) {
  const Pair pair(GetParam(), spec_of());
  const double scale = lora_scale(pair.spec);
  const double unmerged = run(pair.shape, pair.adapted.table, {.lora_scale = scale});
  pair.for_adapters([&](const std::string& role, const Parameter& a, const Parameter& b) {
    at::Tensor(pair.base.table.at(role + ".weight").weight).add_(at::mm(b.weight, a.weight), scale);
  });
  EXPECT_NEAR(run(pair.shape, pair.base.table, {}), unmerged, 1e-12 * unmerged);
  pair.for_adapters([&](const std::string& role, const Parameter& a, const Parameter& b) {
    const at::Tensor dw = pair.base.table.at(role + ".weight").gradient;
    EXPECT_LT(largest(b.gradient.sub(at::mm(dw, a.weight.t()).mul(scale))), 1e-11) << role;
    EXPECT_LT(largest(a.gradient.sub(at::mm(b.weight.t(), dw).mul(scale))), 1e-11) << role;
    EXPECT_GT(largest(a.gradient), 1e-6) << role;
  });
}

TEST_P(LowRank, that_are_zero_leave_the_base_to_the_last_bit) {
  const Pair pair(GetParam(), spec_of(), at::kFloat);
  pair.for_adapters([](const std::string&, const Parameter&, const Parameter& b) {
    at::Tensor(b.weight).zero_();
  });
  EXPECT_EQ(run(pair.shape, pair.adapted.table, {.lora_scale = lora_scale(pair.spec)}, false),
            run(pair.shape, pair.base.table, {}, false));
}

TEST_P(LowRank, repeat_their_dropout_in_backward) {
  const Pair pair(GetParam(), spec_of());
  const StageOptions options{.lora_scale = lora_scale(pair.spec), .lora_dropout = 0.3};
  run(pair.shape, pair.adapted.table, options);
  EXPECT_NE(run(pair.shape, pair.adapted.table, options, false),
            run(pair.shape, pair.adapted.table, {.lora_scale = options.lora_scale}, false));
  pair.for_adapters([&](const std::string& role, const Parameter& a, const Parameter& b) {
    for (const Parameter* parameter : {&a, &b}) {
      const at::Tensor flat = parameter->weight.view({-1});
      const std::int64_t at = flat.numel() / 3;
      const double kept = flat[at].item<double>(), step = 1e-5;
      flat[at].fill_(kept + step);
      const double up = run(pair.shape, pair.adapted.table, options, false);
      flat[at].fill_(kept - step);
      const double down = run(pair.shape, pair.adapted.table, options, false);
      flat[at].fill_(kept);
      const double slope = parameter->gradient.reshape({-1})[at].item<double>();
      EXPECT_NEAR(slope, (up - down) / (2 * step), 1e-6 * std::max(1.0, std::abs(slope))) << role;
    }
  });
}

TEST_P(LowRank, recomputed_activations_change_no_bit) {
  const Pair pair(GetParam(), spec_of(), at::kBFloat16);
  const double scale = lora_scale(pair.spec);
  run(pair.shape, pair.adapted.table, {.lora_scale = scale});
  const at::Tensor kept = pair.adapted.gradients.clone();
  for (const Recompute recompute : {Recompute::blocks, Recompute::selective}) {
    at::Tensor(pair.adapted.gradients).zero_();
    run(pair.shape, pair.adapted.table, {.recompute = recompute, .lora_scale = scale});
    EXPECT_TRUE(pair.adapted.gradients.equal(kept));
  }
}

// Fused and separate projections, with gate and without, heads that files interleave.
INSTANTIATE_TEST_SUITE_P(Families, LowRank,
                         testing::Values("llama", "gpt2", "phi3", "gpt-neox", "gemma2"),
                         [](const auto& made) {
                           std::string name = made.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(AdaptersOfSomeLinears, leave_the_others_as_they_are) {
  const Pair pair("llama", spec_of({"q_proj", "v_proj", "down_proj"}));
  const double scale = lora_scale(pair.spec);
  const double unmerged = run(pair.shape, pair.adapted.table, {.lora_scale = scale});
  int adapters = 0;
  pair.for_adapters([&](const std::string& role, const Parameter& a, const Parameter& b) {
    ++adapters;
    at::Tensor(pair.base.table.at(role + ".weight").weight).add_(at::mm(b.weight, a.weight), scale);
  });
  EXPECT_EQ(adapters, 6);
  EXPECT_NEAR(run(pair.shape, pair.base.table, {}), unmerged, 1e-12 * unmerged);
}

TEST(AdaptersOfSomeLinears, of_the_upper_layer_need_no_backward_below) {
  const Pair all("llama", spec_of()), upper("llama", spec_of({".*layers\\.1\\..*"}));
  for (const auto& [role, parameter] : upper.adapted.table) {
    at::Tensor(parameter.weight).copy_(all.adapted.table.at(role).weight);
  }
  // The lower adapters count nothing, so that both are one model.
  all.for_adapters([](const std::string& role, const Parameter&, const Parameter& b) {
    if (role.starts_with("block.0.")) at::Tensor(b.weight).zero_();
  });
  run(all.shape, all.adapted.table, {});
  run(upper.shape, upper.adapted.table, {});
  upper.for_adapters([&](const std::string& role, const Parameter& a, const Parameter& b) {
    EXPECT_LT(largest(a.gradient.sub(all.adapted.table.at(role + ".lora_a").gradient)), 1e-12);
    EXPECT_LT(largest(b.gradient.sub(all.adapted.table.at(role + ".lora_b").gradient)), 1e-12);
  });
  const auto flops = [](const Pair& pair) {
    const TinyNet net(pair.shape, pair.adapted.table);
    const PackedBatch batch = batch_of(pair.shape);
    TinyNet::Saved saved;
    const at::Tensor hidden = net.stage.forward(batch, 3, true, saved);
    net.stage.backward(hidden.clone(), batch, 3, saved);
    return saved.matrix.flops;
  };
  EXPECT_LT(flops(upper), 0.85 * flops(all));
}

TEST(MergeAdapter, adds_the_product_in_fp32) {
  std::vector<float> w{1, 2, 3, 4};
  merge_adapter(w, {1, 1}, {0.5f, -1}, 1, 2);
  EXPECT_EQ(w, (std::vector<float>{2, 3, 1, 2}));
}

}  // namespace temper
