// Forward and backward of MiniLM's shape over documents as short as dictionary definitions, without
// data, communication or optimizer: what the layers alone can do.
//
//   bench_step bf16|fp32 [DOCUMENTS 32] [DROPOUT 0.1] [STEPS 30]      threads by OMP_NUM_THREADS
//
// Prints tokens per second of CPU time and of wall time (medians of steps).
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>
#include <malloc.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "core/extent.hpp"
#include "core/philox.hpp"
#include "loss/loss.hpp"
#include "model/head.hpp"
#include "model/stage.hpp"

namespace {

using namespace temper;

ModelShape minilm(double dropout) {
  ModelShape shape;
  shape.family = "bert";
  shape.block = {.hidden = 384, .heads = 12, .kv_heads = 12, .head_size = 32, .mlp_width = 1536};
  shape.layers = 6, shape.vocab_size = 30522, shape.max_positions = 512, shape.type_vocab_size = 2;
  shape.pooling = Pooling::mean, shape.num_labels = 24;
  shape.attn_dropout = shape.hidden_dropout = shape.head_dropout = dropout;
  return shape;
}

// Weights and gradients in flat buffers, as a job holds them.
ParameterTable parameters(const ModelShape& shape, at::ScalarType compute) {
  const auto tensors = logical_tensors(shape);
  std::int64_t total = 0, offset = 0, index = 0;
  for (const LogicalTensor& tensor : tensors) total += align_up(tensor.numel(), 64);
  const at::Tensor weights = at::zeros({total}, at::dtype(compute)),
                   gradients = at::zeros({total}, at::kFloat);
  ParameterTable table;
  for (const LogicalTensor& tensor : tensors) {
    const at::Tensor weight = weights.narrow(0, offset, tensor.numel()).view(tensor.shape);
    weight.fill_(tensor.shape.size() == 1 && tensor.name.ends_with(".weight")
                     ? 1.0
                     : 0.01 * double(index++ % 7 - 3));
    table.add(tensor.role,
              {weight, gradients.narrow(0, offset, tensor.numel()).view(tensor.shape)});
    offset += align_up(tensor.numel(), 64);
  }
  return table;
}

// Lengths of mean 15.8, at most 64: a fixed part and the sum of two geometric ones.
PackedBatch batch_of(std::int64_t documents, std::uint32_t step) {
  PackedBatch batch;
  batch.step = step;
  for (std::uint32_t n = 0; n < documents; ++n) {
    const auto words = philox({1, 2}, {n, step, 0, 0});
    const double u = uniform_float(words[0]), v = uniform_float(words[1]);
    const int length = std::clamp(int(5 - 5.4 * (std::log1p(-u) + std::log1p(-v))), 5, 64);
    for (int p = 0; p < length; ++p) {
      batch.ids.push_back(std::int32_t((words[2] + std::uint32_t(p) * 7919u) % 30522u));
      batch.positions.push_back(p);
      batch.places.push_back({n + step * 1000, std::uint32_t(p)});
    }
    batch.offsets.push_back(batch.tokens());
    batch.labels.push_back(words[3] % 24);
  }
  return batch;
}

double cpu_seconds() { return double(std::clock()) / CLOCKS_PER_SEC; }

}  // namespace

int main(int argc, char** argv) {
  const std::string precision = argc > 1 ? argv[1] : "bf16";
  const std::int64_t documents = argc > 2 ? std::atol(argv[2]) : 32;
  const double dropout = argc > 3 ? std::atof(argv[3]) : 0.1;
  const int steps = argc > 4 ? std::atoi(argv[4]) : 30;
  ::mallopt(M_MMAP_THRESHOLD, 1 << 30);
  ::mallopt(M_TRIM_THRESHOLD, 2'000'000'000);
  Kokkos::ScopeGuard kokkos(argc, argv);
  const at::NoGradGuard no_grad;
  const ModelShape shape = minilm(dropout);
  const ParameterTable table = parameters(shape, precision == "bf16" ? at::kBFloat16 : at::kFloat);
  const Stage stage(shape, table);
  const Head head(shape, table);
  std::vector<double> wall, cpu;
  double tokens = 0, seconds = 0;
  MatrixUse matrix;
  for (int step = 0; step < steps; ++step) {
    const PackedBatch batch = batch_of(documents, std::uint32_t(step));
    const auto begin = std::chrono::steady_clock::now();
    const double cpu_begin = cpu_seconds();
    Stage::Saved saved;
    Head::Saved of_head;
    const at::Tensor hidden = stage.forward(batch, 7, true, saved);
    const at::Tensor logits = head.forward(hidden, batch, 7, true, of_head, saved.matrix);
    const LossResult loss = cross_entropy(logits, batch.labels, {});
    stage.backward(head.backward(loss.gradient, batch, 7, of_head, saved.matrix), batch, 7, saved);
    tokens += double(batch.tokens());
    matrix.flops += saved.matrix.flops, matrix.seconds += saved.matrix.seconds;
    cpu.push_back((cpu_seconds() - cpu_begin) / double(batch.tokens()));
    wall.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() /
                   double(batch.tokens()));
    seconds += wall.back() * double(batch.tokens());
  }
  std::nth_element(wall.begin(), wall.begin() + steps / 2, wall.end());
  std::nth_element(cpu.begin(), cpu.begin() + steps / 2, cpu.end());
  std::printf(
      "%s, %d threads, %ld documents of %.1f tokens: %.0f tokens/s (%.0f by CPU time); "
      "matrix products %.0f %% of the time at %.0f GFLOP/s\n",
      precision.c_str(), at::get_num_threads(), long(documents), tokens / double(documents * steps),
      1 / wall[std::size_t(steps / 2)], 1 / cpu[std::size_t(steps / 2)],
      100 * matrix.seconds / seconds, matrix.flops / matrix.seconds * 1e-9);
}
