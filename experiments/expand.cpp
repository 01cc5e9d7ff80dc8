#include <algorithm>
#include <numeric>
#include <set>

#include "core/philox.hpp"
#include "experiments/draw.hpp"
#include "experiments/study.hpp"
#include "experiments/trial_spec.hpp"
#include "plan/check_spec.hpp"
#include "plan/run_spec_keys.hpp"

namespace temper {

namespace {

constexpr std::int64_t kMostTrials = 1'000'000;

std::string place_of(const Study& study, const std::string& key) {
  const auto found = study.places.find(key);
  return found == study.places.end() ? key : found->second + ": " + key;
}

// The keys that a study compares although they decide no result: its layouts.
std::set<std::string> compared_keys(const Study& study) {
  std::set<std::string> keys;
  for (const SearchAxis& axis : study.search.space) keys.insert(axis.key);
  for (const Setting& trial : study.search.trials)
    for (const auto& [key, value] : trial) keys.insert(key);
  std::erase_if(keys, [](const std::string& key) { return find_key(key)->decides_result; });
  return keys;
}

// One trial for each setting; equal ones are one.
std::vector<Trial> trials_of(const Study& study, const std::vector<Setting>& settings,
                             const std::string& purpose) {
  const std::set<std::string> also = compared_keys(study);
  std::vector<Trial> trials;
  std::set<std::string> seen;
  for (const Setting& setting : settings) {
    Trial trial{.id = "",
                .purpose = purpose,
                .setting = setting,
                .spec = spec_of_setting(study, setting),
                .repeat = 0,
                .hash = ""};
    trial.hash = trial_hash(study, trial.spec, also, nullptr);
    if (seen.insert(trial.hash).second) trials.push_back(std::move(trial));
  }
  return trials;
}

// The product of the axes, the last one fastest.
Checked<std::vector<Setting>> grid_settings(const Study& study) {
  double count = 1;
  Problems problems;
  for (const SearchAxis& axis : study.search.space) {
    count *= double(grid_size(axis));
    if (grid_size(axis) == 0)
      problems.push_back({place_of(study, "search.space") + "." + axis.key,
                          "a grid needs points, and this range has none", "",
                          "Give a list, or a step, or search with method = \"random\"."});
  }
  if (count > double(kMostTrials))
    problems.push_back(
        {place_of(study, "search.space"),
         "the grid has " + std::to_string(std::int64_t(std::min(count, 9e18))) + " points",
         "no study has more than " + std::to_string(kMostTrials),
         "Search with method = \"random\"?"});
  if (!problems.empty()) return problems;
  std::vector<Setting> settings{Setting{}};
  for (const SearchAxis& axis : study.search.space) {
    std::vector<Setting> longer;
    const std::vector<Json> values = grid_values(axis);
    for (const Setting& setting : settings)
      for (const Json& value : values) {
        longer.push_back(setting);
        longer.back()[axis.key] = value;
      }
    settings = std::move(longer);
  }
  return settings;
}

std::vector<Setting> random_settings(const Study& study) {
  const auto seed = std::uint64_t(study.search.seed.value_or(study.seed));
  std::vector<Setting> settings(std::size_t(study.search.num_trials));
  for (const SearchAxis& axis : study.search.space) {
    const std::uint32_t word = axis_word(axis.key);
    for (std::size_t trial = 0; trial < settings.size(); ++trial)
      settings[trial][axis.key] = draw_value(axis, word, seed, trial);
  }
  return settings;
}

std::vector<Layout> layouts_of(const Study& study) {
  std::vector<Layout> layouts;
  for (const std::int64_t ranks : study.scale.ranks) layouts.push_back({ranks, std::nullopt});
  for (const std::string& name : study.scale.layouts)
    layouts.push_back(value_or_throw(layout_of(name)));
  return layouts;
}

// The job of one point of a scaling study: the warm-up and the measured steps, nothing evaluated.
Setting scale_setting(const Study& study, const Setting& best, const Layout& layout) {
  const RunSpec base = spec_of_setting(study, best);
  const std::int64_t documents = documents_per_step(base);
  Setting setting = best;
  setting["parallel.ranks"] = layout.ranks;
  setting["parallel.zero_stage"] = layout.zero_stage.value_or(base.parallel.zero_stage);
  // Strong: the manifest's documents a step on every layout. Weak: the manifest's documents a rank.
  setting["train.global_batch_size"] =
      study.scale.kind == "strong"
          ? documents
          : std::max<std::int64_t>(1, documents / base.parallel.ranks) * layout.ranks;
  setting["train.max_steps"] = study.scale.warmup_steps + study.scale.steps;
  setting["train.eval_strategy"] = "no";
  setting["train.early_stopping_patience"] = 0;
  setting["checkpoint.load_best_model_at_end"] = false;
  return setting;
}

// A fresh order of the layouts for each block, drawn by the study's seed.
std::vector<std::size_t> block_order(const Study& study, std::int64_t block, std::size_t size) {
  const KeyedPermutation order(std::uint64_t(study.seed), Purpose::search, std::uint32_t(block),
                               size);
  std::vector<std::size_t> places(size);
  for (std::size_t i = 0; i < size; ++i) places[i] = std::size_t(order(i));
  return places;
}

}  // namespace

std::int64_t largest_ranks(const Study& study) {
  std::int64_t most = 1;
  for (const Layout& layout : layouts_of(study)) most = std::max(most, layout.ranks);
  return most;
}

Checked<std::vector<Trial>> expand_search(const Study& study) {
  std::vector<Setting> settings{Setting{}};
  if (study.search.method == "grid") {
    Checked<std::vector<Setting>> grid = grid_settings(study);
    if (!grid) return grid.problems();
    settings = std::move(grid).value();
  } else if (study.search.method == "random") {
    settings = random_settings(study);
  } else if (study.search.method == "list") {
    settings = study.search.trials;
  } else if (study.confirm.wanted() || study.scale.wanted()) {
    return std::vector<Trial>{};
  }
  std::vector<Trial> trials =
      trials_of(study, settings, study.search.wanted() ? "search" : "single");
  set_trial_ids(trials, {});
  return trials;
}

Checked<std::vector<Trial>> expand_confirm(const Study& study, const std::vector<Setting>& best) {
  const Checked<std::vector<Trial>> search = expand_search(study);
  if (!search) return search.problems();
  std::vector<Setting> settings;
  const std::size_t count = std::min(best.size(), std::size_t(study.confirm.top_k));
  for (std::size_t i = 0; i < count; ++i) {
    Setting setting = best[i];
    for (const auto& [key, value] : study.confirm.set) setting[key] = value;
    if (study.confirm.seeds.empty()) settings.push_back(setting);
    for (const std::int64_t seed : study.confirm.seeds) {
      setting["train.seed"] = seed;
      settings.push_back(setting);
    }
  }
  std::vector<Trial> trials = trials_of(study, settings, "confirm");
  for (const Trial& trial : trials)
    for (const Trial& searched : search.value())
      if (trial.hash == searched.hash)
        return Problem{place_of(study, "confirm.seeds"),
                       "repeats trial " + searched.id + " of the search (seed " +
                           std::to_string(trial.spec.train.seed) + ")",
                       "a confirmation by the same draw confirms nothing", "Use other seeds."};
  set_trial_ids(trials, search.value());
  return trials;
}

Checked<std::vector<Trial>> expand_scale(const Study& study, const Setting& best) {
  const std::vector<Layout> layouts = layouts_of(study);
  std::vector<Trial> trials;
  for (std::int64_t repeat = 0; repeat < study.scale.repeats; ++repeat)
    for (const std::size_t at : block_order(study, repeat, layouts.size())) {
      Trial trial{.id = "",
                  .purpose = "scale",
                  .setting = scale_setting(study, best, layouts[at]),
                  .spec = {},
                  .repeat = repeat,
                  .hash = ""};
      trial.spec = spec_of_setting(study, trial.setting);
      trial.hash = trial_hash(study, trial.spec,
                              {"parallel.ranks", "parallel.zero_stage", "train.threads_per_rank"},
                              {{"repeat", repeat}, {"kind", study.scale.kind}});
      const auto equal = [&](const Trial& other) { return other.hash == trial.hash; };
      if (std::none_of(trials.begin(), trials.end(), equal)) trials.push_back(std::move(trial));
    }
  const Checked<std::vector<Trial>> search = expand_search(study);
  if (!search) return search.problems();
  set_trial_ids(trials, search.value());
  return trials;
}

}  // namespace temper
