#include "text/tokenizer/words/bpe.hpp"

#include <algorithm>

#include "text/tokenizer/unicode.hpp"

namespace temper {

namespace {

// From this many symbols on a heap beats looking at all pairs for each merge.
constexpr std::size_t kLongWord = 48;

}  // namespace

std::size_t Bpe::place_of(std::uint64_t pair) const {
  return ((pair ^ pair >> 29) * 0x9E3779B97F4A7C15ull >> 24) & (slots_.size() - 1);
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
