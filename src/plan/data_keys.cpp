#include "plan/data_keys.hpp"

#include "plan/bind_key.hpp"

namespace temper {

std::vector<RunSpecKey> model_keys() {
  const std::string temper = "Temper", hf = "Transformers";
  return {
      bind_key("model.model_name_or_path", TEMPER_MEMBER(model.model_name_or_path),
               "a Hugging Face directory, or a name on the model shelf", hf),
      bind_key("model.revision_sha256", TEMPER_MEMBER(model.revision_sha256),
               "SHA-256 of the weights, checked when given", temper, {.decides_result = false}),
      bind_key("model.task", TEMPER_MEMBER(model.task), "what the head computes", temper,
               {{"sequence-classification", "regression", "token-classification", "causal-lm",
                 "masked-lm"}}),
      bind_key("model.num_labels", TEMPER_MEMBER(model.num_labels),
               "classes; without it, the model's own head's or the data's", "PretrainedConfig",
               {{}, kCount}),
      bind_key("model.problem_type", TEMPER_MEMBER(model.problem_type), "empty: by the task",
               "PretrainedConfig",
               {.allowed = {"", "single_label_classification", "regression"},
                .later = {"multi_label_classification"}}),
      bind_key("model.pooling", TEMPER_MEMBER(model.pooling),
               "which token vectors the head sees; empty: as the model directory says",
               "sentence-transformers", {{"", "cls", "mean", "last"}}),
      bind_key("model.attn_dropout", TEMPER_MEMBER(model.attn_dropout),
               "dropout of attention; without it the config's", "PretrainedConfig",
               {{}, {0, 0.999}}),
      bind_key("model.hidden_dropout", TEMPER_MEMBER(model.hidden_dropout),
               "dropout of hidden states and head; without it the config's", "PretrainedConfig",
               {{}, {0, 0.999}}),
      bind_key("model.max_position_embeddings", TEMPER_MEMBER(model.max_position_embeddings),
               "use fewer positions than the model has", "PretrainedConfig", {{}, kCount}),
      bind_key("model.tokenizer", TEMPER_MEMBER(model.tokenizer),
               "another tokenizer.json; empty: the model's", hf),
      bind_key("model.chat_template", TEMPER_MEMBER(model.chat_template),
               "a Jinja file that renders conversations; empty: the model's", hf),
      bind_key("model.config_overrides", TEMPER_MEMBER(model.config_overrides),
               "keys of config.json to replace", hf),
      bind_key("model.random_init", TEMPER_MEMBER(model.random_init),
               "initial weights from the seed instead of the file", temper),
  };
}

std::vector<RunSpecKey> data_keys() {
  const std::string temper = "Temper", hf = "Transformers examples", dn = "datasets";
  const KeyLimits place{.decides_result = false};
  return {
      bind_key("data.train_file", TEMPER_MEMBER(data.train_file),
               "training rows: a path, a list, or a glob", hf),
      bind_key("data.validation_file", TEMPER_MEMBER(data.validation_file),
               "rows of the eval split", hf),
      bind_key("data.test_file", TEMPER_MEMBER(data.test_file),
               "rows that are looked at once, at the end", hf),
      bind_key("data.format", TEMPER_MEMBER(data.format), "empty: by the ending of the file", dn,
               {{"", "jsonl", "csv", "tsv", "txt"}}),
      bind_key("data.split", TEMPER_MEMBER(data.split),
               "shares of train, validation, test (and group_by) when there is one file", temper),
      bind_key("data.text_column", TEMPER_MEMBER(data.text_column), "column of the text", hf),
      bind_key("data.text_pair_column", TEMPER_MEMBER(data.text_pair_column),
               "column of a second text; empty: none", hf),
      bind_key("data.label_column", TEMPER_MEMBER(data.label_column),
               "column of the class or value", hf),
      bind_key("data.id_column", TEMPER_MEMBER(data.id_column),
               "column of the row's name; empty: file:line", temper),
      bind_key("data.group_column", TEMPER_MEMBER(data.group_column),
               "rows of one group stay in one split", temper),
      bind_key("data.row_format", TEMPER_MEMBER(data.row_format),
               "what a row of a language model holds; empty: by the columns of the first row",
               temper, {{"", "text", "messages", "prompt-completion", "alpaca", "sharegpt"}}),
      bind_key("data.messages_column", TEMPER_MEMBER(data.messages_column),
               "column of a conversation's messages", "LLaMA-Factory"),
      bind_key("data.prompt_column", TEMPER_MEMBER(data.prompt_column),
               "column of what is given, in prompt-completion rows", "SFTTrainer"),
      bind_key("data.completion_column", TEMPER_MEMBER(data.completion_column),
               "column of what is to be written, in prompt-completion rows", "SFTTrainer"),
      bind_key("data.max_length", TEMPER_MEMBER(data.max_length),
               "tokens of a document with special tokens; 0: the model's", "SFTConfig",
               {{}, kNotNegative}),
      bind_key("data.truncation", TEMPER_MEMBER(data.truncation),
               "which end of a long document is cut, or drop it", temper,
               {{"right", "left", "drop"}}),
      bind_key("data.packing", TEMPER_MEMBER(data.packing),
               "documents lie end to end; attention never crosses", "SFTConfig"),
      bind_key("data.shuffle", TEMPER_MEMBER(data.shuffle), "a new keyed order in every epoch",
               temper),
      bind_key("data.max_train_samples", TEMPER_MEMBER(data.max_train_samples),
               "train on a sample of the rows; 0: all", hf, {{}, kNotNegative}),
      bind_key("data.max_eval_samples", TEMPER_MEMBER(data.max_eval_samples),
               "evaluate on a sample of the eval rows; 0: all", hf, {{}, kNotNegative}),
      bind_key("data.clean", TEMPER_MEMBER(data.clean), "cleaning steps, in order", temper),
      bind_key("data.max_bad_rows", TEMPER_MEMBER(data.max_bad_rows),
               "broken rows that may be dropped", temper, {{}, kNotNegative}),
      bind_key("data.label_names", TEMPER_MEMBER(data.label_names), "order of the classes", temper),
      bind_key("data.store_dir", TEMPER_MEMBER(data.store_dir),
               "where token stores lie; empty: <output_dir>/data", temper, place),
  };
}

// What the loss of a language model counts.
std::vector<RunSpecKey> objective_keys() {
  const std::string sft = "SFTConfig", collator = "DataCollatorForLanguageModeling";
  return {
      bind_key("train.assistant_only_loss", TEMPER_MEMBER(train.assistant_only_loss),
               "conversations: learn the assistant's words and no others; without it true", sft),
      bind_key("train.completion_only_loss", TEMPER_MEMBER(train.completion_only_loss),
               "prompt and completion: learn the completion alone; without it true", sft),
      bind_key("train.mlm_probability", TEMPER_MEMBER(train.mlm_probability),
               "share of the tokens that are hidden or replaced", collator, {{}, {0, 1, true}}),
      bind_key("train.mlm_whole_word", TEMPER_MEMBER(train.mlm_whole_word),
               "hide all pieces of a word together", collator),
  };
}

}  // namespace temper
