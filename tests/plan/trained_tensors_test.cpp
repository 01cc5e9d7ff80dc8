// What is trained, how fast, and what it costs: on a Llama of three layers.
#include "plan/trained_tensors.hpp"

#include <gtest/gtest.h>

#include <set>

#include "plan/estimates.hpp"
#include "plan/lora_plan.hpp"
#include "plan/plan_parts.hpp"

namespace temper {

namespace {

ModelShape tiny_llama(bool tied = true) {
  const Json config = {{"model_type", "llama"},
                       {"architectures", {"LlamaForCausalLM"}},
                       {"hidden_size", 32},
                       {"intermediate_size", 48},
                       {"num_hidden_layers", 3},
                       {"num_attention_heads", 4},
                       {"num_key_value_heads", 2},
                       {"vocab_size", 101},
                       {"max_position_embeddings", 64},
                       {"rms_norm_eps", 1e-5},
                       {"hidden_act", "silu"},
                       {"tie_word_embeddings", tied}};
  return value_or_throw(model_shape_of_config(config, "config.json"));
}

struct Marked {
  std::vector<LogicalTensor> tensors;
  Problems problems;

  Marked(const std::string& type, const std::vector<std::string>& patterns = {},
         const ModelShape& shape = tiny_llama(), double decay = 1) {
    RunSpec spec;
    spec.train.finetuning_type = type;
    spec.train.layerwise_lr_decay = decay;
    (type == "lora" ? spec.lora.modules_to_save : spec.train.freeze) = patterns;
    tensors = logical_tensors(shape);
    if (type == "lora") {
      spec.lora.target_modules = {"layers.1.self_attn.q_proj"};
      tensors = value_or_throw(lora_tensors(shape, tensors, spec.lora));
    }
    mark_trained(spec, shape, tensors, problems);
  }
  std::set<std::string> trained() const {
    std::set<std::string> roles;
    for (const LogicalTensor& tensor : tensors)
      if (tensor.trained) roles.insert(tensor.role);
    return roles;
  }
};

RunSpec language_spec() {
  RunSpec spec;
  spec.model.task = "causal-lm";
  spec.train.stage = "clm";
  spec.data.train_file = {"train.txt"};
  spec.data.max_length = 32;
  spec.checkpoint.load_best_model_at_end = false;
  return spec;
}

const DataFacts kFacts{.documents = 64, .tokens = 64 * 20, .longest = 30, .context = 21};

JobPlan planned(const RunSpec& spec, const ModelShape& shape = tiny_llama()) {
  return value_or_throw(plan_job(spec, shape, kFacts, {.cores = 1}));
}

// Weights of the products of one block: q, k, v, out, and gate, up, down.
constexpr double kBlock = 32 * (32 + 16 + 16 + 32) + 3 * 32 * 48;
// Forward in attention: half of what a bidirectional mask would take.
constexpr double kAttention = 4 * 32 * (21 + 1) / 2.0;

}  // namespace

TEST(TrainedTensors, full_trains_everything_and_head_the_head) {
  EXPECT_EQ(Marked("full").trained().size(), Marked("full").tensors.size());
  const Marked head("head", {}, value_or_throw(with_task(tiny_llama(), "sequence-classification")));
  EXPECT_TRUE(head.problems.empty()) << to_text(head.problems);
  EXPECT_EQ(head.trained(), std::set<std::string>{"head.out.weight"});
  EXPECT_EQ(Marked("head", {}, tiny_llama(false)).trained(),
            std::set<std::string>{"head.out.weight"});
  const std::string tied = to_text(Marked("head").problems);
  EXPECT_NE(tied.find("leaves nothing to train (the model's output matrix is its word embedding)"),
            std::string::npos)
      << tied;
}

TEST(TrainedTensors, lora_trains_adapters_saved_modules_and_the_heads_of_classes) {
  const std::set<std::string> adapters{"block.1.attn.q.lora_a", "block.1.attn.q.lora_b"};
  EXPECT_EQ(Marked("lora").trained(), adapters);
  std::set<std::string> saved = adapters, classes = adapters;
  saved.insert("embed.words.weight"), classes.insert("head.out.weight");
  EXPECT_EQ(Marked("lora", {"embed_tokens"}).trained(), saved);
  EXPECT_EQ(Marked("lora", {}, value_or_throw(with_task(tiny_llama(), "sequence-classification")))
                .trained(),
            classes);
}

TEST(TrainedTensors, freeze_takes_paths_roles_stars_and_exceptions_in_order) {
  const auto frozen = [](const std::vector<std::string>& patterns) {
    const Marked marked("freeze", patterns);
    EXPECT_TRUE(marked.problems.empty()) << to_text(marked.problems);
    std::set<std::string> roles;
    for (const LogicalTensor& tensor : marked.tensors)
      if (!tensor.trained) roles.insert(tensor.role);
    return roles;
  };
  EXPECT_EQ(frozen({"embed_tokens"}), std::set<std::string>{"embed.words.weight"});
  EXPECT_EQ(frozen({"layers.0"}), frozen({"block.0"}));
  EXPECT_EQ(frozen({"layers.0"}).size(), 9u);
  EXPECT_EQ(frozen({"layers.*", "!layers.2"}).size(), 18u);
  EXPECT_EQ(frozen({"*norm.weight"}).size(), 7u);
  EXPECT_EQ(frozen({"block.?.mlp"}).size(), 9u);
}

TEST(TrainedTensors, a_pattern_without_tensors_and_half_a_product_are_refused) {
  EXPECT_NE(to_text(Marked("freeze", {"layer.0"}).problems).find("Did you mean \"layers.0\"?"),
            std::string::npos);
  EXPECT_NE(to_text(Marked("freeze", {"*.k_proj"}).problems)
                .find("one product computes attn.q, attn.k, attn.v"),
            std::string::npos);
  EXPECT_NE(to_text(Marked("freeze", {"*"}).problems).find("leaves nothing to train"),
            std::string::npos);
}

TEST(TrainedTensors, a_layer_learns_by_its_distance_from_the_last) {
  for (const LogicalTensor& tensor : Marked("full", {}, tiny_llama(), 0.5).tensors) {
    const double wanted = tensor.unit == 0  ? 0.125
                          : tensor.unit > 3 ? 1
                                            : 0.125 * (1 << tensor.unit);
    EXPECT_EQ(tensor.lr_scale, wanted) << tensor.role;
  }
}

TEST(PlanUnits, what_is_frozen_of_a_unit_is_a_unit_of_its_own) {
  RunSpec spec = language_spec();
  spec.train.finetuning_type = "freeze";
  spec.train.freeze = {"embed_tokens", "layers.0", "layers.1.mlp"};
  const JobPlan plan = planned(spec);
  std::vector<std::string> names;
  std::set<int> seen;
  for (const UnitLayout& unit : plan.units) {
    names.push_back(unit.name);
    for (const TensorSlot& slot : unit.slots) {
      EXPECT_TRUE(seen.insert(slot.tensor).second);
      EXPECT_EQ(plan.tensors[std::size_t(slot.tensor)].trained, unit.trained) << unit.name;
    }
  }
  EXPECT_EQ(seen.size(), plan.tensors.size());
  EXPECT_EQ(names, (std::vector<std::string>{"embeddings.frozen", "block.0.frozen", "block.1",
                                             "block.1.frozen", "block.2", "head"}));
}

TEST(PlanUnits, frozen_parts_survive_the_file_of_a_plan) {
  RunSpec spec = language_spec();
  spec.train.finetuning_type = "freeze";
  spec.train.freeze = {"layers.0"};
  spec.train.layerwise_lr_decay = 0.9;
  const JobPlan plan = planned(spec);
  const JobPlan back = value_or_throw(job_plan_from_json(to_json(plan)));
  EXPECT_EQ(back.tensors, plan.tensors);
  EXPECT_EQ(digest_of(back), digest_of(plan));
}

TEST(Estimates, a_frozen_part_is_its_weights_alone) {
  RunSpec spec = language_spec();
  spec.train.precision = "bf16";
  spec.train.finetuning_type = "freeze";
  spec.train.freeze = {"embed_tokens", "layers.0", "layers.1"};
  const JobPlan plan = planned(spec);
  std::int64_t all = 0, trained = 0;
  for (const UnitLayout& unit : plan.units) {
    all += unit.length;
    if (unit.trained) trained += unit.length;
  }
  EXPECT_LT(trained, all / 2);
  EXPECT_EQ(plan.memory[0].bytes, 2 * all);
  EXPECT_EQ(plan.memory[1].bytes, 4 * trained);
  EXPECT_EQ(plan.memory[2].bytes, 10 * trained);
}

TEST(Estimates, flops_follow_what_is_trained_and_where_gradients_pass) {
  RunSpec spec = language_spec();
  const double head = 101 * 32;
  EXPECT_DOUBLE_EQ(planned(spec).flops_per_token, 3 * (6 * kBlock + 3 * kAttention) + 6 * head);
  spec.train.finetuning_type = "freeze";
  spec.train.freeze = {"embed_tokens", "layers.0"};
  // The head's matrix is the frozen embedding: its input's gradient, not its own.
  EXPECT_DOUBLE_EQ(planned(spec).flops_per_token,
                   2 * kBlock + kAttention + 2 * (6 * kBlock + 3 * kAttention) + 4 * head);
}

TEST(Estimates, a_base_under_adapters_costs_four_for_each_weight) {
  RunSpec spec = language_spec();
  spec.train.finetuning_type = "lora";
  spec.lora.r = 4;
  const JobPlan plan = planned(spec);
  // A and B of q, k, v, out, gate, up, down.
  const double adapters = 4 * (2 * (32 + 32) + 2 * (32 + 16) + 3 * (32 + 48.0));
  EXPECT_DOUBLE_EQ(plan.flops_per_token,
                   3 * (4 * kBlock + 6 * adapters + 3 * kAttention) + 4 * 101 * 32);
  for (const UnitLayout& unit : plan.units)
    EXPECT_EQ(unit.trained, unit.name.starts_with("block.") && !unit.name.ends_with(".frozen"))
        << unit.name;
}

TEST(Estimates, checkpointing_keeps_inputs_and_takes_a_forward_more) {
  RunSpec spec = language_spec();
  const auto activations = [&] { return planned(spec).memory[3].bytes; };
  const std::int64_t all = activations();
  const double seconds = planned(spec).expected_seconds;
  spec.train.gradient_checkpointing = "selective";
  const std::int64_t selective = activations();
  spec.train.gradient_checkpointing = "blocks";
  const std::int64_t inputs = activations();
  EXPECT_GT(planned(spec).expected_seconds, seconds);
  spec.train.gradient_checkpointing_every = 2;
  EXPECT_LT(inputs, activations());
  EXPECT_LT(inputs, selective);
  EXPECT_LT(selective, all);
  EXPECT_LT(activations(), all);
}

TEST(Estimates, a_language_head_holds_one_chunk_of_logits) {
  RunSpec spec = language_spec();
  spec.train.per_device_train_batch_size = 1000;
  EXPECT_EQ(planned(spec).memory[4].bytes, 512 * 101 * 8);
}

TEST(Estimates, too_large_activations_are_met_with_checkpointing) {
  const Checked<JobPlan> plan =
      plan_job(language_spec(), tiny_llama(), kFacts, {.cores = 1, .memory_bytes = 1 << 18});
  EXPECT_TRUE(nothing_fits(plan.problems()));
  EXPECT_NE(to_text(plan.problems()).find("train.gradient_checkpointing = true"), std::string::npos)
      << to_text(plan.problems());
}

}  // namespace temper
