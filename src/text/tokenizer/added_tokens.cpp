#include "text/tokenizer/added_tokens.hpp"

#include <algorithm>
#include <cstring>

#include "text/tokenizer/unicode.hpp"

namespace temper {

namespace {

constexpr std::size_t kLongestContent = 1024;

bool is_word_at(std::string_view text, std::size_t at) {
  return at < text.size() && is_word(next_code_point(text, at));
}

bool is_word_before(std::string_view text, std::size_t at) {
  return at > 0 && is_word_at(text, previous_start(text, at));
}

std::size_t space_before(std::string_view text, std::size_t at) {
  while (at > 0) {
    const std::size_t start = previous_start(text, at);
    std::size_t after = start;
    if (!is_white_space(next_code_point(text, after))) break;
    at = start;
  }
  return at;
}

std::size_t space_after(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    std::size_t after = at;
    if (!is_white_space(next_code_point(text, after))) break;
    at = after;
  }
  return at;
}

}  // namespace

void TokenFinder::insert(const AddedToken& token, const std::string& content) {
  if (!content.empty()) contents_.push_back({content, token});
}

void TokenFinder::sort() {
  if (contents_.empty()) return;
  std::stable_sort(contents_.begin(), contents_.end(), [](const Content& a, const Content& b) {
    const auto first = [](const Content& c) { return static_cast<unsigned char>(c.bytes[0]); };
    return first(a) != first(b) ? first(a) < first(b) : a.bytes.size() > b.bytes.size();
  });
  std::fill(std::begin(begins_), std::end(begins_), 0u);
  for (const Content& c : contents_) ++begins_[static_cast<unsigned char>(c.bytes[0]) + 1];
  for (std::size_t byte = 0; byte < 256; ++byte) begins_[byte + 1] += begins_[byte];
  const bool alike = contents_.front().bytes[0] == contents_.back().bytes[0];
  only_first_byte_ = alike ? static_cast<unsigned char>(contents_.front().bytes[0]) : -1;
}

const TokenFinder::Content* TokenFinder::match_at(std::string_view text, std::size_t at,
                                                  const Allows* allows) const {
  const auto byte = static_cast<unsigned char>(text[at]);
  for (std::uint32_t i = begins_[byte]; i < begins_[byte + 1]; ++i) {
    const std::string& bytes = contents_[i].bytes;
    if (text.substr(at).starts_with(bytes) && (!allows || (*allows)(at, at + bytes.size())))
      return &contents_[i];
  }
  return nullptr;
}

void TokenFinder::find(std::string_view text, std::vector<TokenMatch>& matches,
                       const Allows* allows) const {
  matches.clear();
  if (is_empty()) return;
  std::size_t done = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (only_first_byte_ >= 0) {
      const void* next = std::memchr(text.data() + at, only_first_byte_, text.size() - at);
      if (next == nullptr) return;
      at = std::size_t(static_cast<const char*>(next) - text.data());
    }
    const Content* content = match_at(text, at, allows);
    if (content == nullptr) {
      ++at;
      continue;
    }
    std::size_t begin = at, end = at + content->bytes.size();
    at = end;
    const AddedToken& token = content->token;
    if (token.single_word && (is_word_before(text, begin) || is_word_at(text, end))) continue;
    const std::size_t word = begin, word_end = end;
    if (token.lstrip) begin = std::max(space_before(text, begin), done);
    if (token.rstrip) end = space_after(text, end);
    while (allows && begin < word && !(*allows)(begin, word)) next_code_point(text, begin);
    while (allows && end > word_end && !(*allows)(word_end, end)) end = previous_start(text, end);
    matches.push_back({std::max(begin, done), std::max(end, done), token.id});
    done = std::max(end, done);
  }
}

bool AddedTokens::is_special(std::int32_t id) const {
  return id >= 0 && std::size_t(id) < special_.size() && special_[std::size_t(id)];
}

const std::string* AddedTokens::shown(std::int32_t id) const {
  const auto found = shown_.find(id);
  return found == shown_.end() ? nullptr : &found->second;
}

AddedTokens::AddedTokens(const JsonFields& root, const Normalize& normalize,
                         Vocabulary& vocabulary) {
  if (!root.has("added_tokens")) return;
  for (const JsonFields& fields : root.array("added_tokens")) {
    AddedToken token;
    token.id = std::int32_t(fields.integer("id", 0, kLargestTokenId));
    token.content = fields.text("content");
    token.single_word = fields.boolean("single_word", false);
    token.lstrip = fields.boolean("lstrip", false);
    token.rstrip = fields.boolean("rstrip", false);
    token.special = fields.boolean("special", false);
    token.normalized = fields.boolean("normalized", !token.special);
    if (token.content.empty() || token.content.size() > kLongestContent)
      fields.fail("content", "it has " + std::to_string(token.content.size()) + " bytes",
                  "1 to " + std::to_string(kLongestContent) + " are allowed");
    if (!vocabulary.insert(token.content, token.id) || vocabulary.find(token.content) != token.id) {
      const std::int32_t other = vocabulary.find(token.content);
      fields.fail("id", std::to_string(token.id) + " does not fit the vocabulary",
                  other >= 0
                      ? "\"" + token.content + "\" has the id " + std::to_string(other) + " there"
                      : "\"" + vocabulary.token(token.id) + "\" has that id there");
    }
    if (special_.size() <= std::size_t(token.id)) special_.resize(std::size_t(token.id) + 1);
    special_[std::size_t(token.id)] = token.special;
    added_.resize(special_.size());
    added_[std::size_t(token.id)] = true;
    if (token.normalized) {
      shown_[token.id] = normalize(token.content);
      normalized_.insert(token, shown_[token.id]);
    } else {
      raw_.insert(token, token.content);
    }
    all_.push_back(std::move(token));
  }
  raw_.sort();
  normalized_.sort();
}

}  // namespace temper
