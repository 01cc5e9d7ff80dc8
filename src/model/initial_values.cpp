#include "model/initial_values.hpp"

#include <cmath>

#include "core/contract.hpp"
#include "core/digest.hpp"
#include "core/philox.hpp"
#include "plan/families.hpp"

namespace temper {

namespace {

using Values = std::vector<float>;

std::array<std::uint32_t, 4> words_of(const LogicalTensor& tensor, std::uint64_t seed,
                                      std::size_t element) {
  const std::uint32_t id = crc32c(tensor.name.data(), tensor.name.size());
  return philox(philox_key(seed), {std::uint32_t(element), std::uint32_t(element >> 32), id,
                                   purpose_word(Purpose::initial_value)});
}

Values normal(const LogicalTensor& tensor, double deviation, std::uint64_t seed) {
  Values values(std::size_t(tensor.numel()));
  for (std::size_t i = 0; i < values.size(); i += 2) {
    const auto words = words_of(tensor, seed, i);
    const auto pair = normal_pair(words[0], words[1]);
    values[i] = float(deviation * pair[0]);
    if (i + 1 < values.size()) values[i + 1] = float(deviation * pair[1]);
  }
  return values;
}

Values uniform(const LogicalTensor& tensor, double bound, std::uint64_t seed) {
  Values values(std::size_t(tensor.numel()));
  for (std::size_t i = 0; i < values.size(); i += 2) {
    const auto words = words_of(tensor, seed, i);
    values[i] = float(bound * (2 * uniform_double(words[0], words[1]) - 1));
    if (i + 1 < values.size())
      values[i + 1] = float(bound * (2 * uniform_double(words[2], words[3]) - 1));
  }
  return values;
}

Values constant(const LogicalTensor& tensor, float value) {
  return Values(std::size_t(tensor.numel()), value);
}

bool is_norm(const std::string& role) {
  return role.find("norm") != std::string::npos && role.ends_with(".weight");
}

// What is added to the residual stream; only GPT-2 makes it smaller the deeper the model is.
bool is_scaled(const ModelShape& shape, const std::string& role) {
  return find_family(shape.family)->conv1d &&
         (role.ends_with(".attn.out.weight") || role.ends_with(".mlp.down.weight"));
}

Values adapter_values(const LogicalTensor& tensor, const std::string& init, std::uint64_t seed) {
  const bool first = tensor.role.ends_with(".lora_a");
  const double rank = double(first ? tensor.shape[0] : tensor.shape[1]);
  expects(init == "default" || init == "gaussian" || init == "zero", "no adapters begin as ", init);
  if (first == (init == "zero")) return constant(tensor, 0);
  if (init != "default") return normal(tensor, 1 / rank, seed);
  return uniform(tensor, 1 / std::sqrt(double(tensor.shape[1])), seed);
}

}  // namespace

std::vector<float> initial_values(const ModelShape& shape, const LogicalTensor& tensor,
                                  const std::string& lora_init, std::uint64_t seed) {
  if (tensor.role.ends_with(".lora_a") || tensor.role.ends_with(".lora_b"))
    return adapter_values(tensor, lora_init, seed);
  if (is_norm(tensor.role))
    return constant(tensor, shape.block.norm == NormKind::rms_norm_plus_one ? 0.0f : 1.0f);
  if (tensor.role.ends_with(".bias")) return constant(tensor, 0);
  const double depth = is_scaled(shape, tensor.role) ? std::sqrt(2.0 * double(shape.layers)) : 1.0;
  return normal(tensor, shape.initializer_range / depth, seed);
}

}  // namespace temper
