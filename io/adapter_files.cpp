#include "io/adapter_files.hpp"

#include <set>

#include "core/json.hpp"
#include "plan/families.hpp"
#include "plan/lora_plan.hpp"

namespace temper {

namespace {

// A key of adapter_config.json that must have one value; without it, `missing` counts.
struct Wanted {
  const char* key;
  Json value, missing;
  const char* why;
};

bool is_empty(const Json& value) {
  return value.is_null() || ((value.is_object() || value.is_array()) && value.empty());
}

void check_config(const std::string& where, const Json& config, const LoraSpec& spec,
                  Problems& problems) {
  const char* ours = "the run's [lora] must agree with the adapter it starts from";
  const char* computed = "it changes what is computed, and that is not supported";
  for (const Wanted& wanted :
       {Wanted{"peft_type", "LORA", "LORA", computed}, Wanted{"r", spec.r, 8, ours},
        Wanted{"lora_alpha", spec.lora_alpha, 8, ours},
        Wanted{"use_rslora", spec.use_rslora, false, ours},
        Wanted{"use_dora", false, false, computed}, Wanted{"lora_bias", false, false, computed},
        Wanted{"bias", "none", "none", computed}}) {
    const Json value = config.value(wanted.key, wanted.missing);
    const bool same = value.is_number() && wanted.value.is_number()
                          ? value.get<double>() == wanted.value.get<double>()
                          : value == wanted.value;
    if (!same)
      problems.push_back({where + ": " + wanted.key,
                          "is " + value.dump() + " instead of " + wanted.value.dump(), wanted.why,
                          wanted.why == ours ? "Set it in [lora]." : ""});
  }
  for (const char* key : {"rank_pattern", "alpha_pattern", "target_parameters", "layer_replication",
                          "trainable_token_indices"})
    if (config.contains(key) && !is_empty(config[key]))
      problems.push_back({where + ": " + key, "is not supported", computed, ""});
}

std::string shape_text(const std::vector<std::int64_t>& shape) { return Json(shape).dump(); }

// The name of `tensor` in the files; "" when they do not hold it.
std::string stored_name(const TensorIndex& index, const Family& family,
                        const LogicalTensor& tensor) {
  if (is_adapter(tensor)) return index.contains(tensor.name) ? tensor.name : "";
  if (!tensor.trained) return "";
  for (const std::string& name : file_names(family, tensor))
    if (index.contains("base_model.model." + name)) return "base_model.model." + name;
  return "";
}

}  // namespace

Checked<AdapterFiles> find_adapter(const std::filesystem::path& directory, const ModelShape& shape,
                                   const std::vector<LogicalTensor>& tensors,
                                   const LoraSpec& spec) {
  Problems problems;
  const std::string where = (directory / "adapter_config.json").string();
  const Checked<Json> config = read_json_file(where);
  if (!config) return config.problems();
  if (!config.value().is_object()) return Problem{where, "holds no settings", "", ""};
  check_config(where, config.value(), spec, problems);
  Checked<TensorIndex> index = read_safetensors_header(directory / "adapter_model.safetensors");
  if (!index) return index.problems();
  AdapterFiles files{std::move(index).value(), {}};
  std::set<std::string> used;
  const Family& family = *find_family(shape.family);
  for (const LogicalTensor& tensor : tensors) {
    const std::string name = stored_name(files.index, family, tensor);
    files.names.push_back(name);
    used.insert(name);
    if (name.empty() && is_adapter(tensor))
      problems.push_back({directory.string(), "lacks the tensor " + tensor.name,
                          "lora.target_modules asks for it", ""});
    else if (!name.empty() && files.index.at(name).shape != tensor.shape)
      problems.push_back({directory.string() + ": " + name,
                          "has shape " + shape_text(files.index.at(name).shape) + " instead of " +
                              shape_text(tensor.shape),
                          "", ""});
  }
  for (const auto& [name, entry] : files.index)
    if (!used.contains(name))
      problems.push_back({directory.string() + ": " + name, "belongs to nothing that is trained",
                          "the adapter was made with other targets or modules to save",
                          "Set lora.target_modules and lora.modules_to_save to the adapter's."});
  if (!problems.empty()) return problems;
  return files;
}

}  // namespace temper
