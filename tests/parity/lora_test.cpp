// Loss and gradient norm of twenty steps of a language model against Transformers and PEFT,
// recorded by tests/oracles/lora_twenty_steps.py.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "plan/families.hpp"
#include "plan/lora_plan.hpp"
#include "support/small_language.hpp"

namespace temper {

namespace {

const std::filesystem::path kRecorded = std::filesystem::path(TEMPER_SOURCE_DIR) / "tests" /
                                        "parity" / "data" / "lora_twenty_steps.json";

// What the oracle's model calls the tensor.
std::string oracle_name(const JobPlan& plan, const LogicalTensor& tensor) {
  if (is_adapter(tensor)) return tensor.name;
  std::string name = file_names(*find_family(plan.model.family), tensor).front();
  if (plan.spec.train.finetuning_type != "lora") return name;
  const std::string module = tensor.role.substr(0, tensor.role.rfind('.'));
  for (const LogicalTensor& other : plan.tensors)
    if (other.role == module + ".lora_a") {
      name.insert(name.rfind('.'), ".base_layer");
      break;
    }
  return "base_model.model." + name;
}

// Parameter k by name is 0.1 sin(0.7 i + k), gains are 1 + that, B of an adapter is 0.
void set_by_formula(const SmallJob& job) {
  std::vector<std::pair<std::string, const LogicalTensor*>> named;
  for (const LogicalTensor& tensor : job.plan.tensors)
    named.emplace_back(oracle_name(job.plan, tensor), &tensor);
  std::sort(named.begin(), named.end());
  const ParameterTable table = job.units.table();
  for (std::size_t k = 0; k < named.size(); ++k) {
    const auto& [name, tensor] = named[k];
    at::Tensor flat = table.at(tensor->role).weight.view({-1});
    const bool gain = name.find("norm") != std::string::npos;
    for (std::int64_t i = 0; i < flat.numel(); ++i) {
      const double value = 0.1 * std::sin(0.7 * double(i) + double(k));
      flat[i].fill_(tensor->role.ends_with(".lora_b") ? 0.0
                                                      : double(float(gain ? 1 + value : value)));
    }
  }
}

JobPlan oracle_plan(const std::string& name, const std::string& precision) {
  RunSpec spec = language_spec(precision, 1, name == "lora" ? "lora" : "full");
  spec.train.learning_rate = 5e-4;
  spec.train.warmup_steps = 4;
  spec.data.shuffle = false;
  if (name == "smoothed") spec.train.label_smoothing_factor = 0.1, spec.train.z_loss = 1e-3;
  return small_plan(spec, 160, tiny_llama());
}

class LanguageCourse : public testing::TestWithParam<const char*> {};

}  // namespace

TEST_P(LanguageCourse, equals_transformers_and_peft) {
  const Json recorded = value_or_throw(read_json_file(kRecorded))[GetParam()];
  const LanguageSplit split(160, 97);
  const Group world = Group::world();
  for (const auto& [precision, tolerance] : {std::pair{"fp32", 1e-5}, std::pair{"fp64", 1e-9}}) {
    SmallJob job(oracle_plan(GetParam(), precision), split, world);
    set_by_formula(job);
    const std::vector<StepResult> steps = job.run(20);
    for (std::size_t s = 0; s < steps.size(); ++s) {
      const double loss = recorded[precision]["loss"][s],
                   norm = recorded[precision]["grad_norm"][s];
      EXPECT_NEAR(steps[s].loss(), loss, tolerance * loss) << precision << ", step " << s;
      // Late fp32 norms have left their fp64 course by 1e-4, Transformers' and ours alike.
      EXPECT_NEAR(steps[s].grad_norm, norm, (tolerance < 1e-8 ? 1e-9 : 1e-3) * norm)
          << precision << ", step " << s;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, LanguageCourse, testing::Values("full", "smoothed", "lora"));

TEST(Lora, leaves_the_base_as_it_was_and_begins_as_the_base) {
  const LanguageSplit split(40, 97);
  const Group world = Group::world();
  SmallJob adapted(small_plan(language_spec("fp32", 1, "lora"), 40, tiny_llama()), split, world);
  SmallJob whole(small_plan(language_spec("fp32", 1, "full"), 40, tiny_llama()), split, world);
  const auto rows = sample_rows(40, 0, 0, 0);
  EXPECT_EQ(evaluate(adapted.plan, split, rows, adapted.layers(), world).documents,
            evaluate(whole.plan, split, rows, whole.layers(), world).documents);
  adapted.run(3);
  const ParameterTable after = adapted.units.table();
  for (const auto& [role, parameter] : whole.units.table())
    EXPECT_TRUE(after.at(role).weight.equal(parameter.weight)) << role;
  for (const ExportedTensor& tensor : adapted.units.masters(world))
    EXPECT_NE(tensor.name.find("lora_"), std::string::npos) << tensor.name;
}

}  // namespace temper
