#include "io/export/model_card.hpp"

#include <cstdio>

#include "core/json.hpp"

namespace temper {

namespace {

// A cell must not end its row, nor its column.
std::string cell(const std::string& text) {
  std::string safe;
  for (const char letter : text)
    safe += letter == '|' ? "\\|" : letter == '\n' || letter == '\r' ? " " : std::string(1, letter);
  return safe;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

std::string table(const std::string& heading, const ModelCard::Rows& rows) {
  if (rows.empty()) return "";
  std::string text = "\n## " + heading + "\n\n| | |\n| --- | --- |\n";
  for (const auto& [name, value] : rows) text += "| " + cell(name) + " | " + cell(value) + " |\n";
  return text;
}

std::string scores(const std::vector<CardScore>& scores) {
  if (scores.empty()) return "";
  std::string text = "\n## Scores\n\n| score | value | 95 % interval |\n| --- | --- | --- |\n";
  for (const CardScore& score : scores)
    text += "| " + cell(score.name) + " | " + number(score.value) + " | " +
            (score.low && score.high ? number(*score.low) + " to " + number(*score.high) : "") +
            " |\n";
  return text;
}

}  // namespace

std::string to_markdown(const ModelCard& card) {
  // JSON strings are YAML strings.
  std::string text = "---\nlibrary_name: " + card.library + "\n";
  if (!card.base_model.empty()) text += "base_model: " + Json(card.base_model).dump() + "\n";
  if (card.task == "causal-lm") text += "pipeline_tag: text-generation\n";
  if (card.task == "sequence-classification") text += "pipeline_tag: text-classification\n";
  text += "tags:\n- temper\n---\n\n# " + cell(card.title) + "\n";
  if (!card.description.empty()) text += "\n" + card.description + "\n";
  return text + scores(card.scores) + table("Data", card.data) + table("Settings", card.settings) +
         table("Hashes", card.hashes);
}

}  // namespace temper
