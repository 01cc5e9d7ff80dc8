// One trial's RunSpec and its identity.
#pragma once

#include <set>
#include <string>

#include "experiments/study.hpp"

namespace temper {

// The manifest with the setting's values in place, and the defaults that follow from other keys:
// train.stage by the task, load_best_model_at_end where there is an evaluation.
RunSpec spec_of_setting(const Study& study, const Setting& setting);

// Documents of an optimizer step over all ranks: train.global_batch_size, or the product.
std::int64_t documents_per_step(const RunSpec& spec);

// SHA-256 over canonical JSON of what decides a trial's result: every key with `decides_result`,
// the documents of a step, and the contents (not the places) of model, tokenizer and data. Keys of
// `also` count too: where a study searches over its layout, the layout is part of the setting.
// `more` is added as it stands (a scaling study's layout and repeat).
std::string trial_hash(const Study& study, const RunSpec& spec, const std::set<std::string>& also,
                       const Json& more);

// Gives every trial the shortest beginning of its hash, of 8 digits or more, that no other of
// `trials` or `taken` has.
void set_trial_ids(std::vector<Trial>& trials, const std::vector<Trial>& taken);

}  // namespace temper
