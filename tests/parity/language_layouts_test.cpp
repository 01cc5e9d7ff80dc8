// Language models and classes of tokens: the layout, the micro-batches and what is computed again
// never change the result.
#include <gtest/gtest.h>

#include "support/small_language.hpp"
#include "train/evaluation/predictions.hpp"

namespace temper {

namespace {

constexpr std::int64_t kDocuments = 37, kSteps = 6;

void expect_equal_courses(const std::vector<StepResult>& a, const std::vector<StepResult>& b,
                          double tolerance) {
  for (std::size_t s = 0; s < a.size(); ++s) {
    EXPECT_NEAR(a[s].loss(), b[s].loss(), tolerance * b[s].loss()) << "step " << s;
    EXPECT_NEAR(a[s].grad_norm, b[s].grad_norm, tolerance * b[s].grad_norm) << "step " << s;
    EXPECT_EQ(a[s].loss_tokens, b[s].loss_tokens) << "step " << s;
  }
}

std::vector<StepResult> course(const RunSpec& spec, const ModelShape& shape, const Group& group) {
  const LanguageSplit split(kDocuments, 97);
  SmallJob job(small_plan(spec, kDocuments, shape), split, group);
  return job.run(kSteps);
}

ModelShape token_classifier() {
  ModelShape shape = value_or_throw(with_task(tiny_shape(), "token-classification"));
  shape.num_labels = 5;
  return shape;
}

RunSpec token_spec(const std::string& precision, int ranks) {
  RunSpec spec = small_spec(precision, ranks);
  spec.model.task = spec.train.stage = "token-classification";
  return spec;
}

class LanguageLayouts : public testing::TestWithParam<const char*> {};

}  // namespace

TEST_P(LanguageLayouts, any_number_of_ranks_computes_what_one_rank_computes) {
  const Group world = Group::world(), alone = world.split(world.rank(), 0);
  ModelShape shape = tiny_llama();
  shape.attn_dropout = 0.1;
  RunSpec one = language_spec("fp64", 1, GetParam()),
          all = language_spec("fp64", world.size(), GetParam());
  one.lora.lora_dropout = all.lora.lora_dropout = 0.1;
  expect_equal_courses(course(all, shape, world), course(one, shape, alone), 1e-9);
}

TEST_P(LanguageLayouts, micro_batches_by_number_or_by_tokens_equal_one_batch) {
  const Group world = Group::world();
  RunSpec spec = language_spec("fp64", world.size(), GetParam());
  const auto once = course(spec, tiny_llama(), world);
  spec.train.gradient_accumulation_steps = 4;
  expect_equal_courses(course(spec, tiny_llama(), world), once, 1e-11);
  spec.train.gradient_accumulation_steps = 1;
  spec.train.tokens_per_microbatch = 32;
  expect_equal_courses(course(spec, tiny_llama(), world), once, 1e-11);
}

TEST_P(LanguageLayouts, what_is_computed_again_has_the_same_bits) {
  const Group world = Group::world();
  for (const std::string precision : {"fp32", "bf16"}) {
    RunSpec spec = language_spec(precision, world.size(), GetParam());
    spec.lora.lora_dropout = 0.1;
    const auto kept = course(spec, tiny_llama(), world);
    for (const char* what : {"blocks", "selective"}) {
      spec.train.gradient_checkpointing = what;
      expect_equal_courses(course(spec, tiny_llama(), world), kept, 0);
    }
    spec.train.gradient_checkpointing = "blocks";
    spec.train.gradient_checkpointing_every = 2;
    expect_equal_courses(course(spec, tiny_llama(), world), kept, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Techniques, LanguageLayouts, testing::Values("full", "lora"));

TEST(TokenLayouts, any_number_of_ranks_computes_what_one_rank_computes) {
  const Group world = Group::world(), alone = world.split(world.rank(), 0);
  const auto all = course(token_spec("fp64", world.size()), token_classifier(), world);
  expect_equal_courses(all, course(token_spec("fp64", 1), token_classifier(), alone), 1e-9);
  EXPECT_LT(all.back().loss(), all.front().loss());
}

TEST(LanguageEvaluation, gives_the_same_bits_on_any_number_of_ranks) {
  const Group world = Group::world(), alone = world.split(world.rank(), 0);
  const LanguageSplit split(150, 97);
  SmallJob one(small_plan(language_spec("fp32", 1, "full"), 150, tiny_llama()), split, alone);
  SmallJob all(small_plan(language_spec("fp32", world.size(), "full"), 150, tiny_llama()), split,
               world);
  const auto rows = sample_rows(150, 0, 0, 0);
  const Evaluation a = evaluate(one.plan, split, rows, one.layers(), alone);
  const Evaluation b = evaluate(all.plan, split, rows, all.layers(), world);
  EXPECT_EQ(a.documents, b.documents);
  EXPECT_EQ(a.metrics, b.metrics);
  // By hand from the documents.
  double nll = 0, tokens = 0, bytes = 0;
  for (const DocumentScore& document : a.documents)
    nll += document.nll, tokens += double(document.tokens), bytes += double(document.bytes);
  EXPECT_EQ(a.metrics[0], (std::pair<std::string, double>{"loss", nll / tokens}));
  EXPECT_DOUBLE_EQ(a.metrics[1].second, std::exp(nll / tokens));
  EXPECT_DOUBLE_EQ(a.metrics[3].second, nll / (bytes * std::log(2.0)));
  // Document 0 has 3 tokens: the third is learned. Document 2's first four are given.
  EXPECT_EQ(a.documents[0].tokens, 1);
  EXPECT_EQ(a.documents[2].tokens, 17 - 4);
}

}  // namespace temper
