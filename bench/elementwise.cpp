// Kernels between the matrix products of a decoder beside what ATen offers for them, in the shapes
// of SmolLM2-135M: milliseconds, GB/s of the memory that must move, ratios.
//
//   bench_elementwise [bf16|fp32] [TOKENS 1024] [REPEATS 9]       threads by OMP_NUM_THREADS
//
// Medians of CPU time with one thread, of wall time with more; contenders take turns.
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_log_softmax.h>
#include <ATen/ops/_log_softmax_backward_data.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/nll_loss.h>
#include <ATen/ops/nll_loss_backward.h>
#include <ATen/ops/nll_loss_forward.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/silu_backward.h>
#include <malloc.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "bench/race.hpp"
#include "kernels/gated.hpp"
#include "kernels/rms_norm.hpp"
#include "kernels/rotary.hpp"
#include "kernels/token_loss.hpp"

namespace {

using namespace temper;

template <class T>
T* data(const at::Tensor& tensor) {
  return static_cast<T*>(tensor.data_ptr());
}

struct Bench {
  int repeats;
  void row(const char* name, double bytes, const std::function<void()>& ours,
           const std::function<void()>& peer) const {
    const std::vector<double> seconds = race(repeats, {ours, peer});
    const double mine = seconds[0], theirs = seconds[1];
    std::printf("%-24s %8.3f %7.1f %8.3f %7.2f\n", name, 1e3 * mine, bytes / mine * 1e-9,
                1e3 * theirs, theirs / mine);
  }
};

template <class T>
void norms_and_gates(const Bench& bench, std::int64_t tokens, at::ScalarType dtype) {
  constexpr std::int64_t kHidden = 576, kMlp = 1536;
  const at::Tensor x = at::randn({tokens, kHidden}).to(dtype), residual = x.clone();
  const at::Tensor sum = at::empty_like(x), y = at::empty_like(x),
                   gain = at::ones({kHidden}, x.options());
  const at::Tensor stats = at::empty({tokens}, at::kFloat),
                   dgain = at::empty({kHidden}, at::kFloat);
  const double row = double(x.numel()) * double(sizeof(T));
  bench.row(
      "rms_norm", 4 * row,
      [&] {
        rms_norm_forward(data<T>(x), data<T>(residual), data<T>(gain), false, 1e-5, tokens, kHidden,
                         data<T>(sum), data<T>(y), data<float>(stats));
      },
      [&] {
        const at::Tensor s = (x + residual).to(at::kFloat);
        const at::Tensor normed = gain * (s * at::rsqrt((s * s).mean(-1, true) + 1e-5)).to(dtype);
      });
  bench.row(
      "rms_norm backward", 4 * row,
      [&] {
        rms_norm_backward(data<T>(y), data<T>(sum), data<T>(gain), false, data<float>(stats),
                          data<T>(x), tokens, kHidden, data<T>(sum), data<float>(dgain));
      },
      [] {});
  const at::Tensor gate_up = at::randn({tokens, 2 * kMlp}).to(dtype),
                   act = at::randn({tokens, kMlp}).to(dtype);
  const at::Tensor d = at::empty_like(gate_up);
  const double wide = double(act.numel()) * double(sizeof(T));
  const auto halves = [&] { return gate_up.chunk(2, 1); };
  bench.row(
      "gated silu", 3 * wide,
      [&] { gated_forward(Curve::silu, data<T>(gate_up), tokens, kMlp, data<T>(d)); },
      [&] { const at::Tensor out = at::silu(halves()[0]) * halves()[1]; });
  bench.row(
      "gated silu backward", 5 * wide,
      [&] {
        gated_backward(Curve::silu, data<T>(gate_up), data<T>(act), tokens, kMlp, data<T>(d));
      },
      [&] {
        const at::Tensor up = act * at::silu(halves()[0]);
        const at::Tensor gate = at::silu_backward(act * halves()[1], halves()[0]);
        const at::Tensor both = at::cat({gate, up}, 1);
      });
  bench.row(
      "gated gelu_tanh", 3 * wide,
      [&] { gated_forward(Curve::gelu_tanh, data<T>(gate_up), tokens, kMlp, data<T>(d)); },
      [&] { const at::Tensor out = at::gelu(halves()[0], "tanh") * halves()[1]; });
  bench.row(
      "gated gelu_tanh backward", 5 * wide,
      [&] {
        gated_backward(Curve::gelu_tanh, data<T>(gate_up), data<T>(act), tokens, kMlp, data<T>(d));
      },
      [] {});
}

template <class T>
void rotary_and_loss(const Bench& bench, std::int64_t tokens, at::ScalarType dtype) {
  constexpr std::int64_t kHeads = 12, kAll = 15, kSize = 64, kClasses = 49152;
  const at::Tensor qkv = at::randn({tokens, kAll, kSize}).to(dtype);
  const at::Tensor cosines = at::randn({tokens, kSize / 2}), sines = at::randn({tokens, kSize / 2});
  std::vector<std::int32_t> positions(static_cast<std::size_t>(tokens));
  std::iota(positions.begin(), positions.end(), 0);
  bench.row(
      "rotary q and k", 2.0 * double(tokens * kHeads * kSize) * sizeof(T),
      [&] {
        rotate(data<T>(qkv), kAll * kSize, kHeads, kSize, kSize, data<float>(cosines),
               data<float>(sines), positions.data(), tokens, false);
      },
      [&] {
        const at::Tensor x = qkv.narrow(1, 0, kHeads),
                         c = at::cat({cosines, cosines}, 1).to(dtype).unsqueeze(1);
        const at::Tensor s = at::cat({sines, sines}, 1).to(dtype).unsqueeze(1);
        const auto h = x.chunk(2, 2);
        const at::Tensor out = x * c + at::cat({-h[1], h[0]}, 2) * s;
      });
  const std::int64_t rows = std::min<std::int64_t>(tokens, 512);
  const at::Tensor logits = at::randn({rows, kClasses}).to(dtype);
  const at::Tensor work = at::empty_like(logits);
  const at::Tensor target = at::randint(kClasses, {rows}, at::kLong), narrow = target.to(at::kInt);
  std::vector<TokenLoss> results(static_cast<std::size_t>(rows));
  const double bytes = double(logits.numel()) * double(sizeof(T));
  const auto ours = [&](const TokenLossOptions& options, bool gradient) {
    token_loss(data<T>(work), data<std::int32_t>(narrow), rows, kClasses, options, gradient,
               results.data());
  };
  work.copy_(logits);
  bench.row(
      "token_loss", bytes, [&] { ours({}, false); },
      [&] { const at::Tensor loss = at::nll_loss(at::_log_softmax(logits, -1, false), target); });
  bench.row(
      "token_loss, gradient", 2 * bytes, [&] { ours({}, true); },
      [&] {
        const at::Tensor log_p = at::_log_softmax(logits, -1, false);
        const auto [loss, weight] = at::nll_loss_forward(log_p, target, {}, 1, -100);
        const at::Tensor d =
            at::nll_loss_backward(loss.new_ones({}), log_p, target, {}, 1, -100, weight);
        const at::Tensor out = at::_log_softmax_backward_data(d, log_p, -1, log_p.scalar_type());
      });
  bench.row(
      "token_loss, softcap", 2 * bytes, [&] { ours({.softcap = 30}, true); }, [] {});
  bench.row(
      "copy of logits", 2 * bytes, [&] { work.copy_(logits); }, [] {});
}

}  // namespace

int main(int argc, char** argv) {
  const std::string precision = argc > 1 ? argv[1] : "bf16";
  const std::int64_t tokens = argc > 2 ? std::atol(argv[2]) : 1024;
  const Bench bench{argc > 3 ? std::atoi(argv[3]) : 9};
  ::mallopt(M_MMAP_THRESHOLD, 1 << 30);
  ::mallopt(M_TRIM_THRESHOLD, 2'000'000'000);
  Kokkos::ScopeGuard kokkos(argc, argv);
  const at::NoGradGuard no_grad;
  std::printf("%s, %ld tokens, %d threads\n%-24s %8s %7s %8s %7s\n", precision.c_str(),
              long(tokens), at::get_num_threads(), "", "ms", "GB/s", "ATen ms", "ratio");
  if (precision == "bf16") {
    norms_and_gates<Bf16>(bench, tokens, at::kBFloat16);
    rotary_and_loss<Bf16>(bench, tokens, at::kBFloat16);
  } else {
    norms_and_gates<float>(bench, tokens, at::kFloat);
    rotary_and_loss<float>(bench, tokens, at::kFloat);
  }
}
