// Attention of decoders (causal, windows, grouped heads, scale, softcap, dropout) against autograd
// over whole score matrices in fp64.
#include <ATen/ops/cat.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tanh.h>
#include <gtest/gtest.h>

#include "kernels/attention.hpp"
#include "support/autograd_numbers.hpp"

namespace temper {

namespace {

struct Documents {
  std::vector<std::int64_t> offsets{0};
  std::vector<TokenPlace> places;
  explicit Documents(const std::vector<int>& lengths) {
    for (std::size_t n = 0; n < lengths.size(); ++n) {
      for (int p = 0; p < lengths[n]; ++p)
        places.push_back({std::uint32_t(100 + n), std::uint32_t(p)});
      offsets.push_back(std::int64_t(places.size()));
    }
  }
  void enter(AttentionShape& shape) const {
    shape.offsets = offsets.data(), shape.documents = std::int64_t(offsets.size()) - 1;
    shape.places = places.data();
  }
};

// 0 where query i sees key j, else -infinity.
at::Tensor mask_of(const AttentionShape& s, std::int64_t n) {
  std::vector<double> mask;
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < n; ++j) {
      const bool seen = s.causal ? j <= i && (s.window == 0 || j > i - s.window)
                                 : s.window == 0 || std::abs(i - j) <= s.window;
      mask.push_back(seen ? 0 : -HUGE_VAL);
    }
  return at::tensor(mask).view({n, n});
}

at::Tensor kept_of(const AttentionShape& s, std::int64_t first, std::int64_t n, std::int64_t head) {
  if (s.dropout.probability <= 0) return at::ones({n, n}, at::kDouble);
  DropoutKey key = s.dropout;
  key.op += std::uint32_t(head);
  std::vector<double> kept;
  std::vector<float> row(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) {
    dropout_scales(key, s.places[first + i], n, row.data());
    kept.insert(kept.end(), row.begin(), row.end());
  }
  return at::tensor(kept).view({n, n});
}

// context [tokens, heads, size] of qkv [tokens, heads + 2 kv_heads, size]
at::Tensor reference(const AttentionShape& s, const at::Tensor& qkv) {
  const std::int64_t kv_heads = s.kv_heads == 0 ? s.heads : s.kv_heads;
  const double scale = s.scale == 0 ? 1 / std::sqrt(double(s.head_size)) : s.scale;
  std::vector<at::Tensor> documents;
  for (std::int64_t doc = 0; doc < s.documents; ++doc) {
    const std::int64_t first = s.offsets[doc], n = s.offsets[doc + 1] - first;
    const at::Tensor rows = qkv.narrow(0, first, n);
    std::vector<at::Tensor> heads;
    for (std::int64_t head = 0; head < s.heads; ++head) {
      const std::int64_t kv = head / (s.heads / kv_heads);
      const at::Tensor q = rows.select(1, head), k = rows.select(1, s.heads + kv),
                       v = rows.select(1, s.heads + kv_heads + kv);
      at::Tensor scores = at::matmul(q, k.t()) * scale;
      if (s.softcap > 0) scores = s.softcap * at::tanh(scores / s.softcap);
      const at::Tensor p = (scores + mask_of(s, n)).softmax(-1) * kept_of(s, first, n, head);
      heads.push_back(at::matmul(p, v));
    }
    documents.push_back(at::stack(heads, 1));
  }
  at::Tensor all = documents[0];
  for (std::size_t i = 1; i < documents.size(); ++i) all = at::cat({all, documents[i]});
  return all;
}

template <class T>
void compare(AttentionShape shape, const std::vector<int>& lengths, double spread = 1) {
  const Documents documents(lengths);
  documents.enter(shape);
  const std::int64_t tokens = documents.offsets.back(), d = shape.head_size;
  const std::int64_t rows = shape.heads + 2 * (shape.kv_heads == 0 ? shape.heads : shape.kv_heads);
  const auto qkv = normal_numbers<T>(tokens * rows * d, 1, spread);
  const auto d_context = normal_numbers<T>(tokens * shape.heads * d, 2);
  std::vector<T> context(d_context.size()), d_qkv(qkv.size());
  std::vector<Accumulate<T>> log_sums(std::size_t(tokens * shape.heads));
  attention_forward(shape, qkv.data(), context.data(), log_sums.data());
  attention_backward(shape, qkv.data(), context.data(), log_sums.data(), d_context.data(),
                     d_qkv.data());
  const at::Tensor x = leaf(qkv, {tokens, rows, d});
  const at::Tensor wanted = reference(shape, x);
  wanted.backward(leaf(d_context, {tokens, shape.heads, d}).detach());
  const double slack = std::is_same_v<T, Bf16> ? 3 : 10;
  EXPECT_LT(difference(context, wanted), slack * rounding<T>());
  EXPECT_LT(difference(d_qkv, x.grad()), slack * rounding<T>());
}

}  // namespace

