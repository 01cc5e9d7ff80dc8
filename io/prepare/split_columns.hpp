// From the documents that stay to the columns of a store's splits, and what those hold.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/prepare/documents.hpp"
#include "io/prepare/recipe.hpp"
#include "io/token_store_writer.hpp"
#include "mpi/group.hpp"
#include "plan/store_card.hpp"

namespace temper {

// The class number of each of this rank's labels (-1: of dropped rows alone); `names` receives the
// classes. Collective over: world. Throws AgreedFailure.
std::vector<std::int32_t> number_classes(const Group& world, const Recipe& recipe,
                                         const Documents& documents,
                                         std::vector<std::string>& names);

// Moves the documents that stay into the columns of their splits (`slots`: by number of split), and
// the words of classifications into `words`. The number of rows they came from. Local.
std::int64_t take_columns(const Documents& documents, const std::vector<int>& slots,
                          const std::vector<std::int32_t>& numbers,
                          std::vector<SplitColumns>& columns, std::vector<TextColumn>& words);

// `causal`: the first token of a document is predicted by none. Collective over: world.
void count_split(const Group& world, const SplitColumns& columns, std::size_t classes, bool causal,
                 StoreCard::Split& split);

}  // namespace temper
