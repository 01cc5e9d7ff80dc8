#include "end_to_end/end_to_end.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {
const char* const kTwoRates =
    "[search]\nmethod = \"grid\"\n[search.space]\n\"train.learning_rate\" = [1e-3, 1e-5]\n"
    "[confirm]\nseeds = [1]\n";
}

class Studies : public EndToEnd, public testing::WithParamInterface<int> {};

TEST_P(Studies, go_from_text_to_a_report_and_are_complete) {
  const std::string file =
      manifest("[parallel]\nranks = " + std::to_string(GetParam()) + "\n" + kTwoRates);
  const ProgramOutput first = temper({"run", file});
  ASSERT_EQ(first.exit_code, 0) << first.text;
  const Json study = json(study_folder() / "study.json");
  EXPECT_TRUE(study.at("complete").get<bool>());
  ASSERT_EQ(study.at("trials").size(), 3u);
  for (const Json& trial : study.at("trials")) {
    const fs::path folder = study_folder() / "trials" / trial.at("trial").get<std::string>();
    const Json result = json(folder / "result.json");
    EXPECT_EQ(result.at("state"), "done");
    EXPECT_TRUE(result.at("metrics").contains("eval/accuracy")) << result;
    EXPECT_TRUE(fs::exists(folder / "segment-1/latest/records.jsonl"));
    const bool confirmed = trial.at("purpose") == "confirm";
    EXPECT_EQ(fs::exists(folder / "model/model.safetensors"), confirmed);
    EXPECT_EQ(result.at("metrics").contains("test/accuracy"), confirmed);
    EXPECT_EQ(fs::exists(folder / "segment-1/latest/predictions-test.jsonl"), confirmed);
  }
  EXPECT_TRUE(fs::exists(study_folder() / "report/index.html"));

  const ProgramOutput second = temper({"run", file});
  EXPECT_EQ(second.exit_code, 0);
  EXPECT_NE(second.text.find("complete"), std::string::npos) << second.text;
  const ProgramOutput status = temper({"status", study_folder(), "--json"});
  EXPECT_EQ(Json::parse(status.text).at("counts").at("done"), 3);
  const ProgramOutput data = temper({"data", "inspect", file, "--json"});
  EXPECT_EQ(data.exit_code, 0) << data.text;
  EXPECT_TRUE(Json::parse(data.text).is_object());
  EXPECT_EQ(temper({"data", "inspect", file}).exit_code, 0);
}

INSTANTIATE_TEST_SUITE_P(Ranks, Studies, testing::Values(1, 2));

}  // namespace temper
