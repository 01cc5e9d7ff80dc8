// Recipe and plan of the training benchmark: MiniLM on the rows of a text-classification study, as
// bench/train.sh runs it beside Transformers' Trainer.
//
//   bench_train recipe MODEL DATA OUT.json
//   bench_train plan MODEL DATA STORE.h5 bf16|fp32 RANKS THREADS DROPOUT STEPS OUT.json
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/file.hpp"
#include "core/problem.hpp"
#include "plan/plan_job.hpp"
#include "plan/store_card.hpp"

namespace {

using namespace temper;
namespace fs = std::filesystem;

constexpr std::int64_t kBatch = 32;  // documents a step, whatever the layout

RunSpec spec_of(const std::string& model, const fs::path& data) {
  RunSpec spec;
  spec.model.model_name_or_path = fs::absolute(model);
  spec.data.train_file = {fs::absolute(data / "train.jsonl")};
  spec.data.validation_file = {fs::absolute(data / "validation.jsonl")};
  spec.data.test_file = {fs::absolute(data / "test.jsonl")};
  spec.data.text_column = "definition", spec.data.label_column = "class";
  spec.data.max_length = 64;
  return spec;
}

JobPlan plan_of(RunSpec spec, const std::vector<std::string>& words) {
  const StoreCard card =
      value_or_throw(read_store_card(fs::path(words[4]).replace_extension("json")));
  spec.train.precision = words[5];
  spec.parallel.ranks = std::atol(words[6].c_str());
  spec.train.threads_per_rank = std::atol(words[7].c_str());
  spec.model.attn_dropout = spec.model.hidden_dropout = std::atof(words[8].c_str());
  spec.train.max_steps = std::atol(words[9].c_str());
  spec.train.per_device_train_batch_size = kBatch / spec.parallel.ranks;
  spec.train.learning_rate = 2e-4, spec.train.warmup_ratio = 0.06, spec.train.seed = 7;
  spec.train.eval_strategy = "no", spec.checkpoint.load_best_model_at_end = false;
  spec.data.max_eval_samples = kBatch;  // speed, not quality, is measured here
  ModelShape shape =
      value_or_throw(read_model_shape(spec.model.model_name_or_path, spec.model.config_overrides));
  shape.attn_dropout = shape.hidden_dropout = shape.head_dropout = *spec.model.attn_dropout;
  JobPlan plan = value_or_throw(plan_job(spec, shape, data_facts(card), this_machine()));
  plan.study = "bench-train", plan.trial = "00000000", plan.purpose = "single";
  plan.store = fs::absolute(words[4]);
  plan.save_model = plan.evaluate_test = false;
  return plan;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv, argv + argc);
  try {
    if (words.size() == 5 && words[1] == "recipe") {
      const RunSpec spec = spec_of(words[2], words[3]);
      const ModelShape shape = value_or_throw(
          read_model_shape(spec.model.model_name_or_path, spec.model.config_overrides));
      write_file_atomically(words[4], canonical_json(data_recipe(spec, shape)) + "\n");
      return 0;
    }
    if (words.size() == 11 && words[1] == "plan") {
      write_job_plan(words[10], plan_of(spec_of(words[2], words[3]), words));
      return 0;
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_train: %s\n", error.what());
    return 1;
  }
  std::fputs(
      "bench_train recipe MODEL DATA OUT.json\n"
      "bench_train plan MODEL DATA STORE.h5 bf16|fp32 RANKS THREADS DROPOUT STEPS OUT.json\n",
      stderr);
  return 64;
}
