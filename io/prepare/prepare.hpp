// From a recipe to the rows of a token store: read, clean, tokenize, find duplicates, split, number
// the classes, and say what was done. The answer does not depend on the number of ranks.
//
//   const Prepared prepared = prepare_rows(world, recipe, tokenizer, ProgressSink::machine_lines);
//   write_token_store(world, temporary, prepared.card, prepared.columns);
#pragma once

#include <vector>

#include "core/progress.hpp"
#include "io/prepare/documents.hpp"
#include "io/prepare/recipe.hpp"
#include "io/token_store_writer.hpp"
#include "mpi/group.hpp"
#include "plan/store_card.hpp"
#include "text/tokenizer.hpp"

namespace temper {

struct Prepared {
  StoreCard card;
  std::vector<SplitColumns> columns;  // this rank's rows, for each split of the card
  std::vector<TextColumn> words;      // their lower-case words; of a classification
};

// Collective over: world. Throws AgreedFailure with everything the user has to mend: bad rows above
// data.max_bad_rows, empty splits, labels that clash, a file that changed since the recipe.
Prepared prepare_rows(const Group& world, const Recipe& recipe, const Tokenizer& tokenizer,
                      ProgressSink sink);

}  // namespace temper
