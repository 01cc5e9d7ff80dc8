#include "apps/check_weights.hpp"

#include <memory>
#include <set>

#include "io/adapter_files.hpp"
#include "io/weight_files.hpp"
#include "plan/check_spec.hpp"
#include "plan/model_files.hpp"

namespace temper {

namespace {

// The tokenizer may be another than the model's own.
Problems check_tokenizer(const RunSpec& spec, const ModelShape& shape) {
  ModelFiles files;
  files.tokenizer_file = tokenizer_file(spec);
  if (files.tokenizer_file.extension() == ".gguf") {
    Checked<GgufHeader> header = read_gguf_header(files.tokenizer_file);
    if (!header) return header.problems();
    files.header = std::make_shared<const GgufHeader>(std::move(header).value());
  }
  return check_token_ids(files, shape.vocab_size);
}

}  // namespace

Problems check_weights(const StudyPlan& plan) {
  Problems all;
  std::set<std::string> said;
  const auto add = [&](const Problems& problems) {
    for (const Problem& problem : problems)
      if (said.insert(problem.text()).second) all.push_back(problem);
  };
  for (const StagePlan& stage : plan.stages) {
    const JobPlan& job = stage.first;
    const ModelSpec& model = job.spec.model;
    add(find_weights(model.model_name_or_path, job.model, job.tensors, model.random_init)
            .problems());
    if (!model.random_init) add(check_tied_head(model.model_name_or_path, job.model));
    add(check_tokenizer(job.spec, job.model));
    const LoraSpec& lora = job.spec.lora;
    if (job.spec.train.finetuning_type == "lora" && !lora.adapter_name_or_path.empty())
      add(find_adapter(lora.adapter_name_or_path, job.model, job.tensors, lora).problems());
  }
  return all;
}

}  // namespace temper
