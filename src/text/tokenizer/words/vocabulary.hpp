// The tokens of a model with their ids, both ways.
//
//   const Vocabulary vocabulary = read_vocabulary(model_fields);    // {"hello": 7592, ...}
//   vocabulary.find("hello");                                       // 7592
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/tokenizer/json_fields.hpp"

namespace temper {

// Ids above this are taken for damage: tables are as long as the largest id.
constexpr std::int64_t kLargestTokenId = (1 << 24) - 1;

class Vocabulary {
 public:
  // -1 when there is none.
  std::int32_t find(std::string_view token) const {
    const auto found = ids_.find(token);
    return found == ids_.end() ? -1 : found->second;
  }
  // "" when there is none.
  const std::string& token(std::int32_t id) const;
  // One more than the largest id.
  std::int64_t size() const { return std::int64_t(tokens_.size()); }
  // False when another token has that id, or the token another id.
  bool insert(const std::string& token, std::int32_t id);
  const std::vector<const std::string*>& tokens() const { return tokens_; }  // null: a gap

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  std::unordered_map<std::string, std::int32_t, Hash, std::equal_to<>> ids_;
  std::vector<const std::string*> tokens_;  // keys of ids_, which stay where they are
};

// "<0x0A>": the token that stands for a byte in vocabularies with byte_fallback.
std::string fallback_token(unsigned char byte);

// The object `vocab` of `model`.
Vocabulary read_vocabulary(const JsonFields& model);

}  // namespace temper
