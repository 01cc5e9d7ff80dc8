#include "core/json.hpp"

#include <algorithm>

#include "core/file.hpp"

namespace temper {

namespace {

constexpr int kDeepest = 256;

// The position of a byte as "line:column", both from 1.
std::string place_in(const std::string& text, std::size_t byte) {
  byte = std::min(byte, text.size());
  const auto line = 1 + std::count(text.begin(), text.begin() + std::ptrdiff_t(byte), '\n');
  const std::size_t newline = byte == 0 ? std::string::npos : text.rfind('\n', byte - 1);
  const std::size_t column = newline == std::string::npos ? byte + 1 : byte - newline;
  return std::to_string(line) + ":" + std::to_string(column);
}

}  // namespace

Checked<Json> read_json_file(const std::filesystem::path& path) {
  Checked<std::string> text = read_text_file(path);
  if (!text) return text.problems();
  bool too_deep = false;
  const auto watch_depth = [&](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > kDeepest;
    return !too_deep;
  };
  try {
    Json value = Json::parse(text.value(), watch_depth);
    if (too_deep)
      return Problem{path.string(), "nested deeper than " + std::to_string(kDeepest), "", ""};
    return value;
  } catch (const Json::parse_error& error) {
    return Problem{path.string() + ":" + place_in(text.value(), error.byte ? error.byte - 1 : 0),
                   "no valid JSON", error.what(), ""};
  }
}

std::string canonical_json(const Json& value) { return nlohmann::json(value).dump(); }

}  // namespace temper
