// Rows with the same text, wherever they are: each text's rows meet on the rank that its key names,
// which answers for each row. The answers do not depend on the number of ranks.
#pragma once

#include <cstdint>
#include <vector>

#include "io/prepare/documents.hpp"
#include "mpi/group.hpp"

namespace temper {

struct DuplicateAnswer {
  std::int64_t first_line = 0;  // of the first row of this split with this text
  std::uint32_t first_file = 0;
  std::uint8_t repeats = 0;          // 1: this is not that first row
  std::uint8_t conflict = 0;         // 1: the same text stands elsewhere with another label
  std::uint8_t begins_conflict = 0;  // 1: and this is the first such row of all splits
  std::uint8_t splits = 0;           // bit s: split s holds a row with the same words
  std::uint8_t first_split = 0;      // that of the first row with the same words, by file and line
  std::uint8_t group_splits = 0;     // bit s: split s holds a row of the same group
};

// One answer for each document. Collective over: world.
std::vector<DuplicateAnswer> find_duplicates(const Group& world, const Documents& documents);

}  // namespace temper
