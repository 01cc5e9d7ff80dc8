#include "plan/row_format.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/json.hpp"

namespace temper {

namespace {

constexpr std::size_t kLongestFirstRow = 16 << 20;

// The first line that is not empty.
std::string first_line(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string line;
  for (char c; line.size() < kLongestFirstRow && file.get(c);) {
    if (c != '\n')
      line += c;
    else if (line.find_first_not_of(" \t\r") != std::string::npos)
      break;
    else
      line.clear();
  }
  if (line.ends_with('\r')) line.pop_back();
  if (line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
  return line;
}

// The columns of the first row. Of CSV the header's words: a name in quotes is none that is looked
// for here.
std::vector<std::string> columns_of(const DataSpec& data, const std::string& path) {
  std::string format =
      data.format.empty() ? std::filesystem::path(path).extension().string() : data.format;
  if (format.starts_with('.')) format.erase(0, 1);
  std::vector<std::string> columns;
  if (format == "jsonl" || format == "ndjson") {
    const Json row = Json::parse(first_line(path), nullptr, false);
    if (row.is_object())
      for (const auto& [key, value] : row.items()) columns.push_back(key);
  } else if (format == "csv" || format == "tsv") {
    std::istringstream header(first_line(path));
    for (std::string name; std::getline(header, name, format == "csv" ? ',' : '\t');) {
      if (name.size() > 1 && name.front() == '"' && name.back() == '"')
        name = name.substr(1, name.size() - 2);
      columns.push_back(name);
    }
  }
  return columns;
}

}  // namespace

std::string row_format_of(const DataSpec& data, const std::string& file) {
  if (!data.row_format.empty()) return data.row_format;
  const std::vector<std::string> columns = columns_of(data, file);
  const auto has = [&](const std::string& name) {
    return std::find(columns.begin(), columns.end(), name) != columns.end();
  };
  if (has(data.messages_column)) return "messages";
  if (has(messages_column(data, "sharegpt"))) return "sharegpt";
  if (has(data.prompt_column) && has(data.completion_column)) return "prompt-completion";
  if (has("instruction") && has("output")) return "alpaca";
  return "text";
}

std::string messages_column(const DataSpec& data, const std::string& row_format) {
  const bool named = data.messages_column != DataSpec().messages_column;
  return row_format == "sharegpt" && !named ? "conversations" : data.messages_column;
}

std::string stage_of(const std::string& task, const std::string& row_format) {
  if (task == "causal-lm") return row_format == "text" ? "clm" : "sft";
  if (task == "masked-lm") return "mlm";
  return task == "sequence-classification" ? "classification" : task;
}

LearnedPart learned_part(const TrainSpec& train, const std::string& row_format) {
  if (row_format == "prompt-completion")
    return train.completion_only_loss.value_or(true) ? LearnedPart::completion
                                                     : LearnedPart::everything;
  return train.assistant_only_loss.value_or(true) ? LearnedPart::assistant
                                                  : LearnedPart::everything;
}

std::string to_text(LearnedPart part) {
  return part == LearnedPart::assistant    ? "assistant"
         : part == LearnedPart::completion ? "completion"
                                           : "everything";
}

LearnedPart learned_part_of(const std::string& text) {
  return text == "assistant"    ? LearnedPart::assistant
         : text == "completion" ? LearnedPart::completion
                                : LearnedPart::everything;
}

}  // namespace temper
