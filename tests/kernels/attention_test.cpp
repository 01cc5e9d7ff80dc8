// Attention against the textbook in fp64: whole score matrices, one document and head at a time.
#include "kernels/attention.hpp"

#include <gtest/gtest.h>

#include "support/kernel_numbers.hpp"

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
  AttentionShape shape(std::int64_t heads, std::int64_t size, double dropout) const {
    AttentionShape s{.heads = heads, .head_size = size, .offsets = offsets.data()};
    s.documents = std::int64_t(offsets.size()) - 1, s.places = places.data();
    s.dropout = {.seed = 8, .step = 1, .layer = 2, .op = 16, .probability = dropout};
    return s;
  }
};

struct Result {
  std::vector<double> context, d_qkv;
};

// P = softmax(Q K^T / sqrt(d)), C = (P o M) V and, from dC: dV = (P o M)^T dC, dP = M o dC V^T,
// dS = P o (dP - rowsum(P o dP)), dQ = dS K / sqrt(d), dK = dS^T Q / sqrt(d).
Result textbook(const AttentionShape& s, const std::vector<double>& qkv,
                const std::vector<double>& d_context) {
  const std::int64_t width = s.heads * s.head_size, d = s.head_size;
  Result r{std::vector<double>(d_context.size(), 0.0), std::vector<double>(qkv.size(), 0.0)};
  const double scale = 1 / std::sqrt(double(d));
  for (std::int64_t doc = 0; doc < s.documents; ++doc)
    for (std::int64_t head = 0; head < s.heads; ++head) {
      const std::int64_t first = s.offsets[doc], n = s.offsets[doc + 1] - first;
      const auto in = [&](int part, std::int64_t i, std::int64_t c) {
        return std::size_t((first + i) * 3 * width + part * width + head * d + c);
      };
      const auto out = [&](std::int64_t i, std::int64_t c) {
        return std::size_t((first + i) * width + head * d + c);
      };
      DropoutKey key = s.dropout;
      key.op += std::uint32_t(head);
      for (std::int64_t i = 0; i < n; ++i) {
        std::vector<double> p(std::size_t(n), 0.0), dp(p);
        std::vector<float> mask(std::size_t(n), 1.0f);
        if (key.probability > 0) dropout_scales(key, s.places[first + i], n, mask.data());
        double sum = 0, largest = -HUGE_VAL, dot = 0;
        for (std::int64_t j = 0; j < n; ++j) {
          for (std::int64_t c = 0; c < d; ++c)
            p[std::size_t(j)] += qkv[in(0, i, c)] * qkv[in(1, j, c)] * scale;
          largest = std::max(largest, p[std::size_t(j)]);
        }
        for (double& value : p) sum += value = std::exp(value - largest);
        for (std::size_t j = 0; j < p.size(); ++j) {
          p[j] /= sum;
          for (std::int64_t c = 0; c < d; ++c) {
            r.context[out(i, c)] += p[j] * mask[j] * qkv[in(2, std::int64_t(j), c)];
            r.d_qkv[in(2, std::int64_t(j), c)] += p[j] * mask[j] * d_context[out(i, c)];
            dp[j] += mask[j] * d_context[out(i, c)] * qkv[in(2, std::int64_t(j), c)];
          }
          dot += p[j] * dp[j];
        }
        for (std::size_t j = 0; j < p.size(); ++j)
          for (std::int64_t c = 0; c < d; ++c) {
            const double ds = p[j] * (dp[j] - dot) * scale;
            r.d_qkv[in(0, i, c)] += ds * qkv[in(1, std::int64_t(j), c)];
            r.d_qkv[in(1, std::int64_t(j), c)] += ds * qkv[in(0, i, c)];
          }
      }
    }
  return r;
}

template <class T>
void compare(const std::vector<int>& lengths, std::int64_t heads, std::int64_t size, double dropout,
             double spread = 1) {
  const Documents documents(lengths);
  const AttentionShape shape = documents.shape(heads, size, dropout);
  const std::int64_t tokens = documents.offsets.back(), width = heads * size;
  const auto qkv = normal_numbers<T>(tokens * 3 * width, 1, spread);
  const auto d_context = normal_numbers<T>(tokens * width, 2);
  std::vector<T> context(static_cast<std::size_t>(tokens * width)), d_qkv(qkv.size());
  std::vector<Accumulate<T>> log_sums(std::size_t(tokens * heads));
  attention_forward(shape, qkv.data(), context.data(), log_sums.data());
  attention_backward(shape, qkv.data(), context.data(), log_sums.data(), d_context.data(),
                     d_qkv.data());
  const Result wanted = textbook(shape, exact(qkv), exact(d_context));
  // In bf16 the context that backward reads is rounded, and probabilities may be.
  const double slack = std::is_same_v<T, Bf16> ? 3 : 10;
  EXPECT_LT(worst(exact(context), wanted.context), slack * rounding<T>());
  EXPECT_LT(worst(exact(d_qkv), wanted.d_qkv), slack * rounding<T>());
}

}  // namespace

template <class T>
class Attention : public testing::Test {};
using Storage = testing::Types<double, float, Bf16>;
TYPED_TEST_SUITE(Attention, Storage);

TYPED_TEST(Attention, equals_the_textbook_for_every_short_length) {
  std::vector<int> lengths;
  for (int length = 1; length <= 70; ++length) lengths.push_back(length);
  compare<TypeParam>(lengths, 3, 32, 0);
}

TYPED_TEST(Attention, equals_the_textbook_for_long_documents_among_short_ones) {
  compare<TypeParam>({300, 1, 128, 2, 129, 255}, 2, 32, 0);
}

TYPED_TEST(Attention, takes_any_head_size) {
  for (const std::int64_t size : {1, 8, 16, 20, 33, 64, 128})
    compare<TypeParam>({5, 40, 17}, 2, size, 0);
}

TYPED_TEST(Attention, drops_probabilities_by_their_keys) {
  compare<TypeParam>({1, 2, 30, 65}, 3, 32, 0.3);
  compare<TypeParam>({130}, 2, 16, 0.1);
}

TYPED_TEST(Attention, does_not_overflow_on_large_scores) {
  compare<TypeParam>({20, 70}, 2, 32, 0, 6);
}

TYPED_TEST(Attention, one_token_attends_to_itself) {
  using T = TypeParam;
  const Documents documents({1});
  const AttentionShape shape = documents.shape(1, 16, 0);
  const auto qkv = normal_numbers<T>(48, 9);
  std::vector<T> context(16);
  std::vector<Accumulate<T>> log_sums(1);
  attention_forward(shape, qkv.data(), context.data(), log_sums.data());
  const auto out = exact(context), in = exact(qkv);
  EXPECT_EQ(out, std::vector<double>(in.begin() + 32, in.end()));
}

}  // namespace temper
