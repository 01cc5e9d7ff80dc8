#include "plan/lora_plan.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <regex>
#include <set>

#include "plan/families.hpp"

namespace temper {

namespace {

const std::string kTargets = "lora.target_modules", kSaved = "lora.modules_to_save";

bool is_block_linear(const LogicalTensor& tensor) {
  return tensor.role.starts_with("block.") && tensor.role.ends_with(".weight") &&
         tensor.shape.size() == 2;
}

bool ends_with_path(const std::string& path, const std::string& name) {
  return path == name || path.ends_with("." + name);
}

// "a.b.c": "c", "b.c", "a.b.c".
void add_endings(const std::string& path, std::set<std::string>& endings) {
  for (std::size_t dot = path.rfind('.'); dot != std::string::npos && dot > 0;
       dot = path.rfind('.', dot - 1))
    endings.insert(path.substr(dot + 1));
  endings.insert(path);
}

bool is_name(const std::string& word) {
  return std::all_of(word.begin(), word.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '.'; });
}

// The linears of the blocks with their paths, and which of them are to have an adapter.
class Targets {
 public:
  Targets(const ModelShape& shape, const std::vector<LogicalTensor>& tensors) {
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      const std::string path = module_path(shape, tensors[i]);
      if (is_block_linear(tensors[i]))
        linears_.emplace_back(i, path);
      else
        others_.push_back(path);
    }
  }

  void choose(const std::vector<std::string>& words, Problems& problems) {
    if (words.empty())
      problems.push_back(
          {kTargets, "names nothing", "adapters need a place", "Use \"all-linear\"."});
    for (const std::string& word : words) {
      if (word == "all-linear")
        choose_if([](const std::string&) { return true; });
      else if (is_name(word))
        choose_name(word, problems);
      else if (words.size() == 1)
        choose_expression(word, problems);
      else
        problems.push_back({kTargets, "\"" + word + "\" is no name of a module",
                            "a regular expression stands alone", ""});
    }
  }
  bool chosen(std::size_t tensor) const { return chosen_.contains(tensor); }

 private:
  template <class Condition>
  bool choose_if(Condition condition) {
    bool any = false;
    for (const auto& [tensor, path] : linears_)
      if (condition(path)) any = true, chosen_.insert(tensor);
    return any;
  }

  void choose_name(const std::string& name, Problems& problems) {
    if (choose_if([&](const std::string& path) { return ends_with_path(path, name); })) return;
    const bool other = std::any_of(others_.begin(), others_.end(), [&](const std::string& path) {
      return ends_with_path(path, name);
    });
    std::set<std::string> endings;
    for (const auto& [tensor, path] : linears_) add_endings(path, endings);
    const std::vector<std::string> candidates(endings.begin(), endings.end());
    const std::string near = did_you_mean(name, candidates);
    problems.push_back({kTargets, "\"" + name + "\" matches no linear of the blocks",
                        other ? "adapters of other modules are not supported" : "",
                        near.empty() ? "There are " + last_parts() + "." : near});
  }

  void choose_expression(const std::string& word, Problems& problems) {
    try {
      const std::regex expression(word);
      if (!choose_if([&](const std::string& path) { return std::regex_match(path, expression); }))
        problems.push_back(
            {kTargets, "\"" + word + "\" matches no linear of the blocks",
             "a regular expression fits whole paths, such as \"" + linears_.front().second + "\"",
             "There are " + last_parts() + "."});
    } catch (const std::regex_error&) {
      problems.push_back({kTargets, "\"" + word + "\" is no regular expression", "", ""});
    }
  }

  std::string last_parts() const {
    std::set<std::string> parts;
    for (const auto& [tensor, path] : linears_) parts.insert(path.substr(path.rfind('.') + 1));
    std::string text;
    for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
    return text;
  }

  std::vector<std::pair<std::size_t, std::string>> linears_;
  std::vector<std::string> others_;
  std::set<std::size_t> chosen_;
};

// PEFT: a module and all below it, by its last path parts.
bool is_below(const std::string& path, const std::string& module) {
  return ("." + path + ".").find("." + module + ".") != std::string::npos;
}

