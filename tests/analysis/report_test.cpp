// The report: from a study directory to page, JSON and tables; with damaged, empty and failed
// studies.
#include "analysis/report.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "analysis/report/chart.hpp"
#include "analysis/report/format.hpp"
#include "analysis/report/report_json.hpp"
#include "analysis/report/tables.hpp"
#include "core/file.hpp"
#include "core/outcome.hpp"
#include "support/study_fixture.hpp"

namespace temper {
namespace fs = std::filesystem;
namespace {

class ReportTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "temper-report-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  StudyFixture fixture(FixtureOptions options = {}) {
    StudyFixture study(folder_ / "study", std::move(options));
    study.write();
    return study;
  }
  WrittenReport report(bool plots = false) const {
    return write_report(folder_ / "study", {.resamples = 300, .plots = plots});
  }
  std::string page() const {
    return value_or_throw(read_text_file(folder_ / "study/report/index.html"));
  }

  fs::path folder_;
};

bool mentions(const std::vector<std::string>& warnings, const std::string& words) {
  return std::any_of(warnings.begin(), warnings.end(), [&](const std::string& warning) {
    return warning.find(words) != std::string::npos;
  });
}

// Every tag closed in order; attributes quoted; no bare '<' or '&'. The page is XML but for
// <!DOCTYPE> and <meta>, which is closed too.
std::string malformed(const std::string& html) {
  std::vector<std::string> open;
  std::size_t at = html.find('\n');  // after the doctype
  while ((at = html.find('<', at)) != std::string::npos) {
    const bool comment = html.compare(at, 4, "<!--") == 0;
    const std::size_t end = html.find(comment ? "-->" : ">", at);
    if (end == std::string::npos) return "unclosed tag: " + html.substr(at, 60);
    std::string tag = html.substr(at + 1, end - at - 1);
    at = end;
    if (comment) continue;
    if (tag.find('<') != std::string::npos) return "a bare < in: " + tag;
    if (tag.back() == '/') continue;
    const std::string name =
        tag.substr(tag[0] == '/', tag.find_first_of(" \n\t") - (tag[0] == '/'));
    if (tag[0] != '/') {
      open.push_back(name);
      if (name == "style") at = html.find("</style", at);
      if (std::count(tag.begin(), tag.end(), '"') % 2 != 0) return "quotes in: " + tag;
    } else if (open.empty() || open.back() != name) {
      return "</" + name + "> closes " + (open.empty() ? "nothing" : open.back());
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? "" : "not closed: " + open.back();
}

std::set<std::string> ids_of(const std::string& html, std::size_t& count) {
  std::set<std::string> ids;
  count = 0;
  for (const std::string mark : {" id=\"", " id='"})
    for (std::size_t at = 0; (at = html.find(mark, at)) != std::string::npos; ++at, ++count)
      ids.insert(html.substr(at + 5, html.find(mark.back(), at + 5) - at - 5));
  return ids;
}

void expect_self_contained(const std::string& html) {
  EXPECT_EQ(malformed(html), "");
  for (const char* outside : {"http://", "https://", "<script", "<link", "<img", "@import", "url("})
    EXPECT_EQ(html.find(outside), std::string::npos) << outside;
  std::size_t count = 0;
  EXPECT_EQ(ids_of(html, count).size(), count) << "an id stands twice";
}

TEST_F(ReportTest, writes_a_page_that_stands_alone) {
  fixture();
  report(true);
  expect_self_contained(page());
  if (gnuplot_installed()) {
    EXPECT_NE(page().find("<svg"), std::string::npos);
    EXPECT_TRUE(fs::exists(folder_ / "study/report/plots/training-loss.svg"));
  }
  for (const char* part : {"Which setting is best?", "Is it really better?", "What did it cost?",
                           "Confusion matrix", "Scaling", "Provenance"})
    EXPECT_NE(page().find(part), std::string::npos) << part;
}

TEST_F(ReportTest, escapes_what_users_named) {
  FixtureOptions options;
  options.labels = {"<script>x</script>", "a&b\"'", "tab\there"};
  fixture(options);
  report(true);
  expect_self_contained(page());
  EXPECT_NE(page().find("&lt;script&gt;x&lt;/script&gt;"), std::string::npos);
  const std::string tsv =
      value_or_throw(read_text_file(folder_ / "study/report/tables/per_class.tsv"));
  EXPECT_NE(tsv.find("tab here\t"), std::string::npos);
}

TEST_F(ReportTest, tells_the_best_setting_and_tests_it_against_all_others) {
  fixture();
  const Json json = report().json;
  EXPECT_EQ(json.at("study"), "fixture");
  EXPECT_EQ(json.at("best"), "aaaaaaa3");
  EXPECT_EQ(json.at("runner_up"), "aaaaaaa2");
  EXPECT_EQ(json.at("final"), Json::array({"bbbbbbb0", "bbbbbbb1"}));
  ASSERT_EQ(json.at("comparisons").size(), 3u);
  for (const Json& one : json["comparisons"]) {
    EXPECT_GE(one.at("p_adjusted").get<double>(), one.at("p").get<double>());
    EXPECT_LE(one.at("accuracy").at("low").get<double>(), one["accuracy"]["value"].get<double>());
  }
  EXPECT_TRUE(json["comparisons"][0].at("better").get<bool>() ||
              json["comparisons"][1].at("better").get<bool>());
}

TEST_F(ReportTest, json_has_the_promised_keys) {
  fixture();
  const Json json = report().json;
  for (const char* key : {"study", "trials", "best", "scaling", "cost", "warnings"})
    EXPECT_TRUE(json.contains(key)) << key;
  for (const Json& trial : json.at("trials")) {
    for (const char* key :
         {"trial", "state", "spec", "metrics", "seconds", "core_hours", "cost", "setting"})
      EXPECT_TRUE(trial.contains(key)) << key;
    for (const auto& [name, metric] : trial.at("metrics").items())
      for (const char* key : {"value", "low", "high", "method"})
        EXPECT_TRUE(metric.contains(key)) << name;
  }
  const Json written = value_or_throw(read_json_file(folder_ / "study/report/report.json"));
  EXPECT_EQ(canonical_json(written), canonical_json(json));
}

TEST_F(ReportTest, charges_every_trial_and_prices_it) {
  fixture();
  const Json json = report().json;
  double hours = 0;
  for (const Json& trial : json.at("trials")) hours += trial.at("core_hours").get<double>();
  EXPECT_NEAR(json.at("cost").at("core_hours").get<double>(), hours, 1e-12);
  EXPECT_NEAR(json["cost"].at("money").get<double>(), 0.012 * hours, 1e-12);
  EXPECT_TRUE(json["cost"].at("energy_joules").is_null());
}

TEST_F(ReportTest, finds_the_speed_up_that_was_put_in) {
  fixture();
  const Json points = report().json.at("scaling");
  ASSERT_EQ(points.size(), 3u);
  EXPECT_NEAR(points[0].at("speed_up").at("value").get<double>(), 1, 1e-12);
  EXPECT_NEAR(points[2].at("speed_up").at("value").get<double>(), 1 / (0.05 + 0.95 / 4), 1e-9);
  EXPECT_NEAR(points[2].at("efficiency").at("value").get<double>(), 0.25 / (0.05 + 0.95 / 4), 1e-9);
  EXPECT_EQ(points[0].at("step_seconds").at("method"), "ranks of the median");
}

TEST_F(ReportTest, is_the_same_on_any_number_of_threads) {
  fixture();
  const auto with = [&](int threads) {
    return write_report(folder_ / "study", {.resamples = 300, .threads = threads, .plots = false})
        .json.dump();
  };
  EXPECT_EQ(with(1), with(3));
}

TEST_F(ReportTest, keeps_the_summary_in_eighty_columns) {
  FixtureOptions options;
  options.labels = {std::string(300, 'x'), "b", "c"};
  fixture(options);
  std::string line;
  for (const char c : report().summary + "\n") {
    if (c != '\n') {
      if ((c & 0xC0) != 0x80) line += c;
      continue;
    }
    if (!line.starts_with("Report: ")) {
      EXPECT_LE(line.size(), 80u) << line;
    }
    line.clear();
  }
}

TEST_F(ReportTest, of_damaged_files_is_a_report_with_warnings) {
  StudyFixture study = fixture();
  const std::string attempt = "/segment-1/attempt-1/";
  study.write_text("trials/aaaaaaa1/result.json", "{\"state\": \"do");
  study.write_text("trials/aaaaaaa2" + attempt + "records.jsonl", "not json\n{\"kind\":7}\n[1]\n");
  study.write_text("trials/bbbbbbb0" + attempt + "predictions-test.jsonl",
                   "{\"id\":1,\"label\":-4,\"prediction\":0}\n{}\nnull\n");
  study.write_text("trials/bbbbbbb1" + attempt + "outcome.json", "[]");
  study.write_text("plan/aaaaaaa3.json", std::string(100, '['));
  study.write_text("data/recipe.baselines/majority-test.jsonl", "\xff\xfe\n");
  fs::remove(folder_ / "study/data/recipe.json");
  fs::remove(folder_ / "study/study.toml");
  const WrittenReport written = report();
  expect_self_contained(page());
  for (const char* words : {"aaaaaaa1/result.json", "aaaaaaa2/segment-1/attempt-1/records.jsonl",
                            "no usable prediction", "plan/aaaaaaa3.json", "recipe.json is missing",
                            "study.toml is missing"})
    EXPECT_TRUE(mentions(written.warnings, words)) << words;
}

TEST_F(ReportTest, of_wrong_types_everywhere_is_a_report) {
  FixtureOptions options;
  options.rows = 20;
  options.scale = false;
  StudyFixture study = fixture(options);
  const Json whole = study.study();
  for (const auto& [key, value] : whole.items())
    for (const Json& wrong :
         {Json(7), Json("x"), Json::array({1}), Json(nullptr), Json::object()}) {
      Json changed = whole;
      changed[key] = wrong;
      study.write_json("study.json", changed);
      const Findings findings = find(read_study_files(study.root()), {.resamples = 20});
      const PageParts parts{report_tables(findings), report_figures(findings), "no plots"};
      EXPECT_EQ(malformed(page_html(findings, parts)), "") << key << " = " << wrong.dump();
      EXPECT_TRUE(report_json(findings).contains("warnings"));
    }
}

TEST_F(ReportTest, of_an_empty_study_says_that_nothing_has_ended) {
  StudyFixture(folder_ / "study")
      .write_json("study.json", Json{{"name", "new"}, {"trials", Json::array()}});
  const WrittenReport written = report();
  expect_self_contained(page());
  EXPECT_TRUE(written.json.at("best").is_null());
  EXPECT_NE(written.summary.find("No trial has ended yet."), std::string::npos);
}

TEST_F(ReportTest, of_a_running_study_says_what_is_open) {
  FixtureOptions options;
  options.complete = options.confirm = options.scale = false;
  StudyFixture study = fixture(options);
  Json json = study.study();
  json["trials"].push_back({{"trial", "dddddddd"}, {"purpose", "search"}});
  json["best"] = nullptr;
  study.write_json("study.json", json);
  const WrittenReport written = report();
  EXPECT_TRUE(mentions(written.warnings, "1 trials are still to run"));
  EXPECT_EQ(written.json.at("best"), "aaaaaaa3");
  EXPECT_FALSE(written.json.at("complete").get<bool>());
}

TEST_F(ReportTest, of_failed_trials_names_their_reasons) {
  StudyFixture study = fixture();
  study.write_json("trials/aaaaaaa1/result.json",
                   {{"state", "failed"}, {"reason", "loss is <nan>"}});
  const WrittenReport written = report();
  expect_self_contained(page());
  EXPECT_TRUE(mentions(written.warnings, "aaaaaaa1 failed: loss is <nan>"));
}

TEST_F(ReportTest, refuses_a_folder_that_is_no_study) {
  EXPECT_THROW(write_report(folder_, {}), WorldFailure);
  EXPECT_FALSE(fs::exists(folder_ / "report"));
}

TEST(Format, shows_sensible_digits) {
  EXPECT_EQ(number_text(0.0002), "0.0002");
  EXPECT_EQ(number_text(0.5), "0.5");
  EXPECT_EQ(number_text(5e-5), "5e-05");
  EXPECT_EQ(number_text(123456), "123,456");
  EXPECT_EQ(number_text(std::nan("")), kDash);
  EXPECT_EQ(metric_text("test/macro_f1", 0.8128, 0.79, 0.834), "81.3\xc2\xa0% (79.0 to 83.4)");
  EXPECT_EQ(points_text(-0.012),
            "\xe2\x88\x92"
            "1.2");
  EXPECT_EQ(p_text(0.00001), "p < 0.0001");
  EXPECT_EQ(count_text(-1234567), "-1,234,567");
}

}  // namespace
}  // namespace temper
