// The `post_processor` of tokenizer.json: the special tokens around one text or two, as a list.
//
//   template of BERT for one text: [CLS] $A [SEP]  ->  {{101}, type 0}, {first, type 0}, {{102}, 0}
#pragma once

#include <cstdint>
#include <vector>

#include "text/tokenizer/json_fields.hpp"
#include "text/tokenizer/words/vocabulary.hpp"

namespace temper {

enum class PostPart { first, second, special };

struct PostPiece {
  PostPart part;
  std::uint8_t type = 0;
  std::vector<std::int32_t> ids = {};  // special
};

struct PostProcessor {
  std::vector<PostPiece> single{{PostPart::first, 0}};
  std::vector<PostPiece> pair{{PostPart::first, 0}, {PostPart::second, 1}};
};

// How many special tokens the pieces add.
std::int64_t count_special(const std::vector<PostPiece>& pieces);

// Of the file's root object. Throws BadInput.
PostProcessor read_post_processor(const JsonFields& root, const Vocabulary& vocabulary);

}  // namespace temper
