// All that one run can be asked to be: the resolved manifest of one trial. Every default stands
// here, once.
//
// Names and meanings are those of Hugging Face Transformers, TRL and PEFT wherever they have one.
// `run_spec_keys.hpp` binds each member to its manifest key, meaning and source; nothing else lists
// them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/json.hpp"

namespace temper {

struct ModelSpec {
  std::string model_name_or_path;  // resolved: absolute path of a Hugging Face directory
  std::string revision_sha256;
  // sequence-classification | regression | token-classification | causal-lm | masked-lm
  std::string task = "sequence-classification";
  std::optional<std::int64_t> num_labels;
  std::string problem_type;  // "" = by the task
  std::string pooling;       // cls | mean | last; "" = as the model directory says
  std::optional<double> attn_dropout, hidden_dropout;  // without: the config's
  std::optional<std::int64_t> max_position_embeddings;
  std::string tokenizer;      // "" = the model's
  std::string chat_template;  // path of a Jinja file; "" = the model's
  Json config_overrides = Json::object();
  bool random_init = false;
};

struct SplitSpec {
  double train = 0.8, validation = 0.1, test = 0.1;
  std::string group_by;
};

struct DataSpec {
  std::vector<std::string> train_file, validation_file,
      test_file;       // absolute paths, globs expanded, sorted
  std::string format;  // "" = by the ending
  std::optional<SplitSpec> split;
  std::string text_column = "text", text_pair_column, label_column = "label", id_column,
              group_column;
  // Plain text, conversations (messages or ShareGPT's), prompt and completion, Alpaca's
  // instruction, input and output; "" = by the columns of the first row (row_format.hpp).
  std::string row_format;  // text | messages | prompt-completion | alpaca | sharegpt
  std::string messages_column = "messages", prompt_column = "prompt",
              completion_column = "completion";
  std::int64_t max_length = 0;  // tokens with specials; 0 = the model's
  std::string truncation = "right";
  bool packing = true, shuffle = true;
  std::int64_t max_train_samples = 0, max_eval_samples = 0;  // 0 = all
  std::vector<std::string> clean;
  std::int64_t max_bad_rows = 0;
  std::vector<std::string> label_names;
  std::string store_dir;  // absolute; "" = <output_dir>/data
};

struct TrainSpec {
  // classification | regression | sft | clm | mlm | token-classification
  std::string stage = "classification";
  std::optional<bool> assistant_only_loss, completion_only_loss;  // without: as the rows' form says
  std::string finetuning_type = "full";                           // full | head | lora | freeze
  std::vector<std::string> freeze;  // patterns of tensor names, for finetuning_type = "freeze"
  double layerwise_lr_decay = 1;    // of each layer below the last
  double z_loss = 0;                // weight of log(Z)^2 (language models)
  double mlm_probability = 0.15;
  bool mlm_whole_word = false;
  // Documents of a micro-batch; 0: as many as tokens_per_microbatch holds.
  std::int64_t per_device_train_batch_size = 8, gradient_accumulation_steps = 1;
  std::optional<std::int64_t> global_batch_size, tokens_per_microbatch;
  double num_train_epochs = 1;
  std::int64_t max_steps = -1;
  double learning_rate = 5e-5;
  std::string lr_scheduler_type = "linear";
  std::optional<double> min_lr, min_lr_rate;  // cosine_with_min_lr: one of them
  std::optional<double> lr_end, lr_power;     // polynomial; without: 1e-7, 1
  std::int64_t warmup_steps = 0;
  double warmup_ratio = 0, weight_decay = 0;
  bool weight_decay_all = false;
  double adam_beta1 = 0.9, adam_beta2 = 0.999, adam_epsilon = 1e-8, max_grad_norm = 1.0;
  double label_smoothing_factor = 0;
  std::vector<double> class_weights;
  std::string precision = "fp32";                 // bf16 | fp32 | fp64
  std::string gradient_checkpointing = "none";    // none | blocks | selective
  std::int64_t gradient_checkpointing_every = 1;  // blocks: every n-th keeps only its input
  std::int64_t seed = 42;
  std::optional<std::int64_t> data_seed;  // without: seed
  std::int64_t logging_steps = 1, eval_steps = 0;
  std::string eval_strategy = "epoch";       // epoch | steps | no
  bool eval_on_start = false;                // evaluates the untouched model too
  std::int64_t early_stopping_patience = 0;  // evaluations without gain; 0 = off
  std::int64_t threads_per_rank = 0;         // 0 = cores / ranks
};

// PEFT's LoraConfig.
struct LoraSpec {
  std::string adapter_name_or_path;  // start from this PEFT directory
  std::int64_t r = 8;
  double lora_alpha = 8, lora_dropout = 0;
  // "all-linear", module names (last path parts), or one regular expression over whole paths.
  std::vector<std::string> target_modules{"all-linear"};
  std::vector<std::string> modules_to_save;
  bool use_rslora = false;                    // scale alpha / sqrt(r)
  std::string init_lora_weights = "default";  // default | gaussian | zero | pissa
};

// Answers that the fine-tuned model generates for prompts of the eval split (Transformers' GenerationConfig).
struct GenerationSpec {
  std::int64_t max_samples = 0;  // prompts; 0: nothing is generated
  std::int64_t max_new_tokens = 64, batch_size = 16;
  bool do_sample = false;
  double temperature = 1, top_p = 1, repetition_penalty = 1;
  std::int64_t top_k = 50;
  std::vector<std::string> stop_strings;
};

struct ParallelSpec {
  std::int64_t ranks = 1, tensor_parallel_size = 1, pipeline_parallel_size = 1;
  std::int64_t zero_stage = 1;  // 0 | 1
  std::string device = "cpu", transport = "auto";
  bool check_collectives = false;
};

struct CheckpointSpec {
  bool load_best_model_at_end = true;
};

struct CostSpec {
  std::string currency;
  double price_per_core_hour = 0, price_per_node_hour = 0, price_per_gpu_hour = 0,
         price_per_kwh = 0, kg_co2_per_kwh = 0;
};

struct RunSpec {
  std::string objective = "eval/loss";
  std::optional<bool> greater_is_better;
  ModelSpec model;
  DataSpec data;
  TrainSpec train;
  LoraSpec lora;
  GenerationSpec generation;
  ParallelSpec parallel;
  CheckpointSpec checkpoint;
  CostSpec cost;
};

}  // namespace temper
