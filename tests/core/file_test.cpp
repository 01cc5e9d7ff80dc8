#include "core/file.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "core/json.hpp"
#include "core/outcome.hpp"
#include "core/progress.hpp"

namespace temper {

namespace fs = std::filesystem;

class Files : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(root_); }
  void TearDown() override { fs::remove_all(root_); }
  fs::path root_ = fs::temp_directory_path() / ("temper-file-test-" + std::to_string(::getpid()));
};

TEST_F(Files, are_replaced_whole_and_leave_no_temporary) {
  write_file_atomically(root_ / "a/b.txt", "one");
  write_file_atomically(root_ / "a/b.txt", "two");
  EXPECT_EQ(read_text_file(root_ / "a/b.txt").value(), "two");
  EXPECT_EQ(std::distance(fs::directory_iterator(root_ / "a"), fs::directory_iterator()), 1);
}

TEST_F(Files, a_failed_write_keeps_the_old_file_and_names_the_path) {
  write_file_atomically(root_ / "kept", "old");
  fs::create_directories(root_ / "folder");
  try {
    write_file_atomically(root_ / "folder", "text");  // a folder cannot be replaced by a file
    FAIL() << "no throw";
  } catch (const WorldFailure& failure) {
    EXPECT_EQ(failure.outcome(), Outcome::io_error);
    EXPECT_NE(std::string(failure.what()).find("folder"), std::string::npos);
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(root_), fs::directory_iterator()), 2);
  EXPECT_THROW(write_file_atomically(root_ / "kept/below", "x"), WorldFailure);
  EXPECT_EQ(read_text_file(root_ / "kept").value(), "old");
}

TEST_F(Files, broken_json_is_named_by_line_and_column) {
  std::ofstream(root_ / "x.json") << "{\n  \"a\": 1,\n  oops\n}\n";
  const auto json = read_json_file(root_ / "x.json");
  ASSERT_FALSE(json);
  EXPECT_NE(json.problems()[0].where.find("x.json:3:3"), std::string::npos)
      << json.problems()[0].where;
}

TEST_F(Files, json_nested_too_deeply_is_refused) {
  std::ofstream(root_ / "deep.json") << std::string(100000, '[');
  EXPECT_FALSE(read_json_file(root_ / "deep.json"));
}

TEST_F(Files, lines_are_appended) {
  LineAppender(root_ / "journal.jsonl").append("{\"a\":1}");
  LineAppender(root_ / "journal.jsonl").append("{\"a\":2}");
  EXPECT_EQ(read_text_file(root_ / "journal.jsonl").value(), "{\"a\":1}\n{\"a\":2}\n");
}

TEST(Json, canonical_form_does_not_depend_on_the_order_of_keys) {
  const Json a = {{"b", 1}, {"a", {{"y", 0.1}, {"x", nullptr}}}};
  const Json b = {{"a", {{"x", nullptr}, {"y", 0.1}}}, {"b", 1}};
  EXPECT_EQ(canonical_json(a), canonical_json(b));
  EXPECT_EQ(canonical_json(a), R"({"a":{"x":null,"y":0.1},"b":1})");
}

TEST(Progress, durations_read_well) {
  EXPECT_EQ(duration_text(4.23), "4.2 s");
  EXPECT_EQ(duration_text(59.6), "60 s");
  EXPECT_EQ(duration_text(185), "3:05 min");
  EXPECT_EQ(duration_text(7800), "2:10:00 h");
}

}  // namespace temper
