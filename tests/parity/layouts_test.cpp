// The layout never changes the result: every number of ranks against a group of one, the ZeRO
// stages against each other, accumulation against one batch, rows against the dense table.
#include <gtest/gtest.h>

#include "support/small_job.hpp"

namespace temper {

namespace {

constexpr std::int64_t kDocuments = 37, kSteps = 7;  // a step of 5 documents closes the epoch

void expect_equal_courses(const std::vector<StepResult>& a, const std::vector<StepResult>& b,
                          double tolerance) {
  for (std::size_t s = 0; s < a.size(); ++s) {
    const double loss = b[s].loss();
    EXPECT_NEAR(a[s].loss(), loss, tolerance * std::abs(loss)) << "step " << s;
    EXPECT_NEAR(a[s].grad_norm, b[s].grad_norm, tolerance * b[s].grad_norm) << "step " << s;
    EXPECT_EQ(a[s].documents, b[s].documents) << "step " << s;
    EXPECT_EQ(a[s].tokens, b[s].tokens) << "step " << s;
  }
}

// Elements of flat fp64 buffers against each other.
double largest_weight_difference(const ParamUnits& a, const ParamUnits& b) {
  double worst = 0;
  const ParameterTable one = a.table(), other = b.table();
  for (const auto& [name, parameter] : one)
    worst = std::max(worst, parameter.weight.to(at::kDouble)
                                .sub(other.at(name).weight.to(at::kDouble))
                                .abs()
                                .max()
                                .item<double>());
  return worst;
}

ModelShape dropping_shape() {
  ModelShape shape = tiny_shape();
  shape.attn_dropout = shape.hidden_dropout = shape.head_dropout = 0.1;
  return shape;
}

}  // namespace

TEST(Layouts, any_number_of_ranks_computes_what_one_rank_computes_in_fp64) {
  const Group world = Group::world(), alone = world.split(world.rank(), 0);
  const FormulaSplit split(kDocuments, 97);
  SmallJob one(small_plan(small_spec("fp64", 1), kDocuments, dropping_shape()), split, alone);
  SmallJob all(small_plan(small_spec("fp64", world.size()), kDocuments, dropping_shape()), split,
               world);
  expect_equal_courses(all.run(kSteps), one.run(kSteps), 1e-9);
  EXPECT_LT(largest_weight_difference(all.units, one.units), 1e-9);
}

TEST(Layouts, zero_stage_0_equals_stage_1_to_the_last_bit) {
  const Group world = Group::world();
  const FormulaSplit split(kDocuments, 97);
  for (const std::string precision : {"fp64", "fp32", "bf16"}) {
    SmallJob whole(small_plan(small_spec(precision, world.size(), 0), kDocuments), split, world);
    SmallJob parts(small_plan(small_spec(precision, world.size(), 1), kDocuments), split, world);
    expect_equal_courses(whole.run(kSteps), parts.run(kSteps), 0);
    EXPECT_EQ(largest_weight_difference(whole.units, parts.units), 0) << precision;
    EXPECT_EQ(largest_difference(whole.units.masters(world), parts.units.masters(world)), 0)
        << precision;
  }
}

TEST(Layouts, accumulated_micro_batches_equal_one_batch) {
  const Group world = Group::world();
  const FormulaSplit split(kDocuments, 97);
  RunSpec spec = small_spec("fp64", world.size());
  SmallJob once(small_plan(spec, kDocuments), split, world);
  spec.train.gradient_accumulation_steps = 4;
  SmallJob often(small_plan(spec, kDocuments), split, world);
  expect_equal_courses(often.run(kSteps), once.run(kSteps), 1e-11);
  EXPECT_LT(largest_weight_difference(often.units, once.units), 1e-11);
}

TEST(Layouts, rows_of_the_word_embedding_move_as_in_a_dense_table) {
  const Group world = Group::world();
  for (const double decay : {0.0, 0.05}) {
    RunSpec spec = small_spec("fp64", world.size());
    spec.train.weight_decay = decay;
    spec.train.max_steps = 40;
    // Few documents of many words: most rows rest for most steps.
    const FormulaSplit split(12, 997);
    ModelShape shape = tiny_shape();
    shape.vocab_size = 997;
    spec.train.global_batch_size = 4;
    const JobPlan sparse = small_plan(spec, 12, shape);
    JobPlan dense = sparse;
    for (LogicalTensor& tensor : dense.tensors) tensor.row_sparse = false;
    SmallJob rows(sparse, split, world), table(dense, split, world);
    expect_equal_courses(rows.run(40), table.run(40), 1e-12);
    EXPECT_LT(largest_weight_difference(rows.units, table.units), 1e-12) << decay;
  }
}

TEST(Layouts, evaluation_gives_the_same_bits_on_any_number_of_ranks) {
  const Group world = Group::world(), alone = world.split(world.rank(), 0);
  const FormulaSplit split(150, 97);
  SmallJob one(small_plan(small_spec("fp32", 1), 150), split, alone);
  SmallJob all(small_plan(small_spec("fp32", world.size()), 150), split, world);
  const auto rows = sample_rows(150, 0, 0, 0);
  const Evaluation a = evaluate(one.plan, split, rows, one.layers(), alone);
  const Evaluation b = evaluate(all.plan, split, rows, all.layers(), world);
  EXPECT_EQ(a.logits, b.logits);
  EXPECT_EQ(a.metrics, b.metrics);
}

}  // namespace temper
