#include "plan/check_objective.hpp"

#include "plan/row_format.hpp"

namespace temper {

namespace {

std::string in_quotes(const std::string& word) { return "\"" + word + "\""; }

void check_stage(const RunSpec& spec, Problems& problems) {
  const std::string &task = spec.model.task, &stage = spec.train.stage;
  const bool causal = task == "causal-lm";
  if (causal ? stage != "sft" && stage != "clm" : stage != stage_of(task, "text"))
    problems.push_back({"train.stage",
                        in_quotes(stage) + " does not train model.task = " + in_quotes(task), "",
                        causal ? "Use \"sft\" or \"clm\"." : "Leave it out."});
}

void check_rows(const RunSpec& spec, Problems& problems) {
  const DataSpec& data = spec.data;
  const std::string& stage = spec.train.stage;
  const bool text = data.row_format.empty() || data.row_format == "text";
  if (stage == "sft" && text)
    problems.push_back({"data.row_format",
                        data.row_format.empty() ? "is not known" : "\"text\" has no answers",
                        "sft learns answers: messages, prompt-completion, alpaca or sharegpt rows",
                        "Name the columns, or use train.stage = \"clm\"."});
  if (stage != "sft" && !text)
    problems.push_back({"data.row_format",
                        in_quotes(data.row_format) + " rows are for train.stage = \"sft\"",
                        "this stage is " + in_quotes(stage), "Leave one of them out."});
  const bool language = stage == "sft" || stage == "clm" || stage == "mlm";
  if ((language || stage == "token-classification") && !data.text_pair_column.empty())
    problems.push_back({"data.text_pair_column",
                        "has no meaning for train.stage = " + in_quotes(stage), "",
                        "Leave it out."});
  if ((stage == "clm" || stage == "mlm") && data.truncation == "left")
    problems.push_back({"data.truncation", "\"left\" has no meaning for raw text",
                        "a long row is cut into pieces and nothing is lost",
                        "Leave it out, or use \"drop\"."});
  if (language && !data.label_names.empty())
    problems.push_back({"data.label_names", "have no meaning for a language model", "", ""});
}

// Keys of one objective, given for another.
void check_loss_keys(const RunSpec& spec, Problems& problems) {
  const TrainSpec &train = spec.train, plain;
  const bool sft = train.stage == "sft", pairs = spec.data.row_format == "prompt-completion";
  const auto meaningless = [&](const char* key, const std::string& why) {
    problems.push_back({key, "has no meaning here", why, "Leave it out."});
  };
  if (train.assistant_only_loss && !(sft && !pairs))
    meaningless("train.assistant_only_loss", "it is for conversations in train.stage = \"sft\"");
  if (train.completion_only_loss && !(sft && pairs))
    meaningless("train.completion_only_loss",
                "it is for prompt-completion rows in train.stage = \"sft\"");
  if (train.stage != "mlm" && train.mlm_probability != plain.mlm_probability)
    meaningless("train.mlm_probability", "it is for train.stage = \"mlm\"");
  if (train.stage != "mlm" && train.mlm_whole_word)
    meaningless("train.mlm_whole_word", "it is for train.stage = \"mlm\"");
  if (!spec.model.chat_template.empty() && !sft)
    meaningless("model.chat_template", "it renders conversations in train.stage = \"sft\"");
}

void check_batch(const TrainSpec& train, Problems& problems) {
  if (train.per_device_train_batch_size == 0 && !train.tokens_per_microbatch)
    problems.push_back({"train.per_device_train_batch_size",
                        "0 leaves a micro-batch without documents", "",
                        "Give train.tokens_per_microbatch, or at least 1."});
}

}  // namespace

void check_objective(const RunSpec& spec, Problems& problems) {
  check_stage(spec, problems);
  check_rows(spec, problems);
  check_loss_keys(spec, problems);
  check_batch(spec.train, problems);
}

}  // namespace temper
