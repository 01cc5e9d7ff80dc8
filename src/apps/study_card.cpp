#include "apps/study_card.hpp"

#include "core/digest.hpp"
#include "core/json.hpp"
#include "jobscripts/study_folder.hpp"
#include "plan/content_hash.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

Json study_of(const fs::path& folder) {
  Json json = value_or_throw(read_json_file(StudyFolder{folder}.study_json()));
  if (!json.is_object()) throw BadInput(Problem{folder.string(), "is no study", "", ""});
  return json;
}

std::string best_of(const fs::path& folder, const Json& study) {
  if (!study.value("best", Json()).is_string())
    throw BadInput(
        Problem{folder.string(), "has no best trial yet", "", "Run the study to its end first."});
  return study["best"].get<std::string>();
}

Json object_in(const Json& json, const std::string& key) {
  return json.is_object() && json.value(key, Json()).is_object() ? json[key] : Json::object();
}

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// Names without the folders of the computer that the study ran on.
std::string names_of(const Json& files) {
  std::string names;
  for (const Json& file : files.is_array() ? files : Json::array({files}))
    if (file.is_string() && !file.get<std::string>().empty())
      names += (names.empty() ? "" : ", ") + fs::path(file.get<std::string>()).filename().string();
  return names;
}

// With intervals where `temper report` has computed them.
std::vector<CardScore> scores_of(const fs::path& folder, const std::string& best) {
  std::vector<CardScore> scores;
  const auto report = read_json_file(folder / "report" / "report.json");
  if (report && report.value().is_object())
    for (const Json& trial : report.value().value("trials", Json::array()))
      if (trial.is_object() && trial.value("trial", Json()) == best) {
        const Json metrics = object_in(trial, "metrics");
        for (const auto& [name, measured] : metrics.items()) {
          if (!measured.is_object() || !measured.value("value", Json()).is_number()) continue;
          CardScore& score = scores.emplace_back();
          score.name = name, score.value = measured["value"].get<double>();
          if (measured.value("low", Json()).is_number() &&
              measured.value("high", Json()).is_number())
            score.low = measured["low"].get<double>(), score.high = measured["high"].get<double>();
        }
      }
  if (!scores.empty()) return scores;
  if (const auto result = read_json_file(StudyFolder{folder}.result(best))) {
    const Json metrics = object_in(result.value(), "metrics");
    for (const auto& [name, value] : metrics.items())
      if (value.is_number()) scores.push_back({name, value.get<double>(), {}, {}});
  }
  return scores;
}

}  // namespace

bool is_study(const fs::path& folder) { return fs::exists(StudyFolder{folder}.study_json()); }

fs::path best_model_of(const fs::path& folder) {
  return StudyFolder{folder}.model(best_of(folder, study_of(folder)));
}

ModelCard study_card(const fs::path& folder, const std::string& library) {
  const Json study = study_of(folder);
  const std::string best = best_of(folder, study);
  const Json spec = object_in(study, "spec"), data = object_in(spec, "data"),
             train = object_in(spec, "train"), model = object_in(spec, "model");
  ModelCard card;
  card.title = text_of(study.value("name", Json(folder.filename().string())));
  card.description = text_of(study.value("description", Json("")));
  card.task = text_of(study.value("task", Json("")));
  card.library = library;
  card.base_model = names_of(model.value("model_name_or_path", Json()));
  for (const char* key : {"train_file", "validation_file", "test_file"})
    if (const std::string names = names_of(data.value(key, Json())); !names.empty())
      card.data.emplace_back(key, names);
  for (const char* key :
       {"finetuning_type", "learning_rate", "lr_scheduler_type", "num_train_epochs",
        "per_device_train_batch_size", "weight_decay", "precision", "seed"})
    if (train.contains(key))
      card.settings.emplace_back(std::string("train.") + key, text_of(train[key]));
  for (const Json& trial : study.value("trials", Json::array()))
    if (trial.is_object() && trial.value("trial", Json()) == best) {
      const Json setting = object_in(trial, "setting");
      for (const auto& [key, value] : setting.items()) {
        std::erase_if(card.settings, [&name = key](const auto& row) { return row.first == name; });
        card.settings.emplace_back(key, text_of(value));
      }
    }
  card.settings.emplace_back("Temper", text_of(study.value("temper_version", Json(""))));
  card.scores = scores_of(folder, best);
  card.hashes.emplace_back("trial", best);
  card.hashes.emplace_back("manifest (SHA-256)", text_of(study.value("manifest_sha256", Json(""))));
  for (const fs::path& file : weight_files(StudyFolder{folder}.model(best)))
    card.hashes.emplace_back(file.filename().string() + " (SHA-256)", sha256_of_file(file));
  return card;
}

}  // namespace temper
