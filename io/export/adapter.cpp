#include "io/export/adapter.hpp"

#include <cmath>
#include <set>

#include "core/file.hpp"
#include "io/safetensors.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

const std::string kRoot = "base_model.model.", kA = ".lora_A.weight", kB = ".lora_B.weight";

bool ends_with_path(const std::string& path, const std::string& name) {
  return path == name || path.ends_with("." + name);
}

// The value of the pattern that names the module, else the one for all.
double by_pattern(const Json& patterns, const std::string& module, double otherwise) {
  if (patterns.is_object())
    for (const auto& [pattern, value] : patterns.items())
      if (value.is_number() && ends_with_path(module, pattern)) return value.get<double>();
  return otherwise;
}

double scale_of(const Adapter& adapter, const std::string& module, std::int64_t r) {
  const double alpha = by_pattern(adapter.alpha_pattern, module, adapter.config.lora_alpha);
  return adapter.config.use_rslora ? alpha / std::sqrt(double(r)) : alpha / double(r);
}

std::vector<float> values_of(const TensorEntry& entry) {
  std::vector<float> values(std::size_t(entry.numel()));
  read_elements(entry, 0, entry.numel(), values.data());
  return values;
}

// weight [out, in] += scale * b [out, r] * a [r, in]; `transposed`: the weight is [in, out].
void add_product(const TensorEntry& a, const TensorEntry& b, double scale, bool transposed,
                 float* weight) {
  const std::int64_t r = a.shape[0], in = a.shape[1], out = b.shape[0];
  const std::vector<float> left = values_of(b), right = values_of(a);
  std::vector<float> row(static_cast<std::size_t>(in));
  for (std::int64_t o = 0; o < out; ++o) {
    std::fill(row.begin(), row.end(), 0.0f);
    for (std::int64_t k = 0; k < r; ++k) {
      const float factor = left[std::size_t(o * r + k)];
      const float* source = right.data() + k * in;
      for (std::int64_t i = 0; i < in; ++i) row[std::size_t(i)] += factor * source[i];
    }
    for (std::int64_t i = 0; i < in; ++i)
      weight[transposed ? i * out + o : o * in + i] += float(scale) * row[std::size_t(i)];
  }
}

std::string shape_text(const std::vector<std::int64_t>& shape) { return Json(shape).dump(); }

// Keys that change what the adapter computes and have only this value here.
void check_kind(const Json& config, const std::string& where, Problems& problems) {
  const auto only = [&](const char* key, const Json& value) {
    if (config.contains(key) && !config[key].is_null() && config[key] != value)
      problems.push_back({where + ": " + key, config[key].dump() + " is not supported",
                          "it changes what the adapter computes", "Only " + value.dump() + " is."});
  };
  only("peft_type", "LORA");
  only("use_dora", false);
  only("bias", "none");
  only("use_qalora", false);
  only("lora_bias", false);
  for (const char* key :
       {"layer_replication", "trainable_token_indices", "target_parameters", "megatron_config"})
    if (config.contains(key) && !config[key].is_null() && !config[key].empty())
      problems.push_back({where + ": " + key, "is not supported", "", ""});
}

std::vector<std::string> words_of(const Json& config, const char* key) {
  std::vector<std::string> words;
  if (!config.contains(key)) return words;
  for (const Json& word : config[key].is_array() ? config[key] : Json::array({config[key]}))
    if (word.is_string()) words.push_back(word.get<std::string>());
  return words;
}

template <class T>
T value_or(const Json& config, const char* key, T otherwise) {
  if (!config.contains(key) || config[key].is_null()) return otherwise;
  try {
    return config[key].get<T>();
  } catch (const Json::exception&) {
    throw BadInput(Problem{std::string("adapter_config.json: ") + key,
                           config[key].dump() + " is of another type", "", ""});
  }
}

AdapterConfig config_of(const Json& json) {
  AdapterConfig config;
  config.base_model_name_or_path = value_or(json, "base_model_name_or_path", std::string());
  config.task_type = value_or(json, "task_type", std::string());
  config.r = value_or<std::int64_t>(json, "r", 8);
  config.lora_alpha = value_or(json, "lora_alpha", 8.0);
  config.lora_dropout = value_or(json, "lora_dropout", 0.0);
  config.target_modules = words_of(json, "target_modules");
  config.target_is_expression =
      json.contains("target_modules") && json["target_modules"].is_string();
  config.modules_to_save = words_of(json, "modules_to_save");
  config.use_rslora = value_or(json, "use_rslora", false);
  config.fan_in_fan_out = value_or(json, "fan_in_fan_out", false);
  return config;
}

void check_pairs(const Adapter& adapter, Problems& problems) {
  for (const auto& [name, entry] : adapter.index) {
    const bool is_a = name.ends_with(kA);
    if (!is_a && !name.ends_with(kB)) continue;
    const std::string module = name.substr(0, name.size() - kA.size());
    const std::string where = adapter.folder.string() + ": " + name;
    if (entry.shape.size() != 2 || entry.numel() == 0)
      problems.push_back({where, "has shape " + shape_text(entry.shape), "a matrix is needed", ""});
    else if (const auto other = adapter.index.find(module + (is_a ? kB : kA));
             other == adapter.index.end())
      problems.push_back({where, "has no partner " + module + (is_a ? kB : kA), "", ""});
    else if (is_a && other->second.shape.size() == 2 && other->second.shape[1] != entry.shape[0])
      problems.push_back({where,
                          "has rank " + std::to_string(entry.shape[0]) + ", its partner " +
                              std::to_string(other->second.shape[1]),
                          "", ""});
  }
}

}  // namespace

