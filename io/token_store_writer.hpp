// Writes a token store with all ranks: rank 0 creates the file and says where each array lies,
// every rank writes its rows there.
//
//   write_token_store(world, temporary, card, columns);   // columns: one for each split of the
//   card if (world.rank() == 0) commit_file(temporary, path);
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "mpi/group.hpp"
#include "plan/store_card.hpp"

namespace temper {

// This rank's documents of one split. The split is the documents of rank 0, then of rank 1, ...
struct SplitColumns {
  std::vector<std::uint32_t> tokens;   // of all documents, end to end
  std::vector<std::uint32_t> lengths;  // of each
  std::vector<std::uint8_t> types;     // as tokens; empty when there are no text pairs
  // What is there depends on the task: classes or values of documents, marks of tokens (language
  // models) or their classes.
  std::vector<std::int32_t> labels;
  std::vector<double> values;
  std::vector<std::uint8_t> marks;           // as tokens
  std::vector<std::int32_t> token_labels;    // as tokens
  std::vector<std::uint32_t> trained_bytes;  // of each document
  std::vector<std::uint32_t> pieces;         // of each, where rows are cut into pieces
  std::vector<std::uint32_t> files;
  std::vector<std::uint64_t> lines;
  std::string ids;  // end to end; empty without an id column
  std::vector<std::uint32_t> id_lengths;
  std::int64_t documents() const { return std::int64_t(lengths.size()); }
};

// Writes and syncs `path` (a temporary that must not exist). Collective over: world. Throws
// AgreedFailure (74, with the system's words) on every rank; then the file is gone.
void write_token_store(const Group& world, const std::filesystem::path& path, const StoreCard& card,
                       const std::vector<SplitColumns>& mine);

}  // namespace temper
