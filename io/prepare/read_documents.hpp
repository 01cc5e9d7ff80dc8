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

}  // namespace temper
