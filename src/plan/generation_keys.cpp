#include "plan/generation_keys.hpp"

#include "plan/bind_key.hpp"

namespace temper {

std::vector<RunSpecKey> generation_keys() {
  const std::string hf = "GenerationConfig", temper = "Temper";
  return {
      bind_key("generation.max_samples", TEMPER_MEMBER(generation.max_samples),
               "prompts of the eval split that the result answers; 0: none", temper,
               {{}, kNotNegative}),
      bind_key("generation.max_new_tokens", TEMPER_MEMBER(generation.max_new_tokens),
               "tokens of an answer at most", hf, {{}, kCount}),
      bind_key("generation.batch_size", TEMPER_MEMBER(generation.batch_size),
               "sequences that are generated at once", temper, {{}, kCount, false}),
      bind_key("generation.do_sample", TEMPER_MEMBER(generation.do_sample),
               "draw tokens instead of taking the likeliest", hf),
      bind_key("generation.temperature", TEMPER_MEMBER(generation.temperature),
               "divides the logits before a draw", hf, {{}, kPositive}),
      bind_key("generation.top_k", TEMPER_MEMBER(generation.top_k),
               "draw from the k likeliest tokens; 0: all", hf, {{}, kNotNegative}),
      bind_key("generation.top_p", TEMPER_MEMBER(generation.top_p),
               "draw from the likeliest tokens that reach this share", hf, {{}, kShare}),
      bind_key("generation.repetition_penalty", TEMPER_MEMBER(generation.repetition_penalty),
               "divides positive and multiplies negative logits of tokens seen", hf,
               {{}, kPositive}),
      bind_key("generation.stop_strings", TEMPER_MEMBER(generation.stop_strings),
               "an answer ends where one of these appears; it is left out", hf),
  };
}

void check_generation(const RunSpec& spec, Problems& problems) {
  const GenerationSpec& g = spec.generation;
  if (g.max_samples > 0 && spec.train.stage != "sft")
    problems.push_back({"generation.max_samples", "is for train.stage = \"sft\"",
                        "other rows have no prompt and answer", "Leave it out."});
  const GenerationSpec usual;
  const bool draws =
      g.temperature != usual.temperature || g.top_k != usual.top_k || g.top_p != usual.top_p;
  if (draws && !g.do_sample)
    problems.push_back({"generation.do_sample",
                        "is false, but temperature, top_k or top_p is given",
                        "the likeliest token is the same whatever they are",
                        "Set it to true, or leave them out."});
}

}  // namespace temper
