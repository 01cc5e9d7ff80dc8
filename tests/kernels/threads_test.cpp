// The same bits on one worker and on three: what is summed over rows that workers share is the only
// exception, and that is named.
#include <gtest/gtest.h>
#include <omp.h>
#include <Kokkos_Core.hpp>

#include "kernels/adamw.hpp"
#include "kernels/attention.hpp"
#include "kernels/embedding.hpp"
#include "kernels/layer_norm.hpp"
#include "kernels/parallel.hpp"
#include "support/kernel_numbers.hpp"

namespace temper {

namespace {

constexpr std::int64_t kTokens = 61, kHeads = 3, kSize = 32, kWidth = kHeads * kSize;
using Outputs = std::map<std::string, std::vector<double>>;

// Everything that the kernels write for one set of inputs.
Outputs run_all() {
  Outputs out;
  const std::vector<std::int64_t> offsets{0, 5, 45, 46, 61};
  std::vector<TokenPlace> places;
  for (std::uint32_t t = 0; t < kTokens; ++t) places.push_back({t / 7, t});
  AttentionShape shape{.heads = kHeads, .head_size = kSize, .offsets = offsets.data()};
  shape.documents = 4, shape.places = places.data();
  shape.dropout = {.seed = 1, .step = 2, .layer = 3, .op = 16, .probability = 0.2};
  const auto qkv = normal_numbers<float>(kTokens * 3 * kWidth, 1);
  const auto go = normal_numbers<float>(kTokens * kWidth, 2);
  std::vector<float> context(go), d_qkv(qkv), logs(kTokens * kHeads);
  attention_forward(shape, qkv.data(), context.data(), logs.data());
  attention_backward(shape, qkv.data(), context.data(), logs.data(), go.data(), d_qkv.data());
  out["context"] = exact(context), out["d_qkv"] = exact(d_qkv);

  const auto gain = normal_numbers<float>(kWidth, 3);
  std::vector<float> sum(go), y(go), ds(go), stats(2 * kTokens), dgain(kWidth), dbias(kWidth);
  layer_norm_forward<float>(context.data(), go.data(), gain.data(), gain.data(), 1e-12, kTokens,
                            kWidth, sum.data(), y.data(), stats.data());
  layer_norm_backward<float>(go.data(), sum.data(), gain.data(), stats.data(), nullptr, kTokens,
                             kWidth, ds.data(), dgain.data(), dbias.data());
  out["norm"] = exact(y), out["norm backward"] = exact(ds);
  out["sums over rows"] = exact(dgain);

  std::vector<float> act(go), slope(go), bias(kWidth), dropped(go);
  activation_forward(Curve::gelu, go.data(), kTokens * kWidth, act.data());
  activation_backward(Curve::gelu, go.data(), slope.data(), kTokens, kWidth, bias.data());
  dropout(dropped.data(), places.data(), kTokens, kWidth, shape.dropout);
  out["gelu"] = exact(act), out["gelu backward"] = exact(slope), out["dropout"] = exact(dropped);

  const std::vector<std::int32_t> rows(kTokens, 1);
  std::vector<float> table(2 * kWidth);
  add_rows(go.data(), 1, rows.data(), kTokens, kWidth, table.data());
  out["table"] = exact(table);
  const auto big = normal_numbers<float>(50'000, 4);
  std::vector<float> weight(big), first(50'000), second(50'000);
  adamw(weight.data(), nullptr, big.data(), first.data(), second.data(), 50'000, 0.01,
        adamw_step(1e-3, 0.9, 0.999, 1e-8, 1));
  out["adamw"] = exact(weight);
  out["square sum"] = {square_sum(big.data(), 50'000).sum};
  return out;
}

}  // namespace

TEST(Threads, one_worker_and_three_give_the_same_bits) {
  ASSERT_FALSE(Kokkos::is_initialized());
  Outputs one = run_all();
  omp_set_num_threads(3);
  Kokkos::initialize();
  ASSERT_EQ(row_workers(), 3);
  Outputs three = run_all();
  Kokkos::finalize();
  EXPECT_LT(worst(three["sums over rows"], one["sums over rows"]), 1e-6);
  three.erase("sums over rows"), one.erase("sums over rows");
  for (const auto& [name, values] : one) EXPECT_EQ(three.at(name), values) << name;
}

TEST(Threads, every_row_is_dealt_out_once) {
  for (const std::int64_t rows : {0, 1, 2, 7}) {
    std::vector<int> seen(std::size_t(rows), 0);
    parallel_rows(rows, [&](std::int64_t begin, std::int64_t end, int) {
      for (std::int64_t r = begin; r < end; ++r) ++seen[std::size_t(r)];
    });
    EXPECT_EQ(seen, std::vector<int>(std::size_t(rows), 1));
  }
}

}  // namespace temper
