// Tokens that are found in the text before anything else happens to it, such as [MASK].
//
//   const AddedTokens added = read_added_tokens(root, vocabulary);
//   added.raw().find("a [MASK] b", matches)      // id 103 at bytes 2 to 8
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer/json_fields.hpp"
#include "text/tokenizer/words/vocabulary.hpp"

namespace temper {

struct AddedToken {
  std::int32_t id;
  std::string content;
  bool single_word, lstrip, rstrip, normalized, special;
};

struct TokenMatch {
  std::size_t begin, end;  // with the white space that lstrip and rstrip take
  std::int32_t id;
};

// Finds one set of contents: the leftmost match, the longest one there.
class TokenFinder {
 public:
  // The content of `token` is looked for as `content`, which may be its normalised form.
  void insert(const AddedToken& token, const std::string& content);
  // After the last insert.
  void sort();
  bool is_empty() const { return contents_.empty(); }
  // Whether bytes [begin, end) of the text may belong to a match.
  using Allows = std::function<bool(std::size_t begin, std::size_t end)>;
  // Replaces `matches`, which are in order and apart. What `allows` refuses is no match, and no
  // white space for one.
  void find(std::string_view text, std::vector<TokenMatch>& matches,
            const Allows* allows = nullptr) const;

 private:
  struct Content {
    std::string bytes;
    AddedToken token;
  };
  const Content* match_at(std::string_view text, std::size_t at, const Allows* allows) const;

  std::vector<Content> contents_;   // sorted by first byte, then longest first
  std::uint32_t begins_[257] = {};  // of the contents with that first byte
  int only_first_byte_ = -1;        // when all begin alike
};

class AddedTokens {
 public:
  const TokenFinder& raw() const { return raw_; }
  const TokenFinder& normalized() const { return normalized_; }
  const std::vector<AddedToken>& all() const { return all_; }
  bool is_special(std::int32_t id) const;
  bool is_added(std::int32_t id) const {
    return id >= 0 && std::size_t(id) < added_.size() && added_[std::size_t(id)];
  }
  const std::vector<bool>& special_ids() const { return special_; }  // by id; the rest is not
  // What tokens with `normalized` read as: their normalised content. Null for other ids.
  const std::string* shown(std::int32_t id) const;

  using Normalize = std::function<std::string(const std::string&)>;
  // Of the file's root object; tokens that the vocabulary lacks are added to it. Throws BadInput.
  AddedTokens(const JsonFields& root, const Normalize& normalize, Vocabulary& vocabulary);

 private:
  std::vector<AddedToken> all_;
  std::vector<bool> special_, added_;  // by id
  TokenFinder raw_, normalized_;
  std::map<std::int32_t, std::string> shown_;
};

}  // namespace temper
