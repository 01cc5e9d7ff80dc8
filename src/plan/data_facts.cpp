#include "plan/data_facts.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>

#include "core/file.hpp"
#include "plan/row_format.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kWholeBytes = 64 << 20, kSampleBytes = 256 << 10, kSamples = 64;
constexpr std::int64_t kLinesLookedAt = 512;
// English prose in a vocabulary of 30,000 pieces.
constexpr double kBytesPerToken = 4.6;
// What a chat template writes around a message.
constexpr double kTokensPerMessage = 5;

struct FileLook {
  double lines = 0;
  std::int64_t bytes = 0;
  std::vector<std::string> some;  // whole lines, evenly spaced
};

void take_lines(const std::string& text, bool from_start, std::int64_t want, FileLook& look) {
  const auto lines = std::count(text.begin(), text.end(), '\n');
  const std::int64_t every = std::max<std::int64_t>(1, lines / std::max<std::int64_t>(1, want));
  std::size_t begin = from_start ? 0 : text.find('\n') + 1;
  for (std::int64_t at = 0; begin < text.size(); ++at) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (end == text.size() && !from_start) break;  // cut off by the sample
    if (at % every == 0) look.some.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
}

FileLook look_at(const std::string& path) {
  FileLook look;
  std::error_code error;
  look.bytes = std::int64_t(fs::file_size(path, error));
  if (error || look.bytes == 0) return look;
  if (look.bytes <= kWholeBytes) {
    const Checked<std::string> text = read_text_file(path);
    if (!text) return look;
    look.lines = double(std::count(text.value().begin(), text.value().end(), '\n')) +
                 (text.value().ends_with('\n') ? 0 : 1);
    take_lines(text.value(), true, kLinesLookedAt, look);
    return look;
  }
  std::ifstream file(path, std::ios::binary);
  std::string text(std::size_t(kSampleBytes), '\0');
  std::int64_t seen = 0, lines = 0;
  for (std::int64_t i = 0; i < kSamples; ++i) {
    file.seekg((look.bytes - kSampleBytes) / (kSamples - 1) * i);
    file.read(text.data(), kSampleBytes);
    seen += file.gcount();
    lines += std::count(text.begin(), text.begin() + file.gcount(), '\n');
    take_lines(text, false, kLinesLookedAt / kSamples, look);
  }
  look.lines = double(lines) / double(seen) * double(look.bytes);
  return look;
}

std::string format_of(const std::string& path, const DataSpec& data) {
  if (!data.format.empty()) return data.format;
  const std::string ending = fs::path(path).extension().string();
  return ending.empty() ? "txt" : ending.substr(1);
}

// All texts below a value: of a conversation what each message says.
double bytes_below(const Json& value) {
  if (value.is_string()) return double(value.get_ref<const std::string&>().size());
  double bytes = 0;
  if (value.is_structured())
    for (const Json& item : value) bytes += bytes_below(item);
  return bytes;
}

// Two for alpaca and prompt-completion rows.
double messages_of(const std::string& line, const DataSpec& data) {
  if (data.row_format.empty() || data.row_format == "text") return 0;
  const Json row = Json::parse(line, nullptr, false);
  const std::string column = messages_column(data, data.row_format);
  return row.is_object() && row.contains(column) && row[column].is_array()
             ? double(row[column].size())
             : 2;
}

// The text of a JSONL row in bytes, and its label; of other formats the line's length.
double text_bytes(const std::string& line, const std::string& format, const DataSpec& data,
                  std::set<std::string>& labels) {
  if (format != "jsonl") return double(line.size());
  const Json row = Json::parse(line, nullptr, false);
  if (!row.is_object()) return 0;
  double bytes = 0;
  const bool text = data.row_format.empty() || data.row_format == "text";
  for (const auto& [column, value] : row.items())
    if (text ? column == data.text_column || column == data.text_pair_column
             : column != data.id_column && column != data.group_column)
      bytes += bytes_below(value);
  if (!text || !row.contains(data.label_column)) return bytes;
  for (const Json& label : row[data.label_column].is_array()
                               ? row[data.label_column]
                               : Json::array({row[data.label_column]}))
    if (label.is_string() || label.is_number_integer())
      labels.insert(label.is_string() ? label.get<std::string>() : label.dump());
  return bytes;
}

struct Estimate {
  double documents = 0, tokens = 0, squares = 0;
  std::set<std::string> labels;
};

Estimate estimate_files(const std::vector<std::string>& files, const DataSpec& data,
                        std::int64_t max_length) {
  Estimate all;
  for (const std::string& path : files) {
    const FileLook look = look_at(path);
    const std::string format = format_of(path, data);
    double documents = look.lines, sum = 0, squares = 0, rows = 0, documents_of_rows = 0;
    if (format == "csv" || format == "tsv") documents = std::max(0.0, documents - 1);
    for (const std::string& line : look.some) {
      if (line.empty()) continue;
      const double bytes = text_bytes(line, format, data, all.labels);
      const double tokens =
          std::ceil(bytes / kBytesPerToken) + 2 + kTokensPerMessage * messages_of(line, data);
      const double length = std::min(double(max_length), tokens);
      // Raw text is cut into pieces, all else is cut short.
      const double pieces = data.row_format == "text" ? std::ceil(tokens / double(max_length)) : 1;
      sum += length * pieces, squares += length * length * pieces, ++rows,
          documents_of_rows += pieces;
    }
    if (rows == 0) continue;
    all.documents += documents * documents_of_rows / rows;
    all.tokens += documents * sum / rows;
    all.squares += documents * squares / rows;
  }
  return all;
}

}  // namespace

DataFacts estimate_facts(const DataSpec& data, std::int64_t max_length, bool classes) {
  Estimate train = estimate_files(data.train_file, data, max_length);
  double eval = estimate_files(data.validation_file, data, max_length).documents;
  double test = estimate_files(data.test_file, data, max_length).documents;
  if (data.split) {
    const SplitSpec& split = *data.split;
    eval = train.documents * split.validation, test = train.documents * split.test;
    for (double* part : {&train.documents, &train.tokens, &train.squares}) *part *= split.train;
  }
  DataFacts facts;
  facts.documents = std::llround(train.documents);
  facts.tokens = std::llround(train.tokens);
  facts.eval_documents = std::llround(eval);
  facts.test_documents = std::llround(test);
  facts.longest = max_length;
  facts.context = train.tokens > 0 ? train.squares / train.tokens : 0;
  facts.estimated = true;
  if (classes) facts.label_names.assign(train.labels.begin(), train.labels.end());
  if (classes && !data.label_names.empty()) facts.label_names = data.label_names;
  return facts;
}

}  // namespace temper
