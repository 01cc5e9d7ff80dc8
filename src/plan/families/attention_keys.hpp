// Rotary positions and windows, as config.json says them in the words of several years.
#pragma once

#include <functional>
#include <string>

#include "plan/families/config_reader.hpp"
#include "plan/model_shape.hpp"

namespace temper {

// One kind of rotary positions for all layers: `rope_parameters`, else older files' keys with
// `rope_scaling`. The numbers are those of a config without any.
struct RopeWords {
  std::string theta_key = "rope_theta", partial_key = "partial_rotary_factor";
  double theta = 10000, partial = 1;
};
void read_rope(ConfigReader& config, ModelShape& shape, const RopeWords& words);

// Two kinds: ropes[0] for layers that see everything, ropes[1] for those with a window.
// `rope_parameters` by layer type, else the two keys of older files; `rope_scaling` is of the
// first.
struct TwoRopes {
  std::string full_key, window_key;  // "rope_theta", "rope_local_base_freq"
  double full_theta = 10000, window_theta = 10000;
};
void read_two_ropes(ConfigReader& config, ModelShape& shape, const TwoRopes& words);

// The windows of the layers: `layer_types` where it is given, else by `slides`. A layer with a
// window takes the second rope where there are two.
void read_windows(ConfigReader& config, ModelShape& shape, std::int64_t window,
                  const std::function<bool(std::int64_t layer)>& slides);

}  // namespace temper
