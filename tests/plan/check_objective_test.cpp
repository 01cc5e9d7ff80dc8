#include "plan/check_objective.hpp"

#include <gtest/gtest.h>

namespace temper {

namespace {

RunSpec spec_of(const std::string& task, const std::string& stage, const std::string& rows = "") {
  RunSpec spec;
  spec.model.task = task, spec.train.stage = stage, spec.data.row_format = rows;
  return spec;
}

std::string problems_of(const RunSpec& spec) {
  Problems problems;
  check_objective(spec, problems);
  return to_text(problems);
}

void expect_problem(const RunSpec& spec, const std::string& words) {
  EXPECT_NE(problems_of(spec).find(words), std::string::npos) << problems_of(spec);
}

}  // namespace

TEST(CheckObjective, accepts_each_task_with_its_stage) {
  EXPECT_EQ(problems_of(spec_of("causal-lm", "sft", "messages")), "");
  EXPECT_EQ(problems_of(spec_of("causal-lm", "clm", "text")), "");
  EXPECT_EQ(problems_of(spec_of("masked-lm", "mlm")), "");
  EXPECT_EQ(problems_of(spec_of("token-classification", "token-classification")), "");
  EXPECT_EQ(problems_of(spec_of("regression", "regression")), "");
  EXPECT_EQ(problems_of(spec_of("sequence-classification", "classification")), "");
}

TEST(CheckObjective, names_stages_and_rows_that_do_not_fit) {
  expect_problem(spec_of("causal-lm", "classification"),
                 "\"classification\" does not train model.task = \"causal-lm\"");
  expect_problem(spec_of("regression", "classification"), "Leave it out.");
  expect_problem(spec_of("causal-lm", "sft", "text"), "\"text\" has no answers");
  expect_problem(spec_of("causal-lm", "clm", "messages"),
                 "\"messages\" rows are for train.stage = \"sft\"");
}

TEST(CheckObjective, refuses_keys_of_another_objective) {
  RunSpec spec = spec_of("causal-lm", "sft", "messages");
  spec.train.completion_only_loss = true;
  expect_problem(spec, "train.completion_only_loss: has no meaning here");
  spec.data.row_format = "prompt-completion";
  EXPECT_EQ(problems_of(spec), "");
  spec.train.assistant_only_loss = false;
  expect_problem(spec, "train.assistant_only_loss: has no meaning here");
  spec = spec_of("causal-lm", "clm", "text");
  spec.train.mlm_whole_word = true, spec.data.truncation = "left";
  expect_problem(spec, "train.mlm_whole_word: has no meaning here");
  expect_problem(spec, "data.truncation: \"left\" has no meaning for raw text");
  spec = spec_of("masked-lm", "mlm");
  spec.train.mlm_whole_word = true, spec.train.mlm_probability = 0.3;
  EXPECT_EQ(problems_of(spec), "");
}

TEST(CheckObjective, a_micro_batch_has_a_bound) {
  RunSpec spec;
  spec.train.per_device_train_batch_size = 0;
  expect_problem(spec, "0 leaves a micro-batch without documents");
  spec.train.tokens_per_microbatch = 512;
  EXPECT_EQ(problems_of(spec), "");
}

}  // namespace temper
