#include "plan/plan_job.hpp"

#include <gtest/gtest.h>

#include <set>

#include "plan/data_facts.hpp"
#include "plan/plan_parts.hpp"
#include "support/study_folder.hpp"

namespace temper {

ModelShape small_shape() {
  ModelShape shape;
  shape.family = "bert";
  shape.block = {.hidden = 64, .heads = 4, .kv_heads = 4, .head_size = 16, .mlp_width = 128};
  shape.layers = 2, shape.vocab_size = 97, shape.max_positions = 40, shape.type_vocab_size = 2;
  shape.pooling = Pooling::mean;
  return shape;
}

RunSpec small_spec() {
  RunSpec spec;
  spec.data.train_file = {"train.jsonl"};
  spec.data.validation_file = {"eval.jsonl"};
  spec.data.max_length = 32;
  return spec;
}

const DataFacts kFacts{.documents = 100,
                       .tokens = 1000,
                       .eval_documents = 20,
                       .test_documents = 10,
                       .longest = 30,
                       .label_names = {"a", "b", "c"},
                       .context = 12};

JobPlan planned(const RunSpec& spec, const DataFacts& facts = kFacts) {
  return value_or_throw(plan_job(spec, small_shape(), facts, {.cores = 2}));
}

std::string problems_of(const RunSpec& spec, const DataFacts& facts = kFacts,
                        const Machine& machine = {.cores = 2}) {
  return to_text(plan_job(spec, small_shape(), facts, machine).problems());
}

TEST(PlanJob, steps_follow_from_documents_batch_and_epochs) {
  RunSpec spec = small_spec();
  spec.train.per_device_train_batch_size = 4;
  spec.train.gradient_accumulation_steps = 2;
  spec.train.num_train_epochs = 1.5;
  spec.train.warmup_ratio = 0.1;
  spec.parallel.ranks = 2;
  const BatchPlan batch = planned(spec).batch;
  EXPECT_EQ(batch.global_batch, 16);
  EXPECT_EQ(batch.micro_batches, 2);
  EXPECT_EQ(batch.steps_per_epoch, 7);  // 100 / 16
  EXPECT_EQ(batch.total_steps, 11);     // 1.5 * 7
  EXPECT_EQ(batch.warmup_steps, 2);     // 1.1
  spec.train.max_steps = 3;
  spec.data.max_train_samples = 30;
  EXPECT_EQ(planned(spec).batch.total_steps, 3);
  EXPECT_EQ(planned(spec).batch.documents, 30);
}

TEST(PlanJob, a_token_budget_alone_decides_the_documents_of_a_step) {
  RunSpec spec = small_spec();
  spec.train.per_device_train_batch_size = 0;
  spec.train.tokens_per_microbatch = 64;
  spec.train.gradient_accumulation_steps = 3;
  spec.parallel.ranks = 2;
  const BatchPlan batch = planned(spec).batch;  // documents of 10 tokens
  EXPECT_EQ(batch.global_batch, 38);            // floor(64 * 3 * 2 / 10)
  EXPECT_EQ(batch.micro_batch_tokens, 64);
  EXPECT_EQ(batch.micro_batches, 3);
  spec.train.global_batch_size = 16;
  EXPECT_EQ(planned(spec).batch.global_batch, 16);
  spec.train.tokens_per_microbatch = 29;
  EXPECT_NE(problems_of(spec).find("29 is fewer than the longest document's 30 tokens"),
            std::string::npos);
}

TEST(PlanJob, a_global_batch_is_constant_over_layouts_and_micro_batches_keep_their_bound) {
  RunSpec spec = small_spec();
  spec.train.global_batch_size = 30;
  spec.train.per_device_train_batch_size = 4;
  for (std::int64_t ranks = 1; ranks <= 30; ++ranks) {
    spec.parallel.ranks = ranks;
    const BatchPlan batch = planned(spec).batch;
    EXPECT_EQ(batch.global_batch, 30);
    EXPECT_LE(largest_micro_batch(batch, int(ranks)), 4);
    EXPECT_EQ(batch.steps_per_epoch, 4);
  }
  spec.parallel.ranks = 31;
  EXPECT_NE(problems_of(spec).find("31 ranks share a batch of 30 documents"), std::string::npos);
}

TEST(PlanJob, units_hold_every_tensor_once_and_the_word_embedding_alone) {
  const JobPlan plan = planned(small_spec());
  std::set<int> seen;
  for (const UnitLayout& unit : plan.units)
    for (const TensorSlot& slot : unit.slots) {
      EXPECT_TRUE(seen.insert(slot.tensor).second);
      EXPECT_EQ(slot.extent.size(), plan.tensors[std::size_t(slot.tensor)].numel());
    }
  EXPECT_EQ(seen.size(), plan.tensors.size());
  EXPECT_EQ(plan.units.front().name, "word_embeddings");
  EXPECT_EQ(plan.units.front().slots.size(), 1u);
  EXPECT_EQ(plan.units.back().name, "head");
  EXPECT_EQ(plan.units.size(), 5u);
}

TEST(PlanJob, memory_is_counted_by_hand_for_a_small_model) {
  RunSpec spec = small_spec();
  spec.checkpoint.load_best_model_at_end = false;
  spec.parallel.ranks = 2;
  const JobPlan plan = planned(spec);
  std::int64_t all = 0, sparse = plan.units.front().length;
  for (const UnitLayout& unit : plan.units) all += unit.length;
  EXPECT_EQ(sparse, 97 * 64 + (128 - 97 * 64 % 128) % 128);
  EXPECT_EQ(plan.memory[0].bytes, 4 * all);                            // fp32 weights
  EXPECT_EQ(plan.memory[1].bytes, 4 * all);                            // gradients, whole
  EXPECT_EQ(plan.memory[2].bytes, 8 * (sparse + (all - sparse) / 2));  // moments, cut in 2
  spec.train.precision = "bf16";
  const JobPlan half = planned(spec);
  EXPECT_EQ(half.memory[0].bytes, 2 * all);
  EXPECT_EQ(half.memory[2].bytes, 10 * (sparse + (all - sparse) / 2));
  spec.parallel.zero_stage = 0;
  EXPECT_EQ(planned(spec).memory[2].bytes, 10 * all);
}

TEST(PlanJob, flops_of_a_token_are_counted_by_hand) {
  const JobPlan plan = planned(small_spec());
  const double matrices = 2 * (4 * 64 * 64 + 2 * 64 * 128), attention = 2 * 2 * 64 * 12.0;
  const double head = 64 * 3 / 10.0;
  EXPECT_DOUBLE_EQ(plan.flops_per_token, 6 * (matrices + attention + head));
}

TEST(PlanJob, refuses_what_cannot_work_with_the_key_and_a_way_out) {
  const auto with = [](auto change) {
    RunSpec spec = small_spec();
    change(spec);
    return problems_of(spec);
  };
  const std::vector<std::pair<std::string, std::string>> cases{
      {with([](RunSpec& s) { s.data.max_length = 41; }), "data.max_length: 41 is more than"},
      {with([](RunSpec& s) { s.parallel.tensor_parallel_size = 2; }), "not supported yet"},
      {with([](RunSpec& s) { s.parallel.zero_stage = 3; }), "stages 2 and 3 are not supported"},
      {with([](RunSpec& s) { s.model.num_labels = 2; }), "fewer than the data's 3 classes"},
      {with([](RunSpec& s) {
         s.train.class_weights = {1, 2};
       }),
       "has 2 weights for 3 classes"},
      {with([](RunSpec& s) { s.model.max_position_embeddings = 99; }), "more than the model's 40"},
      {with([](RunSpec& s) { s.data.packing = false; }), "data.packing"},
      {with([](RunSpec& s) { s.train.eval_strategy = "steps"; }), "train.eval_steps: is missing"},
      {with([](RunSpec& s) { s.data.split = SplitSpec{}; }), "beside validation_file"},
      {with([](RunSpec& s) { s.data.clean = {"whitspace"}; }), "Did you mean \"whitespace\""},
      {with([](RunSpec& s) { s.model.problem_type = "regression"; }), "model.problem_type"},
      {with([](RunSpec& s) { s.model.task = "causal-lm"; }), "is not possible with bert"},
      {with([](RunSpec& s) { s.train.finetuning_type = "freeze"; }), "train.freeze: is missing"},
      {with([](RunSpec& s) { s.train.z_loss = 1e-4; }), "train.z_loss: is for language models"},
      {with([](RunSpec& s) { s.train.min_lr = 1e-6; }), "is for lr_scheduler_type"},
      {with([](RunSpec& s) { s.train.lr_scheduler_type = "cosine_with_min_lr"; }),
       "train.min_lr: is missing"},
      {with([](RunSpec& s) { s.train.gradient_checkpointing_every = 2; }),
       "is for gradient_checkpointing = \"blocks\""}};
  for (const auto& [text, expected] : cases)
    EXPECT_NE(text.find(expected), std::string::npos) << "expected: " << expected << "\n" << text;
  const std::string both = with([](RunSpec& s) {
    s.data.max_length = 41;
    s.parallel.zero_stage = 2;
  });
  EXPECT_EQ(std::count(both.begin(), both.end(), '\n'), 2) << both;
}

TEST(PlanJob, what_is_too_large_for_the_machine_is_another_outcome) {
  const Checked<JobPlan> plan =
      plan_job(small_spec(), small_shape(), kFacts, {.cores = 2, .memory_bytes = 1 << 20});
  ASSERT_FALSE(plan);
  EXPECT_TRUE(nothing_fits(plan.problems())) << to_text(plan.problems());
  RunSpec wrong = small_spec();
  wrong.data.max_length = 41;
  EXPECT_FALSE(nothing_fits(plan_job(wrong, small_shape(), kFacts, {.cores = 2}).problems()));
}

TEST(PlanJob, survives_its_file_and_a_changed_byte_is_seen) {
  const StudyFolder folder;
  const JobPlan plan = planned(small_spec());
  const auto path = folder.path() / "plan.json";
  write_job_plan(path, plan);
  const Checked<JobPlan> back = read_job_plan(path);
  ASSERT_TRUE(back) << to_text(back.problems());
  EXPECT_EQ(digest_of(back.value()), digest_of(plan));
  std::ifstream in(path);
  std::string text((std::istreambuf_iterator<char>(in)), {});
  text.replace(text.find("\"global_batch\": 8"), 17, "\"global_batch\": 9");
  folder.write("plan.json", text);
  EXPECT_FALSE(read_job_plan(path));
}

TEST(PlanJob, a_recipe_is_named_by_contents_and_not_by_places) {
  const StudyFolder a, b;
  const auto id_in = [](const StudyFolder& folder, auto change) {
    RunSpec spec = small_spec();
    spec.model.model_name_or_path = (folder.path() / "model").string();
    spec.data.train_file = {(folder.path() / "train.jsonl").string()};
    spec.data.validation_file = {(folder.path() / "eval.jsonl").string()};
    change(spec);
    return recipe_id(data_recipe(spec, small_shape()));
  };
  const auto nothing = [](RunSpec&) {};
  const std::string id = id_in(a, nothing);
  EXPECT_EQ(id.size(), 16u);
  EXPECT_EQ(id_in(b, nothing), id);
  EXPECT_EQ(id_in(a, [](RunSpec& s) { s.train.learning_rate = 1; }), id);
  EXPECT_EQ(id_in(a, [](RunSpec& s) { s.data.max_train_samples = 5; }), id);
  EXPECT_NE(id_in(a, [](RunSpec& s) { s.data.max_length = 16; }), id);
  EXPECT_NE(id_in(a, [](RunSpec& s) { s.data.clean = {"nfc"}; }), id);
  b.write("train.jsonl", "{}\n");
  EXPECT_NE(id_in(b, nothing), id);
}

TEST(DataFacts, an_estimate_counts_rows_and_classes_of_raw_files) {
  const StudyFolder folder;
  DataSpec data;
  data.train_file = {(folder.path() / "train.jsonl").string()};
  data.test_file = {(folder.path() / "test.jsonl").string()};
  const DataFacts facts = estimate_facts(data, 32, true);
  EXPECT_TRUE(facts.estimated);
  EXPECT_EQ(facts.documents, 100);
  EXPECT_EQ(facts.test_documents, 10);
  EXPECT_EQ(facts.label_names, (std::vector<std::string>{"a", "b", "c", "d", "e"}));
  data.test_file.clear();
  data.split = SplitSpec{};
  EXPECT_EQ(estimate_facts(data, 32, true).documents, 80);
  EXPECT_EQ(estimate_facts(data, 32, true).eval_documents, 10);
}

}  // namespace temper
