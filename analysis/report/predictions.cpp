#include "analysis/report/predictions.hpp"

#include <algorithm>

#include "core/file.hpp"
#include "core/json.hpp"

namespace temper {
namespace {

// The number of a class that is written as number or name; -1 for none.
std::int64_t class_of(const Json& value, const std::vector<std::string>& names) {
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (!value.is_string()) return -1;
  const auto found = std::find(names.begin(), names.end(), value.get_ref<const std::string&>());
  return found == names.end() ? -1 : found - names.begin();
}

bool add_scores(const Json& line, std::vector<double>& scores) {
  if (!line.contains("scores") || !line["scores"].is_array()) return false;
  for (const Json& value : line["scores"]) {
    if (!value.is_number()) return false;
    scores.push_back(value.get<double>());
  }
  return true;
}

std::string id_of(const Json& line, std::size_t number) {
  if (!line.contains("id")) return std::to_string(number);
  return line["id"].is_string() ? line["id"].get<std::string>() : line["id"].dump();
}

bool add_document(Predictions& predictions, const Json& line) {
  if (!line.is_object()) return false;
  for (const char* key : {"nll", "tokens", "correct"})
    if (!line.contains(key) || !line[key].is_number()) return false;
  predictions.nll.push_back(line["nll"]);
  predictions.tokens.push_back(line["tokens"]);
  predictions.correct.push_back(line["correct"]);
  predictions.bytes.push_back(
      line.contains("bytes") && line["bytes"].is_number() ? line["bytes"].get<double>() : 0);
  return true;
}

bool add_line(Predictions& predictions, const Json& line, const std::vector<std::string>& names) {
  if (!line.is_object() || !line.contains("label") || !line.contains("prediction")) return false;
  if (predictions.kind == PredictionKind::values) {
    if (!line["label"].is_number() || !line["prediction"].is_number()) return false;
    predictions.truth_value.push_back(line["label"]);
    predictions.predicted_value.push_back(line["prediction"]);
    return true;
  }
  constexpr std::int64_t kMost = 1 << 20;
  const std::int64_t truth = class_of(line["label"], names);
  const std::int64_t guess = class_of(line["prediction"], names);
  if (truth < 0 || guess < 0 || truth >= kMost || guess >= kMost) return false;
  predictions.truth.push_back(std::int32_t(truth));
  predictions.predicted.push_back(std::int32_t(guess));
  predictions.classes = std::max({predictions.classes, truth + 1, guess + 1});
  return true;
}

// A line, or each token of a line that lists them.
void add_rows(Predictions& predictions, const Json& line, const std::vector<std::string>& names,
              std::size_t number, bool& scored) {
  const auto add = [&](const Json& row, const std::string& id) {
    const bool language = predictions.kind == PredictionKind::language;
    if (!(language ? add_document(predictions, row) : add_line(predictions, row, names))) {
      ++predictions.skipped;
      return;
    }
    predictions.ids.push_back(id);
    scored = scored && add_scores(row, predictions.scores);
  };
  const bool lists = line.is_object() && line.contains("label") && line["label"].is_array() &&
                     line.contains("prediction") && line["prediction"].is_array() &&
                     line["label"].size() == line["prediction"].size();
  if (!lists) return add(line, id_of(line, number));
  for (std::size_t i = 0; i < line["label"].size(); ++i)
    add({{"label", line["label"][i]}, {"prediction", line["prediction"][i]}},
        id_of(line, number) + "#" + std::to_string(i));
}

}  // namespace

PredictionKind prediction_kind(std::string_view task) {
  return task == "regression"                         ? PredictionKind::values
         : task == "causal-lm" || task == "masked-lm" ? PredictionKind::language
                                                      : PredictionKind::classes;
}

Checked<Predictions> read_predictions(const std::filesystem::path& path, PredictionKind kind,
                                      const std::vector<std::string>& label_names) {
  const Checked<std::string> text = read_text_file(path);
  if (!text) return text.problems();
  Predictions predictions;
  predictions.kind = kind;
  predictions.classes = std::int64_t(label_names.size());
  bool scored = kind == PredictionKind::classes;
  const std::string& all = text.value();
  for (std::size_t begin = 0, number = 0; begin < all.size(); ++number) {
    const std::size_t end = std::min(all.find('\n', begin), all.size());
    const Json line = Json::parse(all.begin() + std::ptrdiff_t(begin),
                                  all.begin() + std::ptrdiff_t(end), nullptr, false);
    begin = end + 1;
    add_rows(predictions, line, label_names, number, scored);
  }
  if (predictions.ids.empty()) return Problem{path.string(), "holds no usable prediction", "", ""};
  if (!scored ||
      predictions.scores.size() != predictions.ids.size() * std::size_t(predictions.classes))
    predictions.scores.clear();
  return predictions;
}

ConfusionMatrix confusion_of(const Predictions& predictions) {
  ConfusionMatrix matrix(predictions.classes);
  for (std::size_t row = 0; row < predictions.truth.size(); ++row)
    matrix.add(predictions.truth[row], predictions.predicted[row]);
  return matrix;
}

}  // namespace temper
