// Loss and gradient norm of twenty steps against a Trainer-equivalent loop of Transformers,
// recorded by tests/oracles/twenty_steps.py.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "support/small_job.hpp"

namespace temper {

namespace {

namespace fs = std::filesystem;
const fs::path kData = fs::path(TEMPER_SOURCE_DIR) / "tests" / "train" / "data";

RunSpec oracle_spec(const std::string& precision, const std::string& name, double rate) {
  RunSpec spec = small_spec(precision, 1);
  spec.train.learning_rate = rate;
  spec.train.warmup_steps = 4;
  spec.data.shuffle = false;
  spec.model.random_init = false;
  spec.model.pooling = "cls";
  spec.model.attn_dropout = spec.model.hidden_dropout = 0.0;
  if (name == "regression") spec.model.task = spec.train.stage = "regression";
  if (name == "weighted") {
    spec.train.class_weights = {0.5, 1.0, 2.0, 1.0, 1.5};
    spec.train.label_smoothing_factor = 0.1;
  }
  return spec;
}

// The oracle's head where the directory has none that fits.
void set_head(const ParameterTable& table) {
  at::Tensor weight = table.at("head.out.weight").weight, bias = table.at("head.out.bias").weight;
  at::Tensor flat = weight.view({-1});
  for (std::int64_t i = 0; i < flat.numel(); ++i)
    flat[i].fill_(double(float(0.02 * std::sin(double(i + 1)))));
  bias.zero_();
}

void expect_recorded_course(const fs::path& model, const fs::path& recorded,
                            const std::string& name, const std::string& precision, double tolerance,
                            std::int64_t count = 20) {
  const ModelShape shape = value_or_throw(read_model_shape(model, Json::object()));
  const FormulaSplit split(160, shape.vocab_size);
  const bool own_head = shape.own_head;
  const Group world = Group::world();
  SmallJob job(small_plan(oracle_spec(precision, name, own_head ? 5e-4 : 5e-5), 160, shape), split,
               world, model.string());
  if (!job.plan.model.own_head) set_head(job.units.table());
  const Json wanted = value_or_throw(read_json_file(recorded))[name][precision];
  const std::vector<StepResult> steps = job.run(count);
  for (std::size_t s = 0; s < steps.size(); ++s) {
    const double loss = wanted["loss"][s].get<double>(),
                 norm = wanted["grad_norm"][s].get<double>();
    EXPECT_NEAR(steps[s].loss(), loss, tolerance * loss) << "step " << s;
    EXPECT_NEAR(steps[s].grad_norm, norm, tolerance * norm) << "step " << s;
  }
}

class TwentySteps : public testing::TestWithParam<const char*> {};

TEST_P(TwentySteps, of_a_tiny_model_equal_transformers) {
  expect_recorded_course(kData / "tiny-bert", kData / "twenty_steps.json", GetParam(), "fp32",
                         1e-5);
  expect_recorded_course(kData / "tiny-bert", kData / "twenty_steps.json", GetParam(), "fp64",
                         1e-9);
}

INSTANTIATE_TEST_SUITE_P(Losses, TwentySteps, testing::Values("plain", "weighted", "regression"));

TEST(TwentyStepsOfMiniLm, equal_transformers) {
  const char* prefix = std::getenv("TEMPER_PREFIX");
  const char* home = std::getenv("HOME");
  const fs::path model =
      fs::path(prefix ? prefix : std::string(home ? home : "") + "/.cache/temper") / "models" /
      "all-MiniLM-L6-v2";
  if (!fs::exists(model)) GTEST_SKIP() << "the model shelf has no all-MiniLM-L6-v2";
  expect_recorded_course(model, kData / "twenty_steps_minilm.json", "plain", "fp32", 1e-5);
  expect_recorded_course(model, kData / "twenty_steps_minilm.json", "plain", "fp64", 1e-9, 5);
}

}  // namespace

}  // namespace temper
