// Attention against a cache, token by token or several at once, equals attention over the whole
// document.
#include "kernels/decode_attention.hpp"

#include <gtest/gtest.h>

#include "kernels/attention.hpp"
#include "support/kernel_numbers.hpp"

namespace temper {

namespace {

// Contexts of documents fed to caches in pieces of `chunk` tokens (the first piece: `prompt`).
template <class T>
std::vector<T> decoded(const AttentionShape& s, const std::vector<T>& qkv, std::int64_t prompt,
                       std::int64_t chunk) {
  const std::int64_t d = s.head_size, row = (s.heads + 2 * s.kv_heads) * d, out = s.heads * d;
  const std::int64_t tokens = s.offsets[s.documents];
  std::vector<T> keys(std::size_t(tokens * s.kv_heads * d)), values(keys);
  std::vector<T> context(std::size_t(tokens * out));
  std::vector<std::int64_t> done(std::size_t(s.documents), 0);
  for (bool first = true;; first = false) {
    std::vector<DecodeSequence<T>> sequences;
    std::vector<T> in;
    std::vector<std::int64_t> rows;
    for (std::int64_t n = 0; n < s.documents; ++n) {
      std::int64_t& cached = done[std::size_t(n)];
      const std::int64_t left = s.offsets[n + 1] - s.offsets[n] - cached;
      const std::int64_t count = std::min(first ? prompt : chunk, left);
      if (count == 0) continue;
      const std::int64_t at = s.offsets[n] + cached;
      sequences.push_back({keys.data() + s.offsets[n] * s.kv_heads * d,
                           values.data() + s.offsets[n] * s.kv_heads * d, cached, count});
      in.insert(in.end(), qkv.begin() + at * row, qkv.begin() + (at + count) * row);
      for (std::int64_t t = 0; t < count; ++t) rows.push_back(at + t);
      cached += count;
    }
    if (sequences.empty()) return context;
    DecodeShape<T> shape{s.heads, s.kv_heads, d, s.window, s.scale, s.softcap};
    shape.sequences = sequences.data(), shape.count = std::int64_t(sequences.size());
    std::vector<T> result(rows.size() * std::size_t(out));
    append_to_cache(shape, in.data());
    attention_decode(shape, in.data(), result.data());
    for (std::size_t t = 0; t < rows.size(); ++t)
      std::copy_n(result.begin() + std::int64_t(t) * out, out, context.begin() + rows[t] * out);
  }
}

}  // namespace

template <class T>
class DecodeAttention : public testing::Test {};
using Storage = testing::Types<double, float, Bf16>;
TYPED_TEST_SUITE(DecodeAttention, Storage);

TYPED_TEST(DecodeAttention, equals_attention_over_the_whole_document) {
  using T = TypeParam;
  const std::vector<std::int64_t> offsets{0, 3, 80, 81, 300};
  for (const std::int64_t size : {20, 64})
    for (const std::int64_t window : {0, 25})
      for (const double softcap : {0.0, 3.0}) {
        AttentionShape shape{.heads = 6, .head_size = size, .kv_heads = 2, .causal = true};
        shape.window = window, shape.softcap = softcap, shape.scale = softcap > 0 ? 0.2 : 0;
        shape.offsets = offsets.data(), shape.documents = 4;
        const auto qkv = normal_numbers<T>(300 * 10 * size, 1);
        std::vector<T> context(std::size_t(300 * 6 * size));
        std::vector<Accumulate<T>> log_sums(300 * 6);
        attention_forward(shape, qkv.data(), context.data(), log_sums.data());
        for (const auto& [prompt, chunk] : {std::pair{1, 1}, std::pair{50, 1}, std::pair{60, 7}})
          EXPECT_LT(worst(exact(decoded(shape, qkv, prompt, chunk)), exact(context)),
                    3 * rounding<T>());
      }
}

}  // namespace temper
