// Where things lie in a token store. For each split `s`:
//   s/tokens    u16 or u32 [T]   documents end to end; u16 where the vocabulary fits
//   s/offsets   u64 [n + 1]      document d is tokens [offsets[d], offsets[d + 1])
//   s/types     u8  [T]          type ids, of text pairs
//   s/labels    i32 [n]          class numbers; of a regression s/values f64 [n]
//   s/marks     u8  [T]          TokenMarks, of language models
//   s/token_labels i32 [T]       class numbers or -100, of token classification
//   s/trained_bytes u32 [n]      of language models
//   s/pieces    u32 [n]          which piece of its row a document is, from 0, where rows are cut
//   s/files     u32 [n]          index into the card's `cleaning.files`
//   s/lines     u64 [n]          line of that file
//   s/id_ends   u64 [n], s/ids u8: texts of the id column end to end
// `card` u8 is the card as JSON. `crc32c/NAME` u32 holds a CRC-32C for each 4 MiB of every other
// array, and `content_sha256` u8 [64] is the SHA-256 of all those tables in the order of names.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/store/hdf5_file.hpp"

namespace temper {

inline constexpr const char* kStoreFormat = "temper-store/1";
inline constexpr std::int64_t kStoreBlockBytes = 4 << 20;
inline constexpr const char* kStoreHash = "content_sha256";
inline constexpr const char* kStoreCrc = "crc32c/";

inline std::int64_t block_count(const StoredArray& array) {
  return (array.bytes() + kStoreBlockBytes - 1) / kStoreBlockBytes;
}

}  // namespace temper
