#include "text/tokenizer/bpe.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "text/tokenizer/byte_level.hpp"

namespace temper {

namespace {

// From this many symbols on a heap beats looking at all pairs for each merge.
constexpr std::size_t kLongWord = 48;

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

std::size_t Bpe::place_of(std::uint64_t pair) const {
  return ((pair ^ pair >> 29) * 0x9E3779B97F4A7C15ull >> 24) & (slots_.size() - 1);
}

void Bpe::insert(std::int32_t left, std::int32_t right, Merge merge) {
  const std::uint64_t pair = std::uint64_t(std::uint32_t(left)) << 32 | std::uint32_t(right);
  std::size_t i = place_of(pair);
  while (slots_[i].pair != UINT64_MAX && slots_[i].pair != pair) i = (i + 1) & (slots_.size() - 1);
  slots_[i] = {pair, merge};  // the last one of equal pairs counts
}

Bpe::Merge Bpe::merge_of(std::int32_t left, std::int32_t right) const {
  const std::uint64_t pair = std::uint64_t(std::uint32_t(left)) << 32 | std::uint32_t(right);
  for (std::size_t i = place_of(pair);; i = (i + 1) & (slots_.size() - 1)) {
    if (slots_[i].pair == pair) return slots_[i].merge;
    if (slots_[i].pair == UINT64_MAX) return {};
  }
}

template <class Push>
void Bpe::split_bytes(std::string_view word, Push push) const {
  bool unknown_before = false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const std::int32_t id = byte_ids_[static_cast<unsigned char>(word[i])];
    if (id >= 0) {
      push(id, i, i + 1);
    } else if (unknown_ >= 0 && !(unknown_before && fuse_unknown_)) {
      push(unknown_, i, i + 1);
    }
    unknown_before = id < 0;
  }
}

template <class Push>
void Bpe::split_characters(std::string_view word, Push push) const {
  // Unknown characters wait until a known one comes, as in the reference: bytes that an unknown
  // character falls back to go before them.
  bool is_waiting = false;
  std::size_t waiting_begin = 0, waiting_end = 0;
  const auto flush = [&] {
    if (is_waiting) push(unknown_, waiting_begin, waiting_end);
    is_waiting = false;
  };
  const auto fallback = [&](char byte) { return fallback_ids_[static_cast<unsigned char>(byte)]; };
  std::string decorated;
  for (std::size_t at = 0; at < word.size();) {
    const std::size_t begin = at;
    next_code_point(word, at);
    std::string_view piece = word.substr(begin, at - begin);
    if (!prefix_.empty() || !suffix_.empty()) {
      decorated = (begin > 0 ? prefix_ : "") + std::string(piece);
      if (at == word.size()) decorated += suffix_;
      piece = decorated;
    }
    const std::int32_t id = whole_.find(piece);
    if (id >= 0) {
      flush();
      push(id, begin, at);
    } else if (byte_fallback_ && std::all_of(piece.begin(), piece.end(),
                                             [&](char byte) { return fallback(byte) >= 0; })) {
      for (std::size_t i = 0; i < piece.size(); ++i)
        push(fallback(piece[i]), std::min(begin + i, at - 1), std::min(begin + i + 1, at));
    } else if (unknown_ >= 0) {
      if (!fuse_unknown_) flush();
      if (!is_waiting) waiting_begin = begin;
      is_waiting = true;
      waiting_end = at;
    }
  }
  flush();
}

template <class Push>
void Bpe::split(std::string_view word, Push push) const {
  takes_bytes_ ? split_bytes(word, push) : split_characters(word, push);
}

std::int32_t Bpe::whole_word(std::string_view word) const {
  return ignore_merges_ ? whole_.find(word) : -1;
}

void Bpe::merge(BpeScratch& scratch) const {
  if (scratch.symbols.size() < kLongWord) {
    merge_short(scratch);
  } else {
    merge_long(scratch);
  }
}

void Bpe::append(std::string_view word, BpeScratch& scratch, std::vector<std::int32_t>& ids) const {
  const std::int32_t whole = whole_word(word);
  if (whole >= 0) return ids.push_back(whole);
  std::vector<std::int32_t>& symbols = scratch.symbols;
  symbols.clear();
  split(word, [&](std::int32_t id, std::size_t, std::size_t) { symbols.push_back(id); });
  merge(scratch);
  ids.insert(ids.end(), symbols.begin(), symbols.end());
}

std::size_t Bpe::content_bytes(std::int32_t id, bool is_first) const {
  const std::size_t bytes = token_bytes_[std::size_t(id)];
  return is_first ? bytes : bytes - std::min(bytes, prefix_.size());
}

void Bpe::append_placed(std::string_view word, BpeScratch& scratch, PlacedIds& placed) const {
  const std::int32_t whole = whole_word(word);
  if (whole >= 0 && !placed.is_barred(whole)) return placed.push(whole, 0, word.size());
  scratch.symbols.clear();
  scratch.places.clear();
  split(word, [&](std::int32_t id, std::size_t begin, std::size_t end) {
    scratch.symbols.push_back(id);
    scratch.places.push_back({std::uint32_t(begin), std::uint32_t(end)});
  });
  scratch.first_symbols = scratch.symbols;
  merge(scratch);
  // Merging only joins neighbours, and a joined token is as long as its parts are together.
  std::size_t next = 0;
  const auto take = [&] {
    const std::size_t bytes = content_bytes(scratch.first_symbols[next], next == 0);
    ++next;
    return bytes;
  };
  for (const std::int32_t id : scratch.symbols) {
    const std::size_t first = next, bytes = content_bytes(id, first == 0);
    for (std::size_t done = take(); done < bytes && next < scratch.places.size();) done += take();
    placed.push(id, scratch.places[first].begin, scratch.places[next - 1].end);
  }
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

void Bpe::merge_short(BpeScratch& scratch) const {
  std::vector<std::int32_t>& symbols = scratch.symbols;
  std::vector<Merge>& merges = scratch.merges;  // of symbol i with symbol i + 1
  merges.clear();
  for (std::size_t i = 1; i < symbols.size(); ++i)
    merges.push_back(merge_of(symbols[i - 1], symbols[i]));
  while (!merges.empty()) {
    const auto best = std::min_element(merges.begin(), merges.end(),
                                       [](Merge a, Merge b) { return a.rank < b.rank; });
    if (best->rank == kNoRank) return;
    const std::ptrdiff_t i = best - merges.begin();
    symbols[std::size_t(i)] = best->id;
    symbols.erase(symbols.begin() + i + 1);
    merges.erase(best);
    const auto refresh = [&](std::size_t left) {
      merges[left] = merge_of(symbols[left], symbols[left + 1]);
    };
    if (i > 0) refresh(std::size_t(i) - 1);
    if (std::size_t(i) < merges.size()) refresh(std::size_t(i));
  }
}

void Bpe::merge_long(BpeScratch& scratch) const {
  using Candidate = BpeScratch::Candidate;
  std::vector<BpeScratch::Symbol>& chain = scratch.chain;
  std::vector<Candidate>& heap = scratch.heap;
  const auto later = [](const Candidate& a, const Candidate& b) {
    return a.rank != b.rank ? a.rank > b.rank : a.place > b.place;
  };
  const auto offer = [&](std::int32_t place) {
    const std::int32_t next = place < 0 ? -1 : chain[std::size_t(place)].next;
    if (next < 0) return;
    const Merge merge = merge_of(chain[std::size_t(place)].id, chain[std::size_t(next)].id);
    if (merge.rank == kNoRank) return;
    heap.push_back({merge.rank, place, merge.id});
    std::push_heap(heap.begin(), heap.end(), later);
  };
  chain.clear();
  heap.clear();
  const std::int32_t count = std::int32_t(scratch.symbols.size());
  for (std::int32_t i = 0; i < count; ++i)
    chain.push_back({scratch.symbols[std::size_t(i)], i - 1, i + 1 < count ? i + 1 : -1});
  for (std::int32_t i = 0; i < count; ++i) offer(i);
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), later);
    const Candidate top = heap.back();
    heap.pop_back();
    BpeScratch::Symbol& left = chain[std::size_t(top.place)];
    if (left.id < 0 || left.next < 0) continue;  // joined to its neighbour before
    BpeScratch::Symbol& right = chain[std::size_t(left.next)];
    if (merge_of(left.id, right.id).rank != top.rank) continue;  // the pair has changed
    left.id = top.id;
    left.next = right.next;
    right.id = -1;
    if (left.next >= 0) chain[std::size_t(left.next)].previous = top.place;
    offer(left.previous);
    offer(top.place);
  }
  scratch.symbols.clear();
  for (const BpeScratch::Symbol& symbol : chain)
    if (symbol.id >= 0) scratch.symbols.push_back(symbol.id);
}

}  // namespace temper
