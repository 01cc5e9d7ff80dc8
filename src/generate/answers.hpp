// Answers of a fine-tuned language model to the prompts of a split, scored against what was to be
// written: exact match, token F1 and ROUGE-L (analysis/text_scores.hpp).
//
//   const Answers answers = answer_split(stage, head, split, rows, tokenizer, spec, dp);
//   answers.metrics;   // {{"exact_match", 0.12}, {"token_f1", 0.4}, {"rouge_l", 0.38}}
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "generate/generator.hpp"
#include "io/document_source.hpp"
#include "mpi/group.hpp"
#include "plan/model_files.hpp"
#include "plan/run_spec.hpp"
#include "text/tokenizer.hpp"

namespace temper {

// What is given and what is to be written: everything before the first trained token, and the run
// of trained tokens that begins there. Empty `reference`: nothing is trained.
struct Question {
  std::vector<std::int32_t> prompt, reference;
};
Question question_of(const DocumentSource& split, std::int64_t document);

// Of the manifest's [generation]; `seed` keys draws. Stop strings are looked for in decoded text.
GenerationOptions generation_options(const GenerationSpec& spec, std::uint64_t seed,
                                     std::vector<std::int32_t> stop_ids,
                                     const Tokenizer& tokenizer);
// An answer as text, cut before the first stop string.
std::string answer_text(const Tokenizer& tokenizer, const std::vector<std::int32_t>& ids,
                        const std::vector<std::string>& stop_strings);
// Ids that end an answer: what the model's files name as eos_token_id, and the tokens by which its
// chat template ends turns (a manifest may name another template).
std::vector<std::int32_t> stop_ids_of(const ModelFiles& files, const std::string& chat_template,
                                      const Tokenizer& tokenizer);

struct Answers {
  std::vector<std::pair<std::string, double>> metrics;  // means over the rows
  std::string lines;  // JSON lines on rank 0: id, prompt, reference, answer, scores
  double seconds = 0;
};

// Rows that train nothing are left out. Each row once on any number of ranks. Collective over: dp.
Answers answer_split(const Stage& stage, const Head& head, const DocumentSource& split,
                     const std::vector<std::int64_t>& rows, const Tokenizer& tokenizer,
                     const GenerationOptions& options, const std::vector<std::string>& stop_strings,
                     const Group& dp);

}  // namespace temper
