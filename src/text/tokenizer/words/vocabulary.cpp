#include "text/tokenizer/words/vocabulary.hpp"

#include "text/tokenizer/unicode.hpp"

namespace temper {

const std::string& Vocabulary::token(std::int32_t id) const {
  static const std::string none;
  const bool known = id >= 0 && std::size_t(id) < tokens_.size() && tokens_[std::size_t(id)];
  return known ? *tokens_[std::size_t(id)] : none;
}

bool Vocabulary::insert(const std::string& token, std::int32_t id) {
  if (tokens_.size() <= std::size_t(id)) tokens_.resize(std::size_t(id) + 1);
  const std::string*& place = tokens_[std::size_t(id)];
  if (place != nullptr) return *place == token;
  const auto [entry, is_new] = ids_.try_emplace(token, id);
  if (!is_new) return false;
  place = &entry->first;
  return true;
}

std::string fallback_token(unsigned char byte) {
  constexpr char digits[] = "0123456789ABCDEF";
  return std::string("<0x") + digits[byte >> 4] + digits[byte & 15] + ">";
}

Vocabulary read_vocabulary(const JsonFields& model) {
  const JsonFields object = model.object("vocab");
  if (object.value().empty()) object.fail("", "no tokens");
  Vocabulary vocabulary;
  for (const auto& [token, value] : object.value().items()) {
    if (find_invalid_utf8(token)) object.fail("", "a token is invalid UTF-8");
    const std::string key = "[" + nlohmann::json(token).dump() + "]";
    if (!value.is_number_integer() || value < 0 || value > kLargestTokenId)
      object.fail(key, value.dump().substr(0, 40) + " is no token id",
                  "ids go from 0 to " + std::to_string(kLargestTokenId));
    const auto id = value.get<std::int32_t>();
    if (!vocabulary.insert(token, id))
      object.fail(key, "the id " + std::to_string(id) + " is taken",
                  "\"" + vocabulary.token(id) + "\" has it");
  }
  return vocabulary;
}

}  // namespace temper
