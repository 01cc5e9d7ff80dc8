// Reports of language models: predictions are sums over documents, compared with the untouched
// model.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "analysis/report.hpp"
#include "analysis/report/measurements.hpp"
#include "core/file.hpp"
#include "support/study_fixture.hpp"

namespace temper {
namespace fs = std::filesystem;
namespace {

Predictions documents_of(double nll_per_token) {
  Predictions p;
  p.kind = PredictionKind::language;
  for (int i = 0; i < 200; ++i) {
    const double tokens = 5 + i % 11;
    p.ids.push_back("doc" + std::to_string(i));
    p.tokens.push_back(tokens);
    p.nll.push_back(tokens * (nll_per_token + 0.3 * std::sin(i)));
    p.correct.push_back(std::floor(tokens / 2));
    p.bytes.push_back(4 * tokens);
  }
  return p;
}

double total(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

TEST(LanguageMeasurements, are_ratios_of_sums_over_documents) {
  const Predictions p = documents_of(2);
  const Measurements m = measure(p, {.resamples = 500});
  const double loss = total(p.nll) / total(p.tokens);
  EXPECT_DOUBLE_EQ(m.at("loss").value, loss);
  EXPECT_DOUBLE_EQ(m.at("perplexity").value, std::exp(loss));
  EXPECT_DOUBLE_EQ(m.at("token_accuracy").value, total(p.correct) / total(p.tokens));
  EXPECT_NEAR(m.at("bits_per_byte").value, loss / 4 / std::log(2.0), 1e-12);
  EXPECT_LT(m.at("loss").low, loss);
  EXPECT_GT(m.at("loss").high, loss);
  EXPECT_LT(m.at("loss").high - m.at("loss").low, 0.2);
}

TEST(LanguageMeasurements, lack_bits_per_byte_where_bytes_are_not_known) {
  Predictions p = documents_of(2);
  p.bytes.assign(p.bytes.size(), 0);
  EXPECT_FALSE(measure(p, {.resamples = 100}).contains("bits_per_byte"));
}

TEST(LanguageMeasurements, compare_the_same_documents) {
  const PairedDifference d = compare(documents_of(2), documents_of(2.5), {.resamples = 500});
  EXPECT_EQ(d.rows, 200);
  EXPECT_NEAR(d.accuracy.value, 0.5, 1e-12) << "less loss is better";
  EXPECT_NEAR(d.macro_f1.value, -0.5, 1e-12);
  EXPECT_LT(d.accuracy_p, 0.01);
}

std::string lines_of(const Predictions& p) {
  std::string text;
  for (std::size_t i = 0; i < p.ids.size(); ++i)
    text += Json{{"id", p.ids[i]},
                 {"nll", p.nll[i]},
                 {"tokens", p.tokens[i]},
                 {"correct", p.correct[i]},
                 {"bytes", p.bytes[i]}}
                .dump() +
            "\n";
  return text;
}

TEST(LanguageReport, compares_the_model_with_the_untouched_one) {
  std::string pattern = (fs::temp_directory_path() / "temper-report-XXXXXX").string();
  ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
  const fs::path root = fs::path(pattern) / "study";
  StudyFixture study(root, {.confirm = false, .scale = false});
  study.write();
  fs::remove_all(root / "data" / "recipe.baselines");
  Json json = study.study();
  json["task"] = "causal-lm", json["objective"] = "eval/loss", json["greater_is_better"] = false;
  json["best"] = "aaaaaaa1";  // the lowest loss that the jobs told
  json["target"] = {{"eval/perplexity", 8.0}};
  study.write_json("study.json", json);
  double loss = 2.4;
  for (const char* trial : {"aaaaaaa1", "aaaaaaa2", "aaaaaaa3"}) {
    const std::string attempt = std::string("trials/") + trial + "/segment-1/attempt-1/";
    study.write_text(attempt + "predictions-start.jsonl", lines_of(documents_of(3)));
    study.write_text(attempt + "predictions-eval.jsonl", lines_of(documents_of(loss -= 0.2)));
  }
  write_report(root, {.resamples = 300, .plots = false});
  const Json report = value_or_throw(read_json_file(root / "report/report.json"));
  bool untouched = false;
  for (const Json& one : report["comparisons"]) {
    if (one["second"] != "the untouched model") continue;
    untouched = true;
    EXPECT_TRUE(one["better"].get<bool>());
    EXPECT_NEAR(one["loss"]["value"].get<double>(), -0.8, 1e-9);
  }
  EXPECT_TRUE(untouched);
  const std::string page = value_or_throw(read_text_file(root / "report/index.html"));
  EXPECT_NE(page.find("Better than the untouched model"), std::string::npos);
  EXPECT_NE(page.find("perplexity"), std::string::npos);
  EXPECT_EQ(page.find("Confusion matrix"), std::string::npos);
  EXPECT_EQ(page.find("McNemar"), std::string::npos) << "no test that was not made";
  fs::remove_all(pattern);
}

}  // namespace
}  // namespace temper
