#include "io/rows.hpp"

#include <gtest/gtest.h>

#include "support/temporary_folder.hpp"

namespace temper {

namespace {

DataSpec spec_with_id() {
  DataSpec spec;
  spec.id_column = "id";
  return spec;
}

class JsonRows : public testing::Test {
 protected:
  // "" when the line is a row; else what is wrong with it.
  std::string problem_of(const std::string& line) {
    padded_ = line + std::string(64, '\0');
    RowParser parser(spec_, "x.jsonl", task_);
    const auto result = parser.parse(std::string_view(padded_).substr(0, line.size()), row_);
    if (result == RowParser::Result::blank) return "blank";
    return result == RowParser::Result::row ? "" : parser.problem();
  }
  DataSpec spec_;
  RowTask task_ = RowTask::classification;
  Row row_;
  std::string padded_;
};

std::string words_of_bad_input(const DataSpec& spec, const std::string& file,
                               RowTask task = RowTask::classification) {
  try {
    RowParser parser(spec, file, task);
  } catch (const BadInput& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_F(JsonRows, take_texts_and_integers_as_labels) {
  EXPECT_EQ(problem_of(R"({"text":"a\n\u00e9\ud83d\ude00","label":"noun","more":[1,{}]})"), "");
  EXPECT_EQ(row_.text, "a\né😀");
  EXPECT_EQ(row_.label, "noun");
  EXPECT_FALSE(row_.label_is_integer);
  EXPECT_EQ(problem_of(R"({"label":-3,"text":"a"})"), "");
  EXPECT_EQ(row_.label, "-3");
  EXPECT_TRUE(row_.label_is_integer);
  EXPECT_EQ(problem_of(R"({"label":true,"text":"a"})"), "");
  EXPECT_EQ(row_.label, "true");
}

TEST_F(JsonRows, hostile_lines_are_bad_and_say_why) {
  for (const auto& [line, word] : std::vector<std::pair<std::string, std::string>>{
           {R"({"text":"a","label":"b")", "broken JSON"},
           {R"({"text":"a","label":"b"} x)", "broken JSON"},
           {R"({"text":"a","label":"b","x":tru})", "broken JSON"},
           {R"({"text":"\ud800","label":"b"})", "broken JSON"},
           {R"({"text":"\udc00\ud800","label":"b"})", "broken JSON"},
           {R"({"text":"\ud83dx","label":"b"})", "broken JSON"},
           {"{\"text\":\"\xC3(\",\"label\":\"b\"}", "invalid UTF-8 at byte 10"},
           {"{\"text\":\"\xED\xA0\x80\",\"label\":\"b\"}", "invalid UTF-8"},
           {"{\"text\":\"a\tb\",\"label\":\"b\"}", "broken JSON"},
           {R"({"text":"a\u0000","label":"b"})", "U+0000"},
           {std::string("{\"text\":\"a\",\0\"label\":\"b\"}", 23), "broken JSON"},
           {R"(["a","b"])", "no JSON object"},
           {R"({"text":"a"})", "has no \"label\" but text"},
           {R"({"txet":"a","label":1})", "Did you mean \"txet\"?"},
           {R"({"text":"a","text":"b","label":1})", "twice"},
           {R"({"text":7,"label":1})", "is 7, which is no text"},
           {R"({"text":null,"label":1})", "is null"},
           {R"({"text":"a","label":1.5})", "fraction"},
           {R"({"text":"a","label":""})", "empty"},
           {R"({"text":"a","label":[1]})", "no label"},
           {std::string(2000, '[') + std::string(2000, ']'), "JSON"},
           {"", "blank"},
           {" \t", "blank"}}) {
    EXPECT_NE(problem_of(line).find(word), std::string::npos)
        << line.substr(0, 60) << " -> " << problem_of(line);
  }
}

TEST_F(JsonRows, regression_wants_finite_numbers) {
  task_ = RowTask::regression;
  EXPECT_EQ(problem_of(R"({"text":"a","label":2.5})"), "");
  EXPECT_EQ(row_.value, 2.5);
  EXPECT_EQ(problem_of(R"({"text":"a","label":-7})"), "");
  EXPECT_EQ(row_.value, -7);
  EXPECT_EQ(problem_of(R"({"text":"a","label":" +1e-3 "})"), "");
  EXPECT_EQ(row_.value, 1e-3);
  for (const char* label :
       {R"("good")", R"("nan")", R"("inf")", R"("1e999")", "true", "null", "1e999"})
    EXPECT_NE(problem_of(std::string(R"({"text":"a","label":)") + label + "}"), "") << label;
}

TEST_F(JsonRows, named_columns_are_read_and_required) {
  spec_.id_column = "id";
  spec_.group_column = "who";
  spec_.text_pair_column = "b";
  EXPECT_EQ(problem_of(R"({"text":"x","b":"y","label":"l","id":12345678901234567890,"who":"z"})"),
            "");
  EXPECT_EQ(row_.id, "12345678901234567890");
  EXPECT_EQ(row_.group, "z");
  EXPECT_EQ(row_.text_pair, "y");
  EXPECT_NE(problem_of(R"({"text":"x","b":"y","label":"l","id":1})"), "");
}

TEST(CsvRows, are_found_by_the_names_in_the_header) {
  const TemporaryFolder folder;
  const auto file = folder.write("a.csv", "label,id,text\n3,r1,\"one, two\"\n");
  RowParser parser(spec_with_id(), file.string(), RowTask::classification);
  EXPECT_EQ(parser.header_end(), 14);
  Row row;
  EXPECT_EQ(parser.parse("3,r1,\"one, two\"", row), RowParser::Result::row);
  EXPECT_EQ(row.text, "one, two");
  EXPECT_EQ(row.label, "3");
  EXPECT_TRUE(row.label_is_integer);
  EXPECT_EQ(row.id, "r1");
  EXPECT_EQ(parser.parse("003,r1,x", row), RowParser::Result::row);
  EXPECT_FALSE(row.label_is_integer);
  EXPECT_EQ(parser.parse("", row), RowParser::Result::blank);
  EXPECT_EQ(parser.parse("3,r1", row), RowParser::Result::bad);
  EXPECT_NE(parser.problem().find("2 fields where the header has 3"), std::string::npos);
  EXPECT_EQ(parser.parse("3,r1,\xFF", row), RowParser::Result::bad);
  EXPECT_NE(parser.problem().find("invalid UTF-8 at byte 6"), std::string::npos);
  EXPECT_EQ(parser.parse(std::string_view("3,r1,\0", 6), row), RowParser::Result::bad);
}

TEST(CsvRows, a_missing_column_is_one_problem_with_the_nearest_name) {
  const TemporaryFolder folder;
  const auto file = folder.write("a.tsv", "lable\ttext\nx\ty\n");
  const std::string words = words_of_bad_input(DataSpec{}, file.string());
  EXPECT_NE(words.find("a.tsv:1: has no column \"label\" but lable, text"), std::string::npos)
      << words;
  EXPECT_NE(words.find("Did you mean \"lable\"?"), std::string::npos) << words;
}

TEST(RowFormats, are_known_by_ending_or_named) {
  DataSpec spec;
  EXPECT_EQ(find_row_format(spec, "a/b.jsonl").value(), RowFormat::jsonl);
  EXPECT_FALSE(find_row_format(spec, "a/b.parquet"));
  spec.format = "tsv";
  EXPECT_EQ(find_row_format(spec, "a/b.parquet").value(), RowFormat::tsv);
  spec.format = "jsnol";
  EXPECT_NE(to_text(find_row_format(spec, "x").problems()).find("\"jsonl\""), std::string::npos);
}

TEST(RowFormats, plain_text_has_no_labels) {
  const TemporaryFolder folder;
  const auto file = folder.write("a.txt", "one\n");
  EXPECT_NE(words_of_bad_input(DataSpec{}, file.string()).find("no labels"), std::string::npos);
}

}  // namespace temper