void mark_saved(const ModelShape& shape, const LoraSpec& spec, const Targets& targets,
                std::vector<LogicalTensor>& tensors, Problems& problems) {
  for (LogicalTensor& tensor : tensors) tensor.trained = false;
  for (const std::string& module : spec.modules_to_save) {
    bool any = false;
    std::set<std::string> endings;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      const std::string path = module_path(shape, tensors[i]);
      add_endings(path, endings);
      if (!is_below(path, module)) continue;
      if (targets.chosen(i) && !any)
        problems.push_back({kSaved, "\"" + module + "\" has adapters as well",
                            "a module is trained whole or by an adapter", "Name it once."});
      any = tensors[i].trained = true;
    }
    if (!any)
      problems.push_back({kSaved, "\"" + module + "\" is no module of the model", "",
                          did_you_mean(module, {endings.begin(), endings.end()})});
  }
}

LogicalTensor adapter(const ModelShape& shape, const LogicalTensor& of, bool second,
                      std::int64_t r) {
  LogicalTensor made;
  made.name =
      "base_model.model." + module_path(shape, of) + (second ? ".lora_B.weight" : ".lora_A.weight");
  made.role = of.role.substr(0, of.role.rfind('.')) + (second ? ".lora_b" : ".lora_a");
  made.shape = second ? std::vector<std::int64_t>{of.shape[0], r}
                      : std::vector<std::int64_t>{r, of.shape[1]};
  made.interleaved_heads = second && of.interleaved_heads;
  made.cut = of.cut == (second ? Cut::rows : Cut::columns) ? of.cut : Cut::whole;
  made.unit = of.unit;
  return made;
}

// Once for each kind of module.
void check_rank(const ModelShape& shape, const LogicalTensor& tensor, std::int64_t r,
                std::set<std::string>& told, Problems& problems) {
  const std::int64_t least = std::min(tensor.shape[0], tensor.shape[1]);
  const std::string path = module_path(shape, tensor);
  if (r <= least || !told.insert(path.substr(path.rfind('.') + 1)).second) return;
  problems.push_back({"lora.r",
                      std::to_string(r) + " is more than " + path + " has room for (" +
                          std::to_string(tensor.shape[0]) + " x " +
                          std::to_string(tensor.shape[1]) + ")",
                      "an adapter of that rank would be larger than the layer",
                      "Use at most " + std::to_string(least) + "."});
}

}  // namespace

double lora_scale(const LoraSpec& spec) {
  return spec.lora_alpha / (spec.use_rslora ? std::sqrt(double(spec.r)) : double(spec.r));
}

bool is_adapter(const LogicalTensor& tensor) {
  return tensor.role.ends_with(".lora_a") || tensor.role.ends_with(".lora_b");
}

std::string module_path(const ModelShape& shape, const LogicalTensor& tensor) {
  const std::string name = file_names(*find_family(shape.family), tensor).front();
  return name.substr(0, name.rfind('.'));
}

Checked<std::vector<LogicalTensor>> lora_tensors(const ModelShape& shape,
                                                 const std::vector<LogicalTensor>& tensors,
                                                 const LoraSpec& spec) {
  Problems problems;
  std::vector<LogicalTensor> base = tensors, all;
  Targets targets(shape, base);
  targets.choose(spec.target_modules, problems);
  mark_saved(shape, spec, targets, base, problems);
  std::set<std::string> told;
  for (std::size_t begin = 0, end = 0; begin < base.size(); begin = end) {
    while (end < base.size() && base[end].unit == base[begin].unit) ++end;
    all.insert(all.end(), base.begin() + std::ptrdiff_t(begin), base.begin() + std::ptrdiff_t(end));
    for (const bool second : {false, true})
      for (std::size_t i = begin; i < end; ++i) {
        if (!targets.chosen(i)) continue;
        check_rank(shape, base[i], spec.r, told, problems);
        all.push_back(adapter(shape, base[i], second, spec.r));
      }
  }
  if (!problems.empty()) return problems;
  return all;
}

}  // namespace temper
