#include "jobscripts/journal.hpp"

#include "core/file.hpp"
#include "core/outcome.hpp"
#include "jobscripts/trial_history.hpp"
#include "support/folder_test.hpp"

namespace temper {

class Journals : public FolderTest {
 protected:
  std::filesystem::path path_ = root_ / "journal" / "study.jsonl";
};

TEST_F(Journals, come_back_as_they_were_written) {
  {
    Journal journal(path_);
    journal.append("study_begins");
    journal.append("trial_begins", {{"trial", "1f2e3d4c"}, {"ranks", 2}});
  }
  const Journal journal(path_);
  ASSERT_EQ(journal.events().size(), 2u);
  EXPECT_EQ(journal.torn_bytes(), 0u);
  EXPECT_EQ(journal.events()[1].at("event"), "trial_begins");
  EXPECT_EQ(journal.events()[1].at("seq"), 1);
  EXPECT_EQ(journal.events()[1].at("ranks"), 2);
}

TEST_F(Journals, are_json_lines_for_other_programs) {
  const std::string line = journal_line({{"seq", 0}, {"event", "best"}});
  // The length and CRC-32C of what stands before `,"len"`, by an independent program.
  EXPECT_EQ(line, R"({"seq":0,"event":"best","len":"00000023","crc":"bc70a066"})");
  EXPECT_TRUE(Json::parse(line).is_object());
}

TEST_F(Journals, lose_only_the_last_line_wherever_it_is_torn) {
  const std::string first = journal_line({{"seq", 0}, {"event", "study_begins"}}) + "\n";
  const std::string second = journal_line({{"seq", 1}, {"event", "best"}}) + "\n";
  for (std::size_t kept = 0; kept < second.size(); ++kept) {
    write_file_atomically(path_, first + second.substr(0, kept));
    {
      Journal journal(path_);
      EXPECT_EQ(journal.events().size(), 1u) << kept;
      EXPECT_EQ(journal.torn_bytes(), kept);
      journal.append("study_complete");
    }
    const Journal journal(path_);
    ASSERT_EQ(journal.events().size(), 2u) << kept;
    EXPECT_EQ(journal.events()[1].at("event"), "study_complete");
    EXPECT_EQ(journal.torn_bytes(), 0u);
  }
}

TEST_F(Journals, damaged_in_the_middle_are_refused_with_the_line) {
  std::string first = journal_line({{"seq", 0}, {"event", "study_begins"}}) + "\n";
  const std::string second = journal_line({{"seq", 1}, {"event", "best"}}) + "\n";
  for (std::size_t at = 0; at + 1 < first.size(); ++at) {
    std::string flipped = first;
    flipped[at] = char(flipped[at] ^ 1);
    if (flipped[at] == '\n') continue;
    write_file_atomically(path_, flipped + second);
    try {
      const Journal journal(path_);
      FAIL() << "the flip at " << at << " was not seen";
    } catch (const WorldFailure& failure) {
      EXPECT_NE(std::string(failure.what()).find("study.jsonl:1"), std::string::npos);
    }
  }
}

TEST(TrialHistories, add_up_all_attempts_and_count_failures_since_the_last_end) {
  const auto attempt = [](const char* outcome) {
    return Json{{"event", "attempt_ends"}, {"trial", "a"},      {"outcome", outcome},
                {"seconds", 10.0},         {"core_hours", 0.5}, {"energy_joules", 2.0}};
  };
  const Json begin = {{"event", "trial_begins"},
                      {"trial", "a"},
                      {"attempt", "segment-1/attempt-1"},
                      {"time", "t"},
                      {"ranks", 2},
                      {"threads_per_rank", 3}};
  const Json end = {{"event", "trial_ends"}, {"trial", "a"}};
  TrialHistories trials = fold_journal({begin, attempt("lost_rank"), begin, attempt("interrupted"),
                                        begin, attempt("io_error"), begin});
  EXPECT_EQ(trials["a"].attempts, 4);
  EXPECT_EQ(trials["a"].failures, 2) << "an interruption is no failure";
  EXPECT_EQ(trials["a"].open_attempt, "segment-1/attempt-1");
  EXPECT_EQ(trials["a"].open_cores, 6);
  EXPECT_DOUBLE_EQ(trials["a"].core_hours, 1.5);
  EXPECT_DOUBLE_EQ(trials["a"].energy_joules, 6);
  add_event(trials, attempt("lost_rank"));
  add_event(trials, end);
  EXPECT_EQ(trials["a"].failures, 0);
  EXPECT_TRUE(trials["a"].open_attempt.empty());
}

}  // namespace temper
