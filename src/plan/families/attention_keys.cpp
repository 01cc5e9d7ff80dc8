#include "plan/families/attention_keys.hpp"

#include <algorithm>
#include <map>

namespace temper {

namespace {

const std::map<std::string, RopeKind> kKinds{
    {"default", RopeKind::standard}, {"linear", RopeKind::linear},     {"llama3", RopeKind::llama3},
    {"yarn", RopeKind::yarn},        {"longrope", RopeKind::longrope}, {"su", RopeKind::longrope}};

// Keys of a rope that have another meaning than the kinds above give them.
constexpr const char* kRefused[] = {"mscale", "mscale_all_dim", "mrope_section",
                                    "mrope_interleaved"};

std::vector<double> factors(ConfigReader& rope, const std::string& key, std::size_t pairs) {
  std::vector<double> values;
  const Json* found = rope.find(key);
  if (found == nullptr) {
    rope.problem(key, "is missing");
    return values;
  }
  const bool numbers = found->is_array() && found->size() == pairs &&
                       std::all_of(found->begin(), found->end(), [](const Json& v) {
                         return v.is_number() && v.get<double>() > 0;
                       });
  if (!numbers) {
    rope.problem(key, "is no list of " + std::to_string(pairs) + " positive numbers",
                 "It has one for each pair of rotated channels.");
    return values;
  }
  return found->get<std::vector<double>>();
}

double positive(ConfigReader& rope, const std::string& key, double otherwise) {
  const double value = rope.number(key, otherwise);
  if (value > 0) return value;
  rope.problem(key, Json(value).dump() + " is not positive");
  return 1;
}

void read_scaling(ConfigReader& rope, const ModelShape& shape, Rope& result) {
  const auto original = [&] {
    const auto positions = double(shape.max_positions);
    result.original_max_positions = positive(rope, "original_max_position_embeddings", positions);
  };
  if (result.kind == RopeKind::linear || result.kind == RopeKind::llama3) {
    if (!rope.has("factor")) rope.problem("factor", "is missing");
    result.factor = positive(rope, "factor", 1);
  }
  if (result.kind == RopeKind::llama3) {
    original();
    result.low_freq_factor = positive(rope, "low_freq_factor", 1);
    result.high_freq_factor = positive(rope, "high_freq_factor", 4);
    if (result.high_freq_factor <= result.low_freq_factor)
      rope.problem("high_freq_factor", "is not above low_freq_factor");
  }
  if (result.kind == RopeKind::yarn) {
    original();
    result.factor =
        positive(rope, "factor", double(shape.max_positions) / result.original_max_positions);
    result.beta_fast = positive(rope, "beta_fast", 32);
    result.beta_slow = positive(rope, "beta_slow", 1);
    rope.only("truncate", true);
  }
  if (result.kind == RopeKind::longrope) {
    original();
    if (rope.has("factor")) {
      result.factor = positive(rope, "factor", 1);
      if (result.factor <= 1) result.attention_factor = 1;
    }
    const auto pairs =
        std::size_t(std::int64_t(double(shape.block.head_size) * result.partial) / 2);
    result.short_factor = factors(rope, "short_factor", pairs);
    result.long_factor = factors(rope, "long_factor", pairs);
  }
  if (result.kind == RopeKind::yarn || result.kind == RopeKind::longrope)
    result.attention_factor = rope.number("attention_factor", result.attention_factor);
}

// One rope from the object that describes it; `json` may lack theta and partial, which older files
// keep beside it.
Rope rope_of(ConfigReader& config, const std::string& key, const Json& json, ModelShape& shape,
             Rope result) {
  ConfigReader rope(json, config.where() + ": " + key);
  const std::string type = rope.text("rope_type", rope.text("type", "default"));
  if (const auto found = kKinds.find(type); found != kKinds.end())
    result.kind = found->second;
  else
    rope.problem("rope_type", "\"" + type + "\" is not supported",
                 "Supported: default, linear, llama3, yarn, longrope.");
  result.theta = positive(rope, "rope_theta", result.theta);
  result.partial = positive(rope, "partial_rotary_factor", result.partial);
  const auto rotated = std::int64_t(double(shape.block.head_size) * result.partial);
  if (result.partial > 1 || rotated % 2 != 0 || rotated < 2)
    rope.problem("partial_rotary_factor", "does not leave pairs of channels to rotate");
  read_scaling(rope, shape, result);
  for (const char* refused : kRefused)
    if (rope.has(refused))
      rope.problem(refused, "is not supported (it changes the mathematics)", "");
  config.add(rope.problems());
  return result;
}

Json object_of(ConfigReader& config, const std::string& key) {
  const Json* found = config.find(key);
  if (found == nullptr) return Json::object();
  if (found->is_object()) return *found;
  config.problem(key, "is no object");
  return Json::object();
}

// Original positions may stand beside the scaling (Phi-3).
void complete(ConfigReader& config, Json& scaling) {
  constexpr const char* kOriginal = "original_max_position_embeddings";
  if (const Json* original = config.find(kOriginal);
      original != nullptr && !scaling.empty() && !scaling.contains(kOriginal))
    scaling[kOriginal] = *original;
}

}  // namespace

void read_rope(ConfigReader& config, ModelShape& shape, const RopeWords& words) {
  const Rope plain{.theta = positive(config, words.theta_key, words.theta),
                   .partial = positive(config, words.partial_key, words.partial)};
  const bool nested = config.has("rope_parameters");
  const std::string key = nested ? "rope_parameters" : "rope_scaling";
  Json scaling = object_of(config, key);
  if (nested) config.find("rope_scaling");  // the older words for the same
  complete(config, scaling);
  shape.ropes = {rope_of(config, key, scaling, shape, plain)};
}

void read_two_ropes(ConfigReader& config, ModelShape& shape, const TwoRopes& words) {
  const Rope full{.theta = positive(config, words.full_key, words.full_theta)};
  const Rope window{.theta = positive(config, words.window_key, words.window_theta)};
  const Json nested = object_of(config, "rope_parameters");
  const Json scaling = object_of(config, "rope_scaling");
  if (nested.contains("rope_type") || nested.contains("rope_theta"))
    config.problem("rope_parameters", "is one for all layers",
                   "Give full_attention and sliding_attention.");
  const auto part = [&](const char* type, const Json& otherwise) {
    return nested.contains(type) && nested[type].is_object() ? nested[type] : otherwise;
  };
  shape.ropes = {rope_of(config, "rope_parameters.full_attention", part("full_attention", scaling),
                         shape, full),
                 rope_of(config, "rope_parameters.sliding_attention",
                         part("sliding_attention", Json::object()), shape, window)};
}

void read_windows(ConfigReader& config, ModelShape& shape, std::int64_t window,
                  const std::function<bool(std::int64_t layer)>& slides) {
  const Json* types = config.find("layer_types");
  if (types != nullptr && (!types->is_array() || std::int64_t(types->size()) != shape.layers))
    return config.problem("layer_types",
                          "is no list of " + std::to_string(shape.layers) + " layer types");
  if (types == nullptr && window == 0) return;
  shape.layer.assign(std::size_t(shape.layers), LayerShape{});
  for (std::int64_t i = 0; i < shape.layers; ++i) {
    bool sliding = slides(i);
    if (types != nullptr) {
      const Json& type = (*types)[std::size_t(i)];
      sliding = type == "sliding_attention";
      if (!sliding && type != "full_attention")
        return config.problem("layer_types", type.dump() + " is not supported",
                              "Supported: full_attention, sliding_attention.");
    }
    if (sliding && window == 0)
      return config.problem("sliding_window", "is missing, and layer_types asks for it");
    LayerShape& layer = shape.layer[std::size_t(i)];
    layer.window = sliding ? window : 0;
    layer.rope = sliding && shape.ropes.size() > 1 ? 1 : 0;
  }
}

}  // namespace temper
