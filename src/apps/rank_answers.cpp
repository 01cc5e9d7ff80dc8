#include "apps/rank_answers.hpp"

#include <optional>

#include "core/file.hpp"
#include "generate/answers.hpp"
#include "plan/check_spec.hpp"
#include "text/load_tokenizer.hpp"
#include "train/batch_source.hpp"

namespace temper {

namespace {
// The sample of prompts is another than those of training and evaluation.
constexpr std::uint32_t kPromptSample = 2;
}  // namespace

void answer_eval(const Group& world, const Job& job, RunReport& report,
                 const std::filesystem::path& attempt) {
  const RunSpec& spec = job.plan.spec;
  if (spec.generation.max_samples == 0 || job.splits.eval == nullptr || job.plan.purpose == "scale")
    return;
  std::optional<Tokenizer> tokenizer;
  std::vector<std::int32_t> stop_ids;
  run_agreed(world, "loading the tokenizer", [&] {
    tokenizer.emplace(value_or_throw(load_tokenizer(tokenizer_file(spec))));
    const ModelFiles files = value_or_throw(read_model_files(spec.model.model_name_or_path));
    const std::string& own = spec.model.chat_template;
    stop_ids = stop_ids_of(
        files, own.empty() ? files.chat_template : value_or_throw(read_text_file(own)), *tokenizer);
  });
  const DocumentSource& split = *job.splits.eval;
  const auto seed = std::uint64_t(spec.train.data_seed.value_or(spec.train.seed));
  const Answers answers = answer_split(
      job.layers.stage, job.layers.head, split,
      sample_rows(split.documents(), spec.generation.max_samples, seed, kPromptSample), *tokenizer,
      generation_options(spec.generation, std::uint64_t(spec.train.seed), stop_ids, *tokenizer),
      spec.generation.stop_strings, job.dp);
  report.evaluation_seconds += answers.seconds;
  report.eval.metrics.insert(report.eval.metrics.end(), answers.metrics.begin(),
                             answers.metrics.end());
  run_agreed(world, "writing the answers", [&] {
    if (world.rank() == 0) write_file_atomically(attempt / "generations-eval.jsonl", answers.lines);
  });
}

}  // namespace temper
