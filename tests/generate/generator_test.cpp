// Generation with a cache against the model without one, and against Transformers.
#include "generate/generator.hpp"

#include <ATen/ops/argmax.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "generate/answers.hpp"
#include "generate/inference_model.hpp"
#include "support/family_case.hpp"
#include "text/load_tokenizer.hpp"

namespace temper {
namespace {

namespace fs = std::filesystem;

Json family_cases() {
  return value_or_throw(
      read_json_file(fs::path(TEMPER_SOURCE_DIR) / "tests/model/data/families.json"))["cases"];
}

// A tiny model of that family.
FamilyModel tiny(const std::string& name) {
  const Json cases = family_cases();
  const auto found =
      std::find_if(cases.begin(), cases.end(), [&](const Json& c) { return c["name"] == name; });
  expects(found != cases.end(), "no case named ", name);
  return {*found, at::kDouble};
}

// The likeliest next token of a sequence, by the whole of it.
std::int32_t next_without_cache(const Stage& stage, const Head& head,
                                const std::vector<std::int32_t>& ids) {
  PackedBatch batch;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    batch.ids.push_back(ids[i]);
    batch.positions.push_back(std::int32_t(i));
    batch.places.push_back({0, std::uint32_t(i)});
  }
  batch.offsets.push_back(batch.tokens());
  Stage::Saved saved;
  const at::Tensor hidden = stage.forward(batch, 0, false, saved);
  const at::Tensor logits =
      head.language_logits(hidden.narrow(0, batch.tokens() - 1, 1), saved.matrix);
  return std::int32_t(logits.to(at::kFloat).argmax().item<std::int64_t>());
}

class Generator : public testing::TestWithParam<std::string> {};

TEST_P(Generator, with_a_cache_gives_what_the_whole_sequence_gives) {
  const FamilyModel model = tiny(GetParam());
  const Stage stage(model.shape, model.table);
  const Head head(model.shape, model.table);
  std::vector<Prompt> prompts;
  for (const Json& document : model.recorded["documents"])
    prompts.push_back({document.get<std::vector<std::int32_t>>(), std::uint32_t(prompts.size())});
  // Fewer slots than prompts: the last one waits for a slot that another leaves.
  const std::vector<Generated> answers =
      generate(stage, head, prompts, {.max_new_tokens = 6, .slots = 2});
  ASSERT_EQ(answers.size(), prompts.size());
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    std::vector<std::int32_t> sequence = prompts[i].ids;
    ASSERT_EQ(answers[i].ids.size(), 6u);
    for (const std::int32_t id : answers[i].ids) {
      EXPECT_EQ(id, next_without_cache(stage, head, sequence)) << "prompt " << i;
      sequence.push_back(id);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Families, Generator,
                         testing::Values("llama", "mistral", "qwen3", "gemma2", "gemma3", "gpt2",
                                         "phi3", "opt"),
                         [](const auto& tested) { return tested.param; });

TEST(GeneratorEnds, at_stop_ids_at_the_limit_and_where_the_caller_says) {
  const FamilyModel model = tiny("llama");
  const Stage stage(model.shape, model.table);
  const Head head(model.shape, model.table);
  const std::vector<Prompt> prompts{{{5, 6, 7}, 0}};
  const std::vector<std::int32_t> free =
      generate(stage, head, prompts, {.max_new_tokens = 5})[0].ids;
  ASSERT_EQ(free.size(), 5u);
  const Generated stopped =
      generate(stage, head, prompts, {.max_new_tokens = 5, .stop_ids = {free[2]}})[0];
  EXPECT_TRUE(stopped.stopped);
  EXPECT_EQ(stopped.ids,
            std::vector<std::int32_t>(free.begin(), std::find(free.begin(), free.end(), free[2])));
  const Generated told = generate(
      stage, head, prompts,
      {.max_new_tokens = 5, .stops = [](std::size_t, const std::vector<std::int32_t>& ids) {
         return ids.size() == 2;
       }})[0];
  EXPECT_TRUE(told.stopped);
  EXPECT_EQ(told.ids.size(), 2u);
}

TEST(GeneratorEnds, with_an_error_for_a_prompt_that_leaves_no_position) {
  const FamilyModel model = tiny("llama");
  const Stage stage(model.shape, model.table);
  const Head head(model.shape, model.table);
  const std::vector<Prompt> prompts{
      {std::vector<std::int32_t>(std::size_t(model.shape.max_positions), 3), 0}};
  EXPECT_THROW(generate(stage, head, prompts, {}), BadInput);
}

// The real SmolLM2, greedy, beside Transformers 5.23.0 in fp32 (bench/peers/generate.py --ids).
TEST(SmolLM2, writes_what_transformers_writes_for_a_hundred_prompts) {
  const char* prefix = std::getenv("TEMPER_PREFIX");
  const char* home = std::getenv("HOME");
  const fs::path path =
      (prefix != nullptr ? fs::path(prefix)
                         : fs::path(home != nullptr ? home : "") / ".cache/temper") /
      "models/SmolLM2-135M-Instruct";
  if (!fs::exists(path)) GTEST_SKIP() << path << " is not on the model shelf";
  const Json recorded = value_or_throw(
      read_json_file(fs::path(TEMPER_SOURCE_DIR) / "tests/generate/data/smollm2_greedy.json"));
  const InferenceModel model(path, at::kFloat);
  std::vector<Prompt> prompts;
  for (const Json& one : recorded["cases"])
    prompts.push_back(
        {one["prompt"].get<std::vector<std::int32_t>>(), std::uint32_t(prompts.size())});
  ASSERT_EQ(prompts.size(), 100u);
  const std::vector<Generated> answers =
      generate(model.stage(), model.head(), prompts, {.max_new_tokens = 8, .stop_ids = {2}});
  for (std::size_t i = 0; i < answers.size(); ++i) {
    auto expected = recorded["cases"][i]["ids"].get<std::vector<std::int32_t>>();
    expected.resize(std::min<std::size_t>(expected.size(), 8));
    if (const auto end = std::find(expected.begin(), expected.end(), 2); end != expected.end())
      expected.erase(end, expected.end());
    EXPECT_EQ(answers[i].ids, expected) << "prompt " << i;
  }
}

}  // namespace
}  // namespace temper
