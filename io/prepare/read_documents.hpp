// From files to documents: each rank reads, cleans and tokenizes its share of the bytes.
#pragma once

#include "core/progress.hpp"
#include "io/prepare/documents.hpp"
#include "io/prepare/recipe.hpp"
#include "io/prepare/report.hpp"
#include "mpi/group.hpp"
#include "text/tokenizer.hpp"

namespace temper {

// This rank's documents; counts and samples go to `report`. Rank 0 shows the progress of all.
// Collective over: world. Throws
// AgreedFailure: unreadable files, missing columns, a token id beyond the model's vocabulary.
Documents read_documents(const Group& world, const Recipe& recipe, const Tokenizer& tokenizer,
                         ProgressSink sink, PrepareReport& report);

// A document of the report: "train.jsonl:17".
std::string place_of(const Recipe& recipe, std::uint32_t file, std::int64_t line);

// What drops a document of more than max_length tokens, or "" where such are cut: a step of the
// recipe, or data.truncation.
std::string token_bound_step(const Recipe& recipe);

}  // namespace temper
