// Attention over causal documents, and of new tokens against a cache, beside ATen's: forward
// against the fused CPU kernel, forward and backward against batched products with a kept softmax,
// and against the fused kernel's backward.
//
//   bench_attention [bf16|fp32] [TOKENS 1024] [REPEATS 9] [LENGTH, else several]
//                      threads by OMP_NUM_THREADS
//
// Heads 9, key heads 3, head size 64 (SmolLM2-135M). Documents of equal length, so that ATen needs
// no padding. Medians of CPU time with one thread, of wall time with more; contenders take turns.
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_scaled_dot_product_flash_attention_for_cpu.h>
#include <ATen/ops/_scaled_dot_product_flash_attention_for_cpu_backward.h>
#include <ATen/ops/_softmax.h>
#include <ATen/ops/_softmax_backward_data.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/triu.h>
#include <malloc.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "bench/race.hpp"
#include "kernels/attention.hpp"
#include "kernels/decode_attention.hpp"

namespace {

using namespace temper;

constexpr std::int64_t kHeads = 9, kKvHeads = 3, kSize = 64;

template <class T>
T* data(const at::Tensor& tensor) {
  return static_cast<T*>(tensor.data_ptr());
}

struct Batched {  // [documents, heads, length, size]
  at::Tensor q, k, v, go, mask, p, out;
  double scale = 1 / std::sqrt(double(kSize));

