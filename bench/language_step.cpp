// Forward and backward of SmolLM2-135M's shape over packed documents, without data, communication
// or optimizer: what the layers alone can do.
//
//   bench_language_step full|lora [none|blocks|selective] [TOKENS 1024] [LENGTH 256] [STEPS 8]
//
// bf16; 29 % of the tokens have a target; threads by OMP_NUM_THREADS. Prints tokens per second of
// wall time (median of steps), the parts of a step, and how much of it matrix products are.
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <malloc.h>
#include <sys/resource.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "core/extent.hpp"
#include "model/head.hpp"
#include "model/stage.hpp"
#include "plan/lora_plan.hpp"
#include "sharding/unit_layout.hpp"
#include "train/layers.hpp"

namespace {

using namespace temper;

ModelShape smollm2() {
  return value_or_throw(model_shape_of_config(
      Json::parse(R"({"model_type":"llama","architectures":["LlamaForCausalLM"],"hidden_size":576,
        "num_hidden_layers":30,"num_attention_heads":9,"num_key_value_heads":3,
        "intermediate_size":1536,"vocab_size":49152,"max_position_embeddings":8192,
        "rms_norm_eps":1e-5,"hidden_act":"silu","rope_theta":100000.0,
        "tie_word_embeddings":true})"),
      "config.json"));
}

ParameterTable parameters(const std::vector<LogicalTensor>& tensors) {
  std::int64_t total[2] = {0, 0}, offset[2] = {0, 0};  // frozen, trained
  for (const LogicalTensor& t : tensors) total[t.trained] += align_up(t.numel(), kUnitAtom);
  const at::Tensor weights[2] = {at::randn({total[0]}, at::kBFloat16).mul_(0.02),
                                 at::randn({total[1]}, at::kBFloat16).mul_(0.02)};
  const at::Tensor gradients = at::zeros({total[1]}, at::kFloat);
  ParameterTable table;
  for (const LogicalTensor& t : tensors) {
    const auto view = [&](const at::Tensor& flat) {
      return flat.narrow(0, offset[t.trained], t.numel()).view(t.shape);
    };
    table.add(t.role, {view(weights[t.trained]), t.trained ? view(gradients) : at::Tensor()});
    offset[t.trained] += align_up(t.numel(), kUnitAtom);
  }
  return table;
}

PackedBatch batch_of(std::int64_t tokens, std::int64_t length) {
  PackedBatch batch;
  for (std::int64_t t = 0; t < tokens; ++t) {
    batch.ids.push_back(std::int32_t((7919 * t + 13) % 49152));
    batch.positions.push_back(std::int32_t(t % length));
    batch.places.push_back({std::uint32_t(t / length), std::uint32_t(t % length)});
    batch.targets.push_back(t % 100 < 29 ? std::int32_t((104729 * t + 7) % 49152) : -1);
    if ((t + 1) % length == 0 || t + 1 == tokens) batch.offsets.push_back(t + 1);
  }
  return batch;
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

struct Step {
  double forward = 0, head = 0, backward = 0, products = 0, flops = 0;
  double seconds() const { return forward + head + backward; }
};

Step run(const Stage& stage, const Head& head, const PackedBatch& batch) {
  Step step;
  Stage::Saved saved;
  auto begin = std::chrono::steady_clock::now();
  const at::Tensor hidden = stage.forward(batch, 7, true, saved);
  step.forward = seconds_since(begin), begin = std::chrono::steady_clock::now();
  const LanguageLoss loss = head.language_loss(hidden, batch, {}, true, saved.matrix);
  step.head = seconds_since(begin), begin = std::chrono::steady_clock::now();
  stage.backward(loss.d_hidden, batch, 7, saved);
  step.backward = seconds_since(begin);
  step.products = saved.matrix.seconds, step.flops = saved.matrix.flops;
  return step;
}

}  // namespace

int main(int argc, char** argv) {
  const bool lora = argc > 1 && std::string(argv[1]) == "lora";
  const std::string recompute = argc > 2 ? argv[2] : "none";
  const std::int64_t tokens = argc > 3 ? std::atol(argv[3]) : 1024;
  const std::int64_t length = argc > 4 ? std::atol(argv[4]) : 256;
  const int steps = argc > 5 ? std::atoi(argv[5]) : 8;
  ::mallopt(M_MMAP_THRESHOLD, 1 << 30);
  ::mallopt(M_TRIM_THRESHOLD, 2'000'000'000);
  Kokkos::ScopeGuard kokkos(argc, argv);
  const at::NoGradGuard no_grad;
  const ModelShape shape = smollm2();
  std::vector<LogicalTensor> tensors = logical_tensors(shape);
  RunSpec spec;
  spec.train.finetuning_type = lora ? "lora" : "full";
  spec.train.gradient_checkpointing = recompute;
  spec.lora.r = 16, spec.lora.lora_alpha = 32;
  if (lora) tensors = value_or_throw(lora_tensors(shape, tensors, spec.lora));
  const ParameterTable table = parameters(tensors);
  const Stage stage(shape, table, stage_options(spec));
  const Head head(shape, table);
  const PackedBatch batch = batch_of(tokens, length);
  std::vector<Step> all;
  for (int i = 0; i <= steps; ++i) all.push_back(run(stage, head, batch));
  all.erase(all.begin());  // the first one makes the products' plans
  std::sort(all.begin(), all.end(),
            [](const Step& a, const Step& b) { return a.seconds() < b.seconds(); });
  const Step& s = all[all.size() / 2];
  rusage use{};
  ::getrusage(RUSAGE_SELF, &use);
  std::printf(
      "%s, recompute %s, %ld tokens in documents of %ld, %d threads: %.0f tokens/s (best %.0f)\n"
      "  ms: forward %.0f, head and loss %.0f, backward %.0f; matrix products %.0f %% of it at "
      "%.0f GFLOP/s; peak resident %.0f MB\n",
      lora ? "lora" : "full", recompute.c_str(), long(tokens), long(length), at::get_num_threads(),
      double(tokens) / s.seconds(), double(tokens) / all.front().seconds(), 1e3 * s.forward,
      1e3 * s.head, 1e3 * s.backward, 100 * s.products / s.seconds(), s.flops / s.products * 1e-9,
      double(use.ru_maxrss) / 1024);
}