Json to_json(const AdapterConfig& config) {
  Json targets = config.target_modules;
  if (config.target_is_expression && !config.target_modules.empty())
    targets = config.target_modules.front();
  const auto or_null = [](const auto& value) { return value.empty() ? Json() : Json(value); };
  return {{"alpha_pattern", Json::object()},
          {"auto_mapping", nullptr},
          {"base_model_name_or_path", or_null(config.base_model_name_or_path)},
          {"bias", "none"},
          {"fan_in_fan_out", config.fan_in_fan_out},
          {"inference_mode", true},
          {"init_lora_weights", true},
          {"layers_pattern", nullptr},
          {"layers_to_transform", nullptr},
          {"lora_alpha", config.lora_alpha},
          {"lora_dropout", config.lora_dropout},
          {"modules_to_save", or_null(config.modules_to_save)},
          {"peft_type", "LORA"},
          {"r", config.r},
          {"rank_pattern", Json::object()},
          {"revision", nullptr},
          {"target_modules", targets},
          {"task_type", or_null(config.task_type)},
          {"use_dora", false},
          {"use_rslora", config.use_rslora}};
}

void write_adapter(const fs::path& folder, const AdapterConfig& config,
                   const std::vector<TensorStream>& tensors) {
  write_file_atomically(folder / "adapter_config.json", to_json(config).dump(2) + "\n");
  write_safetensors(folder / "adapter_model.safetensors", tensors, Dtype::f32);
}

bool is_adapter_directory(const fs::path& folder) {
  return fs::exists(folder / "adapter_config.json");
}

Checked<Adapter> read_adapter(const fs::path& folder) {
  const fs::path path = folder / "adapter_config.json";
  const Checked<Json> json = read_json_file(path);
  if (!json) return json.problems();
  if (!json.value().is_object()) return Problem{path.string(), "is no JSON object", "", ""};
  Problems problems;
  check_kind(json.value(), path.string(), problems);
  Checked<TensorIndex> index = read_safetensors_header(folder / "adapter_model.safetensors");
  for (Problem& problem : index.problems()) problems.push_back(std::move(problem));
  if (!problems.empty()) return problems;
  Adapter adapter;
  adapter.folder = folder;
  try {
    adapter.config = config_of(json.value());
  } catch (const BadInput& bad) {
    return bad.problems();
  }
  adapter.rank_pattern = json.value().value("rank_pattern", Json::object());
  adapter.alpha_pattern = json.value().value("alpha_pattern", Json::object());
  adapter.index = std::move(index).value();
  check_pairs(adapter, problems);
  if (!problems.empty()) return problems;
  return adapter;
}

Problems merge_adapter(const Adapter& adapter, std::vector<TensorStream>& streams) {
  Problems problems;
  std::set<std::string> used;
  const auto misfit = [&](const std::string& name, const std::vector<std::int64_t>& shape,
                          const TensorStream& stream) {
    problems.push_back({adapter.folder.string() + ": " + name,
                        "of shape " + shape_text(shape) + " does not fit " + stream.name + " of " +
                            shape_text(stream.shape),
                        "it belongs to another model", ""});
  };
  const bool transposed = adapter.config.fan_in_fan_out;
  for (TensorStream& stream : streams) {
    if (const auto whole = adapter.index.find(kRoot + stream.name); whole != adapter.index.end()) {
      used.insert(whole->first);
      const TensorEntry& entry = whole->second;
      if (entry.shape != stream.shape) misfit(whole->first, entry.shape, stream);
      stream.read = [&entry](float* out) { read_elements(entry, 0, entry.numel(), out); };
    }
    if (!stream.name.ends_with(".weight")) continue;
    const std::string module = stream.name.substr(0, stream.name.size() - 7);
    const auto a = adapter.index.find(kRoot + module + kA),
               b = adapter.index.find(kRoot + module + kB);
    if (a == adapter.index.end() || b == adapter.index.end()) continue;
    used.insert({a->first, b->first});
    const std::vector<std::int64_t> out_in{b->second.shape[0], a->second.shape[1]},
        in_out{out_in[1], out_in[0]};
    if (stream.shape != (transposed ? in_out : out_in)) {
      misfit(a->first, out_in, stream);
      continue;
    }
    const double scale = scale_of(adapter, module, a->second.shape[0]);
    stream.read = [base = stream.read, &a = a->second, &b = b->second, scale,
                   transposed](float* out) {
      base(out);
      add_product(a, b, scale, transposed, out);
    };
  }
  for (const auto& [name, entry] : adapter.index)
    if (!used.contains(name))
      problems.push_back({adapter.folder.string() + ": " + name, "has no place in the model",
                          "it belongs to another one", ""});
  return problems;
}

}  // namespace temper