  at::Tensor expanded(const at::Tensor& x) const {
    const auto n = x.sizes();
    return x.unsqueeze(2)
        .expand({n[0], kKvHeads, kHeads / kKvHeads, n[2], kSize})
        .reshape({n[0], kHeads, n[2], kSize});
  }
  void forward() {
    const at::Tensor scores = at::matmul(q, expanded(k).transpose(2, 3)) * scale + mask;
    p = at::_softmax(scores, -1, false);
    out = at::matmul(p, expanded(v));
  }
  void backward() {
    const auto grouped = [&](const at::Tensor& x) {
      return x.view({x.size(0), kKvHeads, kHeads / kKvHeads, x.size(2), kSize}).sum(2);
    };
    const at::Tensor dv = grouped(at::matmul(p.transpose(2, 3), go));
    const at::Tensor dp = at::matmul(go, expanded(v).transpose(2, 3));
    const at::Tensor ds = at::_softmax_backward_data(dp, p, -1, p.scalar_type()) * scale;
    const at::Tensor dq = at::matmul(ds, expanded(k)),
                     dk = grouped(at::matmul(ds.transpose(2, 3), q));
  }
};

template <class T>
void bench(std::int64_t tokens, std::int64_t length, int repeats, at::ScalarType dtype) {
  const std::int64_t documents = tokens / length, rows = kHeads + 2 * kKvHeads;
  std::vector<std::int64_t> offsets;
  for (std::int64_t n = 0; n <= documents; ++n) offsets.push_back(n * length);
  AttentionShape shape{.heads = kHeads, .head_size = kSize, .kv_heads = kKvHeads, .causal = true};
  shape.offsets = offsets.data(), shape.documents = documents;
  const at::Tensor qkv = at::randn({tokens, rows, kSize}).to(dtype), d_qkv = at::empty_like(qkv);
  const at::Tensor go = at::randn({tokens, kHeads, kSize}).to(dtype), context = at::empty_like(go);
  const at::Tensor sums = at::empty({tokens, kHeads}, at::kFloat);
  const auto batched = [&](const at::Tensor& x) {
    return x.reshape({documents, length, x.size(1), kSize}).transpose(1, 2).contiguous();
  };
  Batched b{batched(qkv.narrow(1, 0, kHeads)), batched(qkv.narrow(1, kHeads, kKvHeads)),
            batched(qkv.narrow(1, kHeads + kKvHeads, kKvHeads)), batched(go)};
  b.mask = at::triu(at::full({length, length}, -INFINITY), 1).to(dtype);
  std::tuple<at::Tensor, at::Tensor> fused;
  const std::vector<double> s = race(
      repeats,
      {[&] { attention_forward(shape, data<T>(qkv), data<T>(context), data<float>(sums)); },
       [&] {
         attention_backward(shape, data<T>(qkv), data<T>(context), data<float>(sums), data<T>(go),
                            data<T>(d_qkv));
       },
       [&] { fused = at::_scaled_dot_product_flash_attention_for_cpu(b.q, b.k, b.v, 0.0, true); },
       [&] {
         at::_scaled_dot_product_flash_attention_for_cpu_backward(
             b.go, b.q, b.k, b.v, std::get<0>(fused), std::get<1>(fused), 0.0, true);
       },
       [&] { b.forward(); }, [&] { b.backward(); }});
  const double flops = 2.0 * double(tokens * (length + 1)) * kHeads * kSize;  // causal half
  std::printf("%8ld %8.2f %8.2f %6.0f %6.0f %8.2f %8.2f %8.2f %8.2f   %5.2f %6.2f %7.2f\n",
              long(length), 1e3 * s[0], 1e3 * s[1], flops / s[0] * 1e-9, 2.5 * flops / s[1] * 1e-9,
              1e3 * s[2], 1e3 * s[3], 1e3 * s[4], 1e3 * s[5], s[2] / s[0], s[3] / s[1],
              (s[4] + s[5]) / (s[0] + s[1]));
}

// One new token for each of some sequences with `cached` tokens before it.
template <class T>
void bench_decode(std::int64_t sequences, std::int64_t cached, int repeats, at::ScalarType dtype) {
  const std::int64_t length = cached + 1;
  const at::Tensor qkv = at::randn({sequences, kHeads + 2 * kKvHeads, kSize}).to(dtype);
  const at::Tensor keys = at::randn({sequences, length, kKvHeads, kSize}).to(dtype);
  const at::Tensor values = at::randn({sequences, length, kKvHeads, kSize}).to(dtype);
  const at::Tensor context = at::empty({sequences, kHeads, kSize}, qkv.options());
  std::vector<DecodeSequence<T>> all;
  for (std::int64_t s = 0; s < sequences; ++s)
    all.push_back({data<T>(keys.select(0, s)), data<T>(values.select(0, s)), cached, 1});
  const DecodeShape<T> shape{.heads = kHeads,
                             .kv_heads = kKvHeads,
                             .head_size = kSize,
                             .sequences = all.data(),
                             .count = sequences};
  const at::Tensor q = qkv.narrow(1, 0, kHeads).unsqueeze(2), k = keys.transpose(1, 2).contiguous(),
                   v = values.transpose(1, 2).contiguous();
  const std::vector<double> s =
      race(repeats, {[&] {
                       for (int i = 0; i < 100; ++i) {
                         append_to_cache(shape, data<T>(qkv));
                         attention_decode(shape, data<T>(qkv), data<T>(context));
                       }
                     },
                     [&] {
                       for (int i = 0; i < 100; ++i)
                         at::_scaled_dot_product_flash_attention_for_cpu(q, k, v, 0.0, false);
                     }});
  std::printf("decode %3ld x 1 token, %5ld cached: %7.1f us, fused %7.1f us, ratio %.2f\n",
              long(sequences), long(cached), 1e4 * s[0], 1e4 * s[1], s[1] / s[0]);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string precision = argc > 1 ? argv[1] : "bf16";
  const std::int64_t tokens = argc > 2 ? std::atol(argv[2]) : 1024;
  const int repeats = argc > 3 ? std::atoi(argv[3]) : 9;
  std::vector<std::int64_t> lengths{32, 64, 128, 256, 512, 1024};
  if (argc > 4) lengths = {std::atol(argv[4])};
  ::mallopt(M_MMAP_THRESHOLD, 1 << 30);
  ::mallopt(M_TRIM_THRESHOLD, 2'000'000'000);
  Kokkos::ScopeGuard kokkos(argc, argv);
  const at::NoGradGuard no_grad;
  std::printf("%s, %ld tokens, %d threads; ms, GFLOP/s of the causal half, ratios over ours\n",
              precision.c_str(), long(tokens), at::get_num_threads());
  std::printf(
      "  length  forward backward  fwd   bwd     fused  fused b.  bmm      bmm b."
      "   fused fused b. bmm both\n");
  for (const std::int64_t length : lengths) {
    if (length > tokens) break;
    if (precision == "bf16")
      bench<Bf16>(tokens, length, repeats, at::kBFloat16);
    else
      bench<float>(tokens, length, repeats, at::kFloat);
  }
  for (const std::int64_t sequences : {1, 16})
    for (const std::int64_t cached : {64, 300, 1000}) {
      if (precision == "bf16")
        bench_decode<Bf16>(sequences, cached, repeats, at::kBFloat16);
      else
        bench_decode<float>(sequences, cached, repeats, at::kFloat);
    }
}