template <class T>
class CausalAttention : public testing::Test {};
using Storage = testing::Types<double, float, Bf16>;
TYPED_TEST_SUITE(CausalAttention, Storage);

TYPED_TEST(CausalAttention, equals_autograd_for_every_short_length) {
  std::vector<int> lengths;
  for (int length = 1; length <= 70; ++length) lengths.push_back(length);
  compare<TypeParam>({.heads = 3, .head_size = 32, .kv_heads = 1, .causal = true}, lengths);
}

TYPED_TEST(CausalAttention, equals_autograd_for_long_documents_cut_into_items) {
  compare<TypeParam>({.heads = 4, .head_size = 64, .kv_heads = 2, .causal = true},
                     {600, 3, 257, 1100});
  compare<TypeParam>({.heads = 2, .head_size = 32}, {700, 130});
}

TYPED_TEST(CausalAttention, sees_windows_of_any_size) {
  for (const std::int64_t window : {1, 2, 7, 16, 31, 64, 100, 500})
    for (const bool causal : {true, false})
      compare<TypeParam>(
          {.heads = 2, .head_size = 16, .kv_heads = 1, .causal = causal, .window = window},
          {1, 20, 65, 130});
  compare<TypeParam>({.heads = 1, .head_size = 16, .causal = true, .window = 100}, {900});
  compare<TypeParam>({.heads = 1, .head_size = 16, .causal = false, .window = 64}, {900});
}

TYPED_TEST(CausalAttention, scales_and_caps_scores) {
  compare<TypeParam>({.heads = 4, .head_size = 20, .kv_heads = 2, .causal = true, .scale = 0.3},
                     {5, 40, 70});
  compare<TypeParam>({.heads = 4,
                      .head_size = 32,
                      .kv_heads = 2,
                      .causal = true,
                      .window = 33,
                      .scale = 0.2,
                      .softcap = 2},
                     {5, 40, 70, 150}, 1.5);
}

TYPED_TEST(CausalAttention, drops_probabilities_by_their_keys) {
  AttentionShape shape{.heads = 4, .head_size = 32, .kv_heads = 2, .causal = true};
  shape.dropout = {.seed = 8, .step = 1, .layer = 2, .op = 16, .probability = 0.2};
  compare<TypeParam>(shape, {1, 2, 30, 65, 130});
  shape.window = 20;
  compare<TypeParam>(shape, {65, 530});
}

TYPED_TEST(CausalAttention, takes_any_head_size) {
  for (const std::int64_t size : {1, 8, 20, 33, 64, 80, 128, 256})
    compare<TypeParam>({.heads = 2, .head_size = size, .causal = true}, {5, 40, 117});
}

TYPED_TEST(CausalAttention, no_token_sees_what_comes_after_it) {
  using T = TypeParam;
  AttentionShape shape{.heads = 2, .head_size = 32, .kv_heads = 1, .causal = true};
  const Documents documents({150});
  documents.enter(shape);
  auto qkv = normal_numbers<T>(150 * 4 * 32, 1);
  std::vector<T> before(150 * 2 * 32), after(before);
  std::vector<Accumulate<T>> log_sums(300);
  attention_forward(shape, qkv.data(), before.data(), log_sums.data());
  for (std::size_t i = 100 * 4 * 32; i < qkv.size(); ++i) store(&qkv[i], Accumulate<T>(1e4));
  attention_forward(shape, qkv.data(), after.data(), log_sums.data());
  for (std::size_t i = 0; i < 100 * 2 * 32; ++i) ASSERT_EQ(load(&before[i]), load(&after[i])) << i;
}

}  // namespace temper
