// What bare at::mm reaches for the products of a training step of SmolLM2-135M, and what helps the
// slow ones: GFLOP/s, medians; CPU time with one thread, wall time with more.
//
//   bench_products [bf16|fp32] [TOKENS 1024] [REPEATS 9]       threads by OMP_NUM_THREADS
//
// On an EPYC of the fourth generation (AVX512-BF16, no AMX) with one thread all shapes reach 180 to
// 205 GFLOP/s in bf16, dY^T X 180 to 195 of them: copying before it or cutting it up only loses.
// Where AMX multiplies, dY^T X is known to run at half the forward's rate.
//
// `dy copied` transposes dY, `both cop.` also X, into fresh memory first, so that the product is of
// the forward kind; the copy is part of its time. `dW in n` cuts the tokens into n products that
// add up.
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/randn.h>
#include <malloc.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "bench/race.hpp"

namespace {

using namespace temper;

void bench(std::int64_t tokens, std::int64_t in, std::int64_t out, int repeats,
           at::ScalarType dtype) {
  const at::Tensor x = at::randn({tokens, in}).to(dtype), w = at::randn({out, in}).to(dtype);
  const at::Tensor dy = at::randn({tokens, out}).to(dtype);
  at::Tensor y = at::empty({tokens, out}, x.options()), dx = at::empty({tokens, in}, x.options());
  at::Tensor dw = at::empty({out, in}, x.options()), dwt = at::empty({in, out}, x.options());
  const auto in_parts = [&](std::int64_t parts) {
    for (std::int64_t p = 0; p < parts; ++p) {
      const std::int64_t n = tokens / parts;
      at::addmm_out(dw, dw, dy.narrow(0, p * n, n).t(), x.narrow(0, p * n, n), p == 0 ? 0 : 1, 1);
    }
  };
  const std::vector<double> seconds =
      race(repeats, {[&] { at::mm_out(y, x, w.t()); }, [&] { at::mm_out(dx, dy, w); },
                     [&] { at::mm_out(dw, dy.t(), x); }, [&] { at::mm_out(dwt, x.t(), dy); },
                     [&] { at::mm_out(dw, dy.t().contiguous(), x); },
                     [&] { at::mm_out(dw, dy.t().contiguous(), x.t().contiguous().t()); },
                     [&] { in_parts(2); }, [&] { in_parts(4); }});
  std::printf("%5ld x %5ld x %5ld", long(tokens), long(in), long(out));
  for (const double s : seconds) std::printf(" %8.0f", 2.0 * double(tokens * in * out) / s * 1e-9);
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string precision = argc > 1 ? argv[1] : "bf16";
  const std::int64_t tokens = argc > 2 ? std::atol(argv[2]) : 1024;
  const int repeats = argc > 3 ? std::atoi(argv[3]) : 9;
  ::mallopt(M_MMAP_THRESHOLD, 1 << 30);
  ::mallopt(M_TRIM_THRESHOLD, 2'000'000'000);
  Kokkos::ScopeGuard kokkos(argc, argv);
  const at::NoGradGuard no_grad;
  const at::ScalarType dtype = precision == "bf16" ? at::kBFloat16 : at::kFloat;
  std::printf("%s, %d threads, GFLOP/s\n", precision.c_str(), at::get_num_threads());
  std::printf(
      "tokens x in x out       x W^T     dy W   dy^T x  (x^T dy) dy copied both cop.  dW in 2"
      "  dW in 4\n");
  for (const auto& [in, out] : std::vector<std::pair<std::int64_t, std::int64_t>>{
           {576, 576}, {576, 960}, {576, 1536}, {576, 3072}, {1536, 576}})
    bench(tokens, in, out, repeats, dtype);
  for (const std::int64_t chunk : {128, 256, 512, 1024})
    if (chunk <= tokens) bench(chunk, 576, 49152, std::max(3, repeats / 3), dtype);
}
