// From the JSON of a BPE to its tables.
#include <algorithm>
#include <bit>
#include <utility>

#include "text/tokenizer/words/bpe.hpp"
#include "text/tokenizer/words/byte_level.hpp"

namespace temper {

namespace {

// In the bytes of words: a character of the byte-level alphabet stands for one.
std::uint32_t length_of(std::string_view token, bool takes_bytes) {
  if (!takes_bytes) return std::uint32_t(token.size());
  return std::uint32_t(std::count_if(token.begin(), token.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  }));
}

}  // namespace

Bpe::Bpe(const JsonFields& model, const Vocabulary& vocabulary, bool takes_bytes)
    : prefix_(model.maybe_text("continuing_subword_prefix").value_or("")),
      suffix_(model.maybe_text("end_of_word_suffix").value_or("")),
      takes_bytes_(takes_bytes),
      fuse_unknown_(model.boolean("fuse_unk", false)),
      byte_fallback_(model.boolean("byte_fallback", false)),
      ignore_merges_(model.boolean("ignore_merges", false)) {
  if (model.has("dropout") && model.value()["dropout"] != 0.0)
    model.fail("dropout", "merge dropout is not supported yet", "ids would be random",
               "Set it to null?");
  if (takes_bytes_ && (byte_fallback_ || !prefix_.empty() || !suffix_.empty()))
    model.fail("",
               "byte_fallback, continuing_subword_prefix and end_of_word_suffix are not "
               "supported yet with ByteLevel");
  if (const auto unknown = model.maybe_text("unk_token")) {
    unknown_ = vocabulary.find(*unknown);
    if (unknown_ < 0 && !unknown->empty())
      model.fail("unk_token", "\"" + *unknown + "\" is not in the vocabulary");
  }
  std::string character;
  for (unsigned byte = 0; byte < 256; ++byte) {
    character.clear();
    append_utf8(byte_to_character(static_cast<unsigned char>(byte)), character);
    byte_ids_[byte] = vocabulary.find(character);
    fallback_ids_[byte] = vocabulary.find(fallback_token(static_cast<unsigned char>(byte)));
  }
  for (std::size_t id = 0; id < vocabulary.tokens().size(); ++id) {
    const std::string* token = vocabulary.tokens()[id];
    token_bytes_.push_back(token == nullptr ? 0 : length_of(*token, takes_bytes_));
    if (token == nullptr || (takes_bytes_ && !ignore_merges_)) continue;
    std::string bytes;
    if (!takes_bytes_) {
      whole_.insert(*token, std::int32_t(id));
    } else if (append_bytes_of(*token, bytes)) {
      whole_.insert(bytes, std::int32_t(id));
    }
  }
  covers_bytes_ = takes_bytes_ && std::all_of(byte_ids_.begin(), byte_ids_.end(),
                                              [](std::int32_t id) { return id >= 0; });
  read_merges(model, vocabulary);
  find_mark(model);
}

namespace {

std::pair<std::string, std::string> parts_of_merge(const JsonFields& entry) {
  const auto& value = entry.value();
  if (value.is_array() && value.size() == 2 && value[0].is_string() && value[1].is_string())
    return {value[0].get<std::string>(), value[1].get<std::string>()};
  const std::string both = entry.as_text();
  const std::size_t space = both.find(' ');
  if (space == std::string::npos || both.find(' ', space + 1) != std::string::npos)
    entry.fail("", "a merge is a pair of strings, or one string with one space");
  return {both.substr(0, space), both.substr(space + 1)};
}

}  // namespace

void Bpe::read_merges(const JsonFields& model, const Vocabulary& vocabulary) {
  const std::vector<JsonFields> merges = model.array("merges");
  slots_.resize(std::bit_ceil(std::max<std::size_t>(2 * merges.size(), 16)));
  for (std::size_t rank = 0; rank < merges.size(); ++rank) {
    const JsonFields& entry = merges[rank];
    const auto [left, right] = parts_of_merge(entry);
    if (right.size() < prefix_.size()) entry.fail("", "the right part lacks the prefix");
    const std::string merged = left + right.substr(prefix_.size());
    for (const std::string& token : {left, right, merged})
      if (vocabulary.find(token) < 0) entry.fail("", "\"" + token + "\" is not in the vocabulary");
    insert(vocabulary.find(left), vocabulary.find(right),
           {std::uint32_t(rank), vocabulary.find(merged)});
  }
}

void Bpe::insert(std::int32_t left, std::int32_t right, Merge merge) {
  const std::uint64_t pair = std::uint64_t(std::uint32_t(left)) << 32 | std::uint32_t(right);
  std::size_t i = place_of(pair);
  while (slots_[i].pair != UINT64_MAX && slots_[i].pair != pair) i = (i + 1) & (slots_.size() - 1);
  slots_[i] = {pair, merge};  // the last one of equal pairs counts
}

void Bpe::find_mark(const JsonFields& model) {
  if (takes_bytes_ || ignore_merges_ || !prefix_.empty() || !suffix_.empty()) return;
  constexpr std::string_view mark = "\u2581";
  if (whole_.find(mark) < 0) return;
  for (const JsonFields& entry : model.array("merges")) {
    const auto [left, right] = parts_of_merge(entry);
    if (right.starts_with(mark) && !left.ends_with(mark)) return;
  }
  mark_ = U'\u2581';
}

}  // namespace temper
