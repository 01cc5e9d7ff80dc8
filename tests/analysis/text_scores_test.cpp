// Text scores against SQuAD's script and rouge_score on drawn texts (tests/oracles/text_scores.py).
#include "analysis/text_scores.hpp"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>

#include "core/json.hpp"
#include "draws.hpp"

namespace temper {
namespace {

constexpr std::array kPieces{"the",     "The",  "a",     "An",   "cat",   "Cat", "sat", "on",
                             "mat",     "mat.", "(mat)", "it's", "its",   "42",  "4",   "two-fold",
                             "twofold", ",",    "--",    "",     "naïve", "E",   "e"};

std::string drawn_text(Draws& draws) {
  std::string text;
  const std::int64_t pieces = draws.below(9);
  for (std::int64_t i = 0; i < pieces; ++i)
    text += (i > 0 ? " " : "") + std::string(kPieces[std::size_t(draws.below(kPieces.size()))]);
  return text;
}

std::vector<double> values_of(std::uint64_t seed) {
  Draws draws(seed);
  const std::string prediction = drawn_text(draws), reference = drawn_text(draws);
  std::vector<double> values{double(exact_match(prediction, reference)),
                             token_f1(prediction, reference)};
  for (const PrecisionRecallF1& s :
       {rouge_n(prediction, reference, 1), rouge_n(prediction, reference, 2),
        rouge_l(prediction, reference)})
    values.insert(values.end(), {s.precision, s.recall, s.f1});
  return values;
}

TEST(TextScores, equal_squad_and_rouge_score_on_thousands_of_drawn_texts) {
  const Json oracle = value_or_throw(read_json_file(std::filesystem::path(TEMPER_SOURCE_DIR) /
                                                    "tests/analysis/data/text_scores.json"));
  std::uint64_t seed = 0;
  for (const Json& expected : oracle["full"]) {
    const std::vector<double> values = values_of(seed);
    for (std::size_t i = 0; i < values.size(); ++i)
      EXPECT_NEAR(values[i], expected[i].get<double>(), 1e-14) << "case " << seed << " value " << i;
    ++seed;
  }
  const auto block = oracle["block"].get<std::uint64_t>();
  for (std::size_t b = 0; b < oracle["sums"].size(); ++b) {
    double sum = 0;
    for (std::uint64_t s = b * block; s < (b + 1) * block; ++s)
      for (const double value : values_of(s)) sum += value;
    EXPECT_NEAR(sum, oracle["sums"][b].get<double>(), 1e-10) << "block " << b;
  }
}

TEST(TextScores, of_a_worked_example) {
  EXPECT_EQ(normalized_answer("The cat, an  old one."), "cat old one");
  EXPECT_DOUBLE_EQ(token_f1("The cat sat.", "a cat sat down"), 0.8);
  EXPECT_DOUBLE_EQ(rouge_l("the cat sat", "the dog sat").f1, 2.0 / 3);
  EXPECT_EQ(token_f1("the", "a"), 1) << "nothing is left of either";
}

}  // namespace
}  // namespace temper
