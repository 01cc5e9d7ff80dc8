#include "plan/families/decoder_heads.hpp"

namespace temper {

std::vector<HeadRule> decoder_heads(const std::string& class_name) {
  return {{.task = "causal-lm",
           .architecture = class_name + "ForCausalLM",
           .shape = {.kind = HeadKind::language, .bias = false, .dropout = false},
           .names = {{"head.out", "lm_head"}}},
          {.task = "sequence-classification",
           .architecture = class_name + "ForSequenceClassification",
           .shape = {.kind = HeadKind::sequence, .bias = false, .dropout = false},
           .names = {{"head.out", "score"}},
           .pooling = Pooling::last},
          {.task = "token-classification",
           .architecture = class_name + "ForTokenClassification",
           .shape = {.kind = HeadKind::tokens},
           .names = {{"head.out", "score"}}}};
}

}  // namespace temper
