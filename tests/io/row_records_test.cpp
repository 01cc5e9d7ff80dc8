#include "io/row_records.hpp"

#include <gtest/gtest.h>

#include "core/philox.hpp"
#include "core/problem.hpp"
#include "support/temporary_folder.hpp"

namespace temper {

namespace {

struct Found {
  std::int64_t line;
  std::string record;
  bool operator==(const Found&) const = default;
};

// What `parts` readers read together, as ranks do it: scan, compose, read.
std::vector<Found> read_in_parts(const std::filesystem::path& file, RecordFormat format,
                                 int parts) {
  const std::int64_t size = std::int64_t(std::filesystem::file_size(file));
  std::vector<Found> found;
  RecordState state = RecordState::record_start;
  std::int64_t lines = 0;
  for (int p = 0; p < parts; ++p)
    for (const FilePart& part : split_files({size}, p, parts)) {
      RecordReader reader(file, part, format, state, lines);
      while (reader.next()) found.push_back({reader.line(), std::string(reader.record())});
      const FileScan scan = scan_records(file, part.begin, part.end, format);
      state = scan.then(state);
      lines += scan.newlines;
    }
  return found;
}

std::string random_bytes(std::uint32_t seed, std::size_t length, const std::string& alphabet) {
  std::string text;
  for (std::uint32_t i = 0; text.size() < length; ++i)
    for (const std::uint32_t word : philox(philox_key(seed), {i, 0, 0, 0}))
      text += alphabet[word % alphabet.size()];
  text.resize(length);
  return text;
}

}  // namespace

TEST(RowRecords, files_are_cut_evenly_without_gap_or_overlap) {
  const std::vector<std::int64_t> sizes{0, 5, 1, 0, 10, 3};
  for (int parts = 1; parts <= 25; ++parts) {
    std::vector<int> owners(19, 0);
    for (int p = 0; p < parts; ++p)
      for (const FilePart& part : split_files(sizes, p, parts)) {
        ASSERT_LT(part.begin, part.end);
        ASSERT_LE(part.end, sizes[std::size_t(part.file)]);
        std::int64_t at = part.begin;
        for (int f = 0; f < part.file; ++f) at += sizes[std::size_t(f)];
        for (std::int64_t b = part.begin; b < part.end; ++b, ++at) ++owners[std::size_t(at)];
      }
    EXPECT_EQ(owners, std::vector<int>(19, 1)) << parts;
  }
}

TEST(RowRecords, a_quoted_field_may_hold_newlines_and_quotes) {
  const TemporaryFolder folder;
  const auto file = folder.write("a.csv", "a,b\r\n\"x\ny\",\"say \"\"hi\"\"\"\r\n5\" pipe,z\n");
  const auto found = read_in_parts(file, RecordFormat::csv, 1);
  EXPECT_EQ(found, (std::vector<Found>{
                       {1, "a,b"}, {2, "\"x\ny\",\"say \"\"hi\"\"\""}, {4, "5\" pipe,z"}}));
  std::vector<std::string> fields;
  EXPECT_EQ(split_csv_record(found[1].record, ',', fields), "");
  EXPECT_EQ(fields, (std::vector<std::string>{"x\ny", "say \"hi\""}));
  EXPECT_EQ(split_csv_record(found[2].record, ',', fields), "");
  EXPECT_EQ(fields, (std::vector<std::string>{"5\" pipe", "z"}));
  EXPECT_EQ(split_csv_record("", ',', fields), "");
  EXPECT_EQ(fields, std::vector<std::string>{""});
  EXPECT_EQ(split_csv_record("a,,", ',', fields), "");
  EXPECT_EQ(fields, (std::vector<std::string>{"a", "", ""}));
  EXPECT_NE(split_csv_record("\"a\"b,c", ',', fields), "");
  EXPECT_NE(split_csv_record("\"a,c", ',', fields), "");
}

TEST(RowRecords, any_number_of_parts_reads_what_one_part_reads) {
  const TemporaryFolder folder;
  for (std::uint32_t seed = 0; seed < 40; ++seed)
    for (const RecordFormat format : {RecordFormat::lines, RecordFormat::csv, RecordFormat::tsv}) {
      std::string text = random_bytes(seed, 60, "a\",\t\n\n\r\"");
      if (seed % 4 == 0) text = "\xEF\xBB\xBF" + text;
      const auto file = folder.write("r", text);
      const auto whole = read_in_parts(file, format, 1);
      for (const int parts : {2, 3, 4, 7, 31, 90})
        ASSERT_EQ(read_in_parts(file, format, parts), whole)
            << "seed " << seed << ", " << parts << " parts of " << testing::PrintToString(text);
    }
}

TEST(RowRecords, records_longer_than_the_buffer_are_whole) {
  const TemporaryFolder folder;
  const std::string longest(9 << 20, 'x');
  const auto file = folder.write("l", "a\n" + longest + "\nb");
  for (const int parts : {1, 3})
    EXPECT_EQ(read_in_parts(file, RecordFormat::lines, parts),
              (std::vector<Found>{{1, "a"}, {2, longest}, {3, "b"}}));
}

TEST(RowRecords, a_byte_order_mark_is_no_part_of_a_record_and_utf_16_is_refused) {
  const TemporaryFolder folder;
  const auto file = folder.write("m.csv", "\xEF\xBB\xBF\"a\nb\",c\nd,e\n");
  EXPECT_EQ(read_in_parts(file, RecordFormat::csv, 1),
            (std::vector<Found>{{1, "\"a\nb\",c"}, {3, "d,e"}}));
  const auto wide = folder.write("w.csv", std::string("\xFF\xFE"
                                                      "a\0",
                                                      4));
  EXPECT_THROW(read_in_parts(wide, RecordFormat::csv, 1), BadInput);
}

}  // namespace temper
