// Embedding rows in and out, and mean pooling, against plain loops in fp64.
#include "kernels/embedding.hpp"

#include <gtest/gtest.h>

#include "support/kernel_numbers.hpp"

namespace temper {

namespace {
constexpr std::int64_t kWidth = 45, kTokens = 7;
const std::vector<std::int32_t> kIds{4, 0, 4, 9, 2, 4, 0}, kPlaces{0, 1, 2, 0, 1, 0, 1},
    kKinds{0, 1, 1, 0, 0, 1, 0};
const std::vector<std::int64_t> kOffsets{0, 3, 4, 7};
}  // namespace

template <class T>
class Embedding : public testing::Test {};
using Storage = testing::Types<double, float, Bf16>;
TYPED_TEST_SUITE(Embedding, Storage);

TYPED_TEST(Embedding, adds_word_position_and_type) {
  using T = TypeParam;
  const auto words = normal_numbers<T>(10 * kWidth, 1),
             positions = normal_numbers<T>(3 * kWidth, 2), types = normal_numbers<T>(2 * kWidth, 3);
  const auto w = exact(words), p = exact(positions), k = exact(types);
  std::vector<T> sum(std::size_t(kTokens * kWidth));
  const auto wanted = [&](bool with_types, bool with_kinds) {
    std::vector<double> all;
    for (std::size_t t = 0; t < kIds.size(); ++t)
      for (std::size_t i = 0; i < std::size_t(kWidth); ++i) {
        const std::size_t kind = with_kinds ? std::size_t(kKinds[t]) : 0;
        all.push_back(w[std::size_t(kIds[t]) * std::size_t(kWidth) + i] +
                      p[std::size_t(kPlaces[t]) * std::size_t(kWidth) + i] +
                      (with_types ? k[kind * std::size_t(kWidth) + i] : 0));
      }
    return all;
  };
  embedding_forward(words.data(), 1, positions.data(), 0, types.data(), kIds.data(), kPlaces.data(),
                    kKinds.data(), kTokens, kWidth, sum.data());
  EXPECT_LT(worst(exact(sum), wanted(true, true)), rounding<T>());
  embedding_forward<T>(words.data(), 1, positions.data(), 0, types.data(), kIds.data(),
                       kPlaces.data(), nullptr, kTokens, kWidth, sum.data());
  EXPECT_LT(worst(exact(sum), wanted(true, false)), rounding<T>());
  embedding_forward<T>(words.data(), 1, positions.data(), 0, nullptr, kIds.data(), kPlaces.data(),
                       nullptr, kTokens, kWidth, sum.data());
  EXPECT_LT(worst(exact(sum), wanted(false, false)), rounding<T>());
}

TYPED_TEST(Embedding, gradients_of_repeated_rows_add_up_and_other_rows_stay) {
  using T = TypeParam;
  const auto gradient = normal_numbers<T>(kTokens * kWidth, 4);
  const auto g = exact(gradient);
  std::vector<Accumulate<T>> table(std::size_t(10 * kWidth), 3);
  add_rows(gradient.data(), 1, kIds.data(), kTokens, kWidth, table.data());
  std::vector<double> wanted(table.size(), 3);
  for (std::size_t t = 0; t < kIds.size(); ++t)
    for (std::size_t i = 0; i < std::size_t(kWidth); ++i)
      wanted[std::size_t(kIds[t]) * std::size_t(kWidth) + i] += g[t * std::size_t(kWidth) + i];
  EXPECT_LT(worst(exact(table), wanted), 1e-6);
  for (std::size_t i = 0; i < std::size_t(kWidth); ++i)
    EXPECT_EQ(table[std::size_t(kWidth) + i], 3) << "row 1 was not seen";
}

TYPED_TEST(Embedding, mean_pooling_weighs_the_tokens_of_a_document_alike) {
  using T = TypeParam;
  using A = Accumulate<T>;
  const auto x = normal_numbers<T>(kTokens * kWidth, 5);
  const auto gradient = normal_numbers<A>(3 * kWidth, 6);
  const auto in = exact(x), go = exact(gradient);
  std::vector<A> pooled(std::size_t(3 * kWidth));
  std::vector<T> dx(x.size());
  mean_pool_forward(x.data(), kOffsets.data(), 3, kWidth, pooled.data());
  mean_pool_backward(gradient.data(), kOffsets.data(), 3, kWidth, dx.data());
  std::vector<double> wanted(pooled.size(), 0.0), wanted_dx(x.size(), 0.0);
  for (std::size_t n = 0; n < 3; ++n)
    for (std::int64_t t = kOffsets[n]; t < kOffsets[n + 1]; ++t)
      for (std::size_t i = 0; i < std::size_t(kWidth); ++i) {
        const double length = double(kOffsets[n + 1] - kOffsets[n]);
        const std::size_t at = std::size_t(t) * std::size_t(kWidth) + i;
        wanted[n * std::size_t(kWidth) + i] += in[at] / length;
        wanted_dx[at] = go[n * std::size_t(kWidth) + i] / length;
      }
  EXPECT_LT(worst(exact(pooled), wanted), 1e-6);
  EXPECT_LT(worst(exact(dx), wanted_dx), rounding<T>());
}

}  // namespace temper
