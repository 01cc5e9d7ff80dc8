// Sampling against Transformers' logits processors (tests/oracles/sampling.py).
#include "generate/sampling.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "core/json.hpp"

namespace temper {
namespace {

std::vector<float> logits_of(int c) {
  std::vector<float> logits;
  for (int i = 0; i < 40; ++i)
    logits.push_back(float(4 * std::sin(1 + 0.37 * std::pow(i, 1.1) + c)));
  return logits;
}

const std::vector<std::int32_t> kSeen{3, 7, 7, 21, 39};

TEST(Sampling, leaves_the_candidates_that_transformers_leaves) {
  const Json oracle = value_or_throw(read_json_file(std::filesystem::path(TEMPER_SOURCE_DIR) /
                                                    "tests/generate/data/sampling.json"));
  int c = 0;
  for (const Json& expected : oracle["cases"]) {
    Sampling sampling{.temperature = expected["temperature"],
                      .top_k = expected["top_k"],
                      .top_p = expected["top_p"],
                      .repetition_penalty = expected["repetition_penalty"]};
    std::vector<float> logits = logits_of(c);
    EXPECT_EQ(next_token(logits, sampling, kSeen, {}), expected["greedy"].get<std::int32_t>());
    // next_token has left the penalty in the logits.
    const Candidates found = candidates(logits, sampling);
    EXPECT_EQ(found.ids, expected["ids"].get<std::vector<std::int32_t>>()) << "case " << c;
    for (std::size_t i = 0; i < found.ids.size(); ++i)
      EXPECT_NEAR(found.probabilities[i], expected["probabilities"][i].get<double>(), 2e-6);
    ++c;
  }
  EXPECT_EQ(c, 7);
}

TEST(Sampling, draws_each_candidate_as_often_as_its_probability_says) {
  const Sampling sampling{.do_sample = true, .temperature = 0.8, .top_k = 6, .top_p = 0.95};
  const Candidates choice = candidates(logits_of(2), sampling);
  std::vector<double> counts(40, 0);
  constexpr int kDraws = 20000;
  for (int i = 0; i < kDraws; ++i) {
    std::vector<float> logits = logits_of(2);
    ++counts[std::size_t(
        next_token(logits, sampling, {}, {std::uint32_t(i % 7), std::uint32_t(i)}))];
  }
  double drawn = 0;
  for (std::size_t i = 0; i < choice.ids.size(); ++i) {
    const double p = choice.probabilities[i], error = std::sqrt(p * (1 - p) / kDraws);
    EXPECT_NEAR(counts[std::size_t(choice.ids[i])] / kDraws, p, 4.5 * error);
    drawn += counts[std::size_t(choice.ids[i])];
  }
  EXPECT_EQ(drawn, kDraws) << "nothing else was drawn";
}

TEST(Sampling, is_a_function_of_seed_document_and_position) {
  Sampling sampling{.do_sample = true, .temperature = 5, .top_k = 0};
  const auto draw = [&](SamplingPlace place) {
    std::vector<float> logits = logits_of(1);
    return next_token(logits, sampling, {}, place);
  };
  int differs = 0;
  for (std::uint32_t p = 0; p < 20; ++p) {
    EXPECT_EQ(draw({4, p}), draw({4, p}));
    differs += draw({4, p}) != draw({5, p});
  }
  EXPECT_GT(differs, 10);
}

}  // namespace
}  // namespace temper
