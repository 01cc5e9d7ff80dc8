#include "plan/rope.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/contract.hpp"

namespace temper {

namespace {

// Wavelengths that the original context holds often are kept, those it does not hold are stretched,
// those between are blended (Llama 3.1, 2407.21783).
double llama3(const Rope& rope, double inverse) {
  const double wave = 2 * std::numbers::pi / inverse;
  const double low = rope.low_freq_factor, high = rope.high_freq_factor;
  if (wave < rope.original_max_positions / high) return inverse;
  if (wave > rope.original_max_positions / low) return inverse / rope.factor;
  const double blend = (rope.original_max_positions / wave - low) / (high - low);
  return (1 - blend) * inverse / rope.factor + blend * inverse;
}

// Between which pairs of channels YaRN goes over from kept to stretched (2309.00071, section 3.2).
struct Ramp {
  double first, last;
  double at(double pair) const { return std::clamp((pair - first) / (last - first), 0.0, 1.0); }
};

Ramp yarn_ramp(const Rope& rope, double channels) {
  const auto bound = [&](double rotations) {
    return channels * std::log(rope.original_max_positions / (rotations * 2 * std::numbers::pi)) /
           (2 * std::log(rope.theta));
  };
  Ramp ramp{std::max(0.0, std::floor(bound(rope.beta_fast))),
            std::min(channels - 1, std::ceil(bound(rope.beta_slow)))};
  if (ramp.first == ramp.last) ramp.last += 0.001;  // as Transformers keeps it from dividing by 0
  return ramp;
}

double stretch(const Rope& rope, std::int64_t max_positions) {
  return rope.factor > 1 ? rope.factor : double(max_positions) / rope.original_max_positions;
}

}  // namespace

std::vector<double> inverse_frequencies(const Rope& rope, std::int64_t head_size,
                                        std::int64_t length) {
  const auto channels = std::int64_t(double(head_size) * rope.partial);
  const auto pairs = std::size_t(channels / 2);
  std::vector<double> inverse(pairs);
  for (std::size_t i = 0; i < pairs; ++i)
    inverse[i] = std::pow(rope.theta, -2.0 * double(i) / double(channels));
  switch (rope.kind) {
    case RopeKind::standard:
      break;
    case RopeKind::linear:
      for (double& value : inverse) value /= rope.factor;
      break;
    case RopeKind::llama3:
      for (double& value : inverse) value = llama3(rope, value);
      break;
    case RopeKind::yarn: {
      const Ramp ramp = yarn_ramp(rope, double(channels));
      for (std::size_t i = 0; i < pairs; ++i) {
        const double share = ramp.at(double(i));
        inverse[i] *= (1 - share) + share / rope.factor;
      }
      break;
    }
    case RopeKind::longrope: {
      const auto& factors = uses_long_factors(rope, length) ? rope.long_factor : rope.short_factor;
      expects(factors.size() == pairs, "longrope has ", factors.size(), " factors for ", pairs);
      for (std::size_t i = 0; i < pairs; ++i) inverse[i] /= factors[i];
      break;
    }
  }
  return inverse;
}

double attention_factor(const Rope& rope, std::int64_t max_positions) {
  if (rope.attention_factor != 0) return rope.attention_factor;
  if (rope.kind == RopeKind::yarn) return rope.factor > 1 ? 0.1 * std::log(rope.factor) + 1 : 1;
  if (rope.kind != RopeKind::longrope) return 1;
  const double scale = stretch(rope, max_positions);
  return scale > 1 ? std::sqrt(1 + std::log(scale) / std::log(rope.original_max_positions)) : 1;
}

bool uses_long_factors(const Rope& rope, std::int64_t length) {
  return rope.kind == RopeKind::longrope && double(length) > rope.original_max_positions;
}

}  // namespace temper
