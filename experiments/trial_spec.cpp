#include "experiments/trial_spec.hpp"

#include <algorithm>

#include "core/contract.hpp"
#include "core/digest.hpp"
#include "experiments/resolve_paths.hpp"
#include "plan/check_spec.hpp"
#include "plan/row_format.hpp"
#include "plan/run_spec_keys.hpp"

namespace temper {

namespace {

constexpr std::size_t kShortestId = 8;

// Keys that trial_hash replaces by what they amount to.
bool is_replaced(const std::string& key) {
  return is_input_key(key) || key == "train.per_device_train_batch_size" ||
         key == "train.gradient_accumulation_steps" || key == "train.global_batch_size" ||
         key == "train.tokens_per_microbatch" || key == "train.data_seed" ||
         key == "study.greater_is_better";
}

// Keys of a technique that this run does not use: a full run is the same beside any adapters.
bool is_unused(const RunSpec& spec, const std::string& key) {
  const std::string& type = spec.train.finetuning_type;
  return (key.starts_with("lora.") && type != "lora") ||
         (key == "train.freeze" && type != "freeze");
}

Json contents_of(const Study& study, const std::vector<std::string>& paths) {
  Json hashes = Json::array();
  for (const std::string& path : paths) {
    const auto found = study.contents.find(path);
    expects(found != study.contents.end(), "the contents of ", path, " were not hashed");
    hashes.push_back(found->second);
  }
  return hashes;
}

std::size_t shared_digits(const std::string& a, const std::string& b) {
  return std::size_t(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

}  // namespace

RunSpec spec_of_setting(const Study& study, const Setting& setting) {
  RunSpec spec = study.base;
  for (const auto& [key, value] : setting) {
    const Problems problems = find_key(key)->set(spec, value);
    expects(problems.empty(), to_text(problems));
  }
  const auto given = [&](const std::string& key) {
    return study.places.contains(key) || setting.contains(key);
  };
  // Without a bound on the micro-batch a rank computes its part of a global batch in as many as
  // train.gradient_accumulation_steps says.
  if (!given("train.per_device_train_batch_size") && spec.train.tokens_per_microbatch) {
    spec.train.per_device_train_batch_size = 0;
  } else if (spec.train.global_batch_size && !given("train.per_device_train_batch_size")) {
    const std::int64_t parts = spec.parallel.ranks * spec.train.gradient_accumulation_steps;
    spec.train.per_device_train_batch_size = (*spec.train.global_batch_size + parts - 1) / parts;
  }
  if (spec.model.task == "causal-lm" && !spec.data.train_file.empty())
    spec.data.row_format = row_format_of(spec.data, spec.data.train_file.front());
  if (!given("train.stage")) spec.train.stage = stage_of(spec.model.task, spec.data.row_format);
  if (!given("checkpoint.load_best_model_at_end"))
    spec.checkpoint.load_best_model_at_end =
        spec.train.eval_strategy != "no" && has_eval_split(spec.data);
  return spec;
}

std::int64_t documents_per_step(const RunSpec& spec) {
  return spec.train.global_batch_size.value_or(spec.train.per_device_train_batch_size *
                                               spec.train.gradient_accumulation_steps *
                                               spec.parallel.ranks);
}

std::string trial_hash(const Study& study, const RunSpec& spec, const std::set<std::string>& also,
                       const Json& more) {
  Json identity = Json::object();
  for (const RunSpecKey& key : run_spec_keys())
    if ((key.decides_result && !is_replaced(key.name) && !is_unused(spec, key.name)) ||
        also.contains(key.name))
      identity[key.name] = key.get(spec);
  identity["documents_per_step"] = documents_per_step(spec);
  if (identity["documents_per_step"] == 0)
    identity["tokens_per_step"] = spec.train.tokens_per_microbatch.value_or(0) *
                                  spec.train.gradient_accumulation_steps * spec.parallel.ranks;
  identity["data_seed"] = spec.train.data_seed.value_or(spec.train.seed);
  identity["greater_is_better"] = greater_is_better(spec);
  identity["model"] = contents_of(study, {spec.model.model_name_or_path});
  identity["tokenizer"] = contents_of(study, {tokenizer_file(spec)});
  if (!spec.model.chat_template.empty())
    identity["chat_template"] = contents_of(study, {spec.model.chat_template});
  if (spec.train.finetuning_type == "lora" && !spec.lora.adapter_name_or_path.empty())
    identity["adapter"] = contents_of(study, {spec.lora.adapter_name_or_path});
  identity["train"] = contents_of(study, spec.data.train_file);
  identity["eval"] = contents_of(study, spec.data.validation_file);
  identity["test"] = contents_of(study, spec.data.test_file);
  if (!more.is_null()) identity["more"] = more;
  return sha256_hex(canonical_json(identity));
}

void set_trial_ids(std::vector<Trial>& trials, const std::vector<Trial>& taken) {
  std::vector<std::string> hashes;
  for (const auto* list : {&std::as_const(trials), &taken})
    for (const Trial& trial : *list) hashes.push_back(trial.hash);
  std::sort(hashes.begin(), hashes.end());
  hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
  for (Trial& trial : trials) {
    const auto place = std::lower_bound(hashes.begin(), hashes.end(), trial.hash);
    std::size_t digits = kShortestId;
    if (place != hashes.begin())
      digits = std::max(digits, shared_digits(*std::prev(place), trial.hash) + 1);
    if (std::next(place) != hashes.end())
      digits = std::max(digits, shared_digits(*std::next(place), trial.hash) + 1);
    trial.id = trial.hash.substr(0, digits);
  }
}

}  // namespace temper
