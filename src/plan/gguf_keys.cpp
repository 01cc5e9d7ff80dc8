#include "plan/gguf_keys.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>

#include "core/outcome.hpp"

namespace temper {

std::int64_t GgufKeys::count(const std::string& key, std::int64_t otherwise) {
  ignore(key);
  const GgufValue* value = header_.find(prefix_ + key);
  if (value == nullptr) return otherwise;
  // Newer files give one for each layer where layers may differ; here they must not.
  if (const auto* each = std::get_if<std::vector<std::int64_t>>(&value->held);
      each != nullptr && !each->empty() && each->front() > 0 &&
      std::all_of(each->begin(), each->end(), [&](auto one) { return one == each->front(); }))
    return each->front();
  const auto* whole = std::get_if<std::int64_t>(&value->held);
  if (whole != nullptr && *whole >= 0 && *whole <= (std::int64_t{1} << 31)) return *whole;
  problem(key, "is no count", "or differs from layer to layer, which is not supported");
  return otherwise;
}

std::int64_t GgufKeys::count(const std::string& key) {
  const std::int64_t value = count(key, 0);
  if (value == 0) problem(key, "is missing or zero");
  return std::max<std::int64_t>(1, value);
}

double GgufKeys::number(const std::string& key, double otherwise) {
  ignore(key);
  if (header_.find(prefix_ + key) == nullptr) return otherwise;
  if (const auto value = header_.number(prefix_ + key)) return as_written(*value);
  problem(key, "is no number");
  return otherwise;
}

double GgufKeys::number(const std::string& key) {
  if (header_.find(prefix_ + key) == nullptr) problem(key, "is missing");
  return number(key, 1);
}

std::string GgufKeys::text(const std::string& key, const std::string& otherwise) {
  ignore(key);
  const std::string* value = header_.text(prefix_ + key);
  return value == nullptr ? otherwise : *value;
}

void GgufKeys::only(const std::string& key, double value) {
  if (number(key, value) != value)
    problem(key, "is not supported with this value", "it changes the mathematics");
}

std::vector<double> GgufKeys::factors(const std::string& name) {
  const GgufTensor* tensor = header_.tensor(name);
  if (tensor == nullptr) return {};
  if (tensor->type != GgmlType::f32 || tensor->bytes > (1 << 20)) {
    problems_.push_back({header_.file.string() + ": " + name, "is no short list of F32", "", ""});
    return {};
  }
  std::vector<float> values(std::size_t(tensor->bytes / 4));
  std::ifstream file(header_.file, std::ios::binary);
  file.seekg(tensor->file_offset);
  file.read(reinterpret_cast<char*>(values.data()), tensor->bytes);
  if (!file) throw WorldFailure(Outcome::io_error, header_.file.string() + ": ends inside " + name);
  std::vector<double> all;
  for (const float value : values) all.push_back(as_written(value));
  return all;
}

void GgufKeys::problem(const std::string& key, const std::string& what, const std::string& why) {
  problems_.push_back({header_.file.string() + ": " + prefix_ + key, what, why, ""});
}

Problems GgufKeys::problems() const {
  Problems all = problems_;
  for (const auto& [key, value] : header_.metadata)
    if (key.starts_with(prefix_) && !known_.contains(key))
      all.push_back({header_.file.string() + ": " + key, "is not supported",
                     "it may change the mathematics",
                     "Give the model as a Hugging Face directory?"});
  return all;
}

double as_written(double single) {
  const auto narrow = float(single);
  if (double(narrow) != single) return single;
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, narrow).ptr;
  double value = single;
  std::from_chars(text, end, value);
  return value;
}

}  // namespace temper
