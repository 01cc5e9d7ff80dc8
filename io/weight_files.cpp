#include "io/weight_files.hpp"

#include "core/json.hpp"
#include "plan/families.hpp"
#include "plan/file_order.hpp"
#include "plan/lora_plan.hpp"

namespace temper {

namespace {

bool holds_weights(Dtype dtype) {
  return dtype == Dtype::f64 || dtype == Dtype::f32 || dtype == Dtype::bf16 || dtype == Dtype::f16;
}

bool is_head(const LogicalTensor& tensor) { return tensor.role.starts_with("head."); }

// The name under which the file holds the tensor; "" when it does not.
std::string stored_name(const TensorIndex& index, const std::vector<std::string>& candidates) {
  for (const std::string& candidate : candidates)
    if (index.contains(candidate)) return candidate;
  return "";
}

std::string shape_text(const std::vector<std::int64_t>& shape) { return Json(shape).dump(); }

}  // namespace

Checked<WeightFiles> find_weights(const std::filesystem::path& directory, const ModelShape& shape,
                                  const std::vector<LogicalTensor>& tensors, bool random) {
  WeightFiles files;
  if (!random) {
    Checked<TensorIndex> index = read_model_index(directory);
    if (!index) return index.problems();
    files.index = std::move(index).value();
  }
  const Family* family = find_family(shape.family);
  Problems problems;
  for (const LogicalTensor& tensor : tensors) {
    const bool draws = random || is_adapter(tensor) || (is_head(tensor) && !shape.own_head);
    const std::string name = draws ? "" : stored_name(files.index, file_names(*family, tensor));
    files.names.push_back(name);
    if (draws) continue;
    if (name.empty())
      problems.push_back({directory.string(), "lacks the tensor " + tensor.name, "", ""});
    else if (files.index.at(name).shape != file_shape(tensor))
      problems.push_back({directory.string() + ": " + name,
                          "has shape " + shape_text(files.index.at(name).shape) + " instead of " +
                              shape_text(file_shape(tensor)),
                          "config.json asks for it", ""});
    else if (!holds_weights(files.index.at(name).dtype))
      problems.push_back({directory.string() + ": " + name,
                          "has dtype " + to_string(files.index.at(name).dtype),
                          "it holds no weights", "Convert it to F32."});
  }
  if (!problems.empty()) return problems;
  return files;
}

Problems check_tied_head(const std::filesystem::path& model, const ModelShape& shape) {
  if (!shape.head.tied) return {};
  const Checked<TensorIndex> index = read_model_index(model);
  if (!index) return index.problems();
  const Family& family = *find_family(shape.family);
  ModelShape own_head = shape;
  own_head.head.tied = false;
  const TensorEntry *words = nullptr, *head = nullptr;
  std::string name;
  for (const LogicalTensor& tensor : logical_tensors(own_head)) {
    const bool is_words = tensor.role == "embed.words.weight";
    if (!is_words && tensor.role != "head.out.weight") continue;
    const std::string stored = stored_name(index.value(), file_names(family, tensor));
    if (stored.empty()) return {};
    (is_words ? words : head) = &index.value().at(stored);
    if (!is_words) name = stored;
  }
  if (words == nullptr || head == nullptr) return {};
  bool same = words->shape == head->shape;
  constexpr std::int64_t step = 1 << 20;
  std::vector<float> left(step), right(step);
  for (std::int64_t first = 0; same && first < words->numel(); first += step) {
    const std::int64_t end = std::min(first + step, words->numel());
    read_elements(*words, first, end, left.data());
    read_elements(*head, first, end, right.data());
    same = std::equal(left.begin(), left.begin() + (end - first), right.begin());
  }
  if (same) return {};
  return {{model.string() + ": " + name, "differs from the word embedding",
           "tie_word_embeddings says that they are one",
           "Set model.config_overrides = { tie_word_embeddings = false } to train both."}};
}

}  // namespace temper
