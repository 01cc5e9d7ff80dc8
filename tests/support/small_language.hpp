// A decoder that fits into a test, with documents of which a part is learned.
#pragma once

#include "support/small_job.hpp"

namespace temper {

// Two layers, tied embeddings, grouped queries: that of tests/oracles/lora_twenty_steps.py.
inline ModelShape tiny_llama() {
  const Json config = {{"model_type", "llama"},
                       {"architectures", {"LlamaForCausalLM"}},
                       {"hidden_size", 64},
                       {"intermediate_size", 96},
                       {"num_hidden_layers", 2},
                       {"num_attention_heads", 4},
                       {"num_key_value_heads", 2},
                       {"vocab_size", 97},
                       {"max_position_embeddings", 40},
                       {"rms_norm_eps", 1e-5},
                       {"hidden_act", "silu"},
                       {"tie_word_embeddings", true}};
  return value_or_throw(model_shape_of_config(config, "config.json"));
}

// The first tokens of a document are given, the others learned. Some documents have none of these.
class LanguageSplit : public FormulaSplit {
 public:
  using FormulaSplit::FormulaSplit;
  void read_marks(std::int64_t document, std::uint8_t* out) const override {
    for (std::int64_t p = 0; p < length(document); ++p)
      out[p] = p >= 2 + document % 3 ? std::uint8_t(kTrained) : std::uint8_t(0);
  }
  void read_token_labels(std::int64_t document, std::int32_t* out) const override {
    for (std::int64_t p = 0; p < length(document); ++p)
      out[p] = p % 3 == 1 ? -100 : std::int32_t((document + p) % 5);
  }
  std::int64_t trained_bytes(std::int64_t document) const override { return 3 * length(document); }
  std::int32_t mask_token() const override { return 4; }
  std::int64_t vocabulary() const override { return 97; }
};

inline RunSpec language_spec(const std::string& precision, int ranks, const std::string& type) {
  RunSpec spec = small_spec(precision, ranks);
  spec.model.task = "causal-lm";
  spec.train.stage = "clm";
  spec.train.finetuning_type = type;
  spec.train.learning_rate = 1e-3;
  spec.lora.r = 4;
  return spec;
}

}  // namespace temper
