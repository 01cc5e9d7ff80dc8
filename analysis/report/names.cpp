#include "analysis/report/names.hpp"

#include "analysis/report/format.hpp"

namespace temper {

std::string key_name(const std::string& key) {
  const auto dot = key.rfind('.');
  std::string name = dot == std::string::npos ? key : key.substr(dot + 1);
  for (char& c : name)
    if (c == '_') c = ' ';
  return name;
}

std::string setting_words(const Json& setting) {
  std::string text;
  for (const auto& [key, value] : setting.items()) {
    if (!text.empty()) text += ", ";
    text += key_name(key) + " ";
    if (value.is_number_float())
      text += number_text(value.get<double>());
    else
      text += value.is_string() ? value.get<std::string>() : value.dump();
  }
  return text.empty() ? "as in the manifest" : text;
}

std::string class_name(const StudyFiles& study, std::int64_t number) {
  return number >= 0 && std::size_t(number) < study.label_names.size()
             ? study.label_names[std::size_t(number)]
             : std::to_string(number);
}

}  // namespace temper
