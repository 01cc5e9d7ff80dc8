// Encoding with the place of each token in the text, and with parts of it in which nothing is an
// added token.
#include "core/contract.hpp"
#include "text/tokenizer/parts.hpp"

namespace temper {

struct Tokenizer::PlacedEncoder {
  const Model& model;
  const std::vector<Extent>& plain;
  Scratch& scratch;
  Encoding& out;
  std::size_t most;  // tokens after which it may stop

  bool is_full() const { return out.ids.size() > most; }

  bool touches_plain(Span source) const {
    auto extent =
        std::upper_bound(plain.begin(), plain.end(), std::int64_t(source.begin),
                         [](std::int64_t place, const Extent& other) { return place < other.end; });
    while (extent != plain.end() && extent->empty()) ++extent;
    return extent != plain.end() && extent->begin < std::int64_t(source.end);
  }

  void push(std::int32_t id, Span source) {
    out.ids.push_back(id);
    out.offsets.push_back({source.begin, source.end});
  }

  void append_text(std::string_view text) {
    const TokenFinder::Allows allows = [&](std::size_t begin, std::size_t end) {
      return !touches_plain({std::uint32_t(begin), std::uint32_t(end)});
    };
    model.added.raw().find(text, scratch.raw_matches, plain.empty() ? nullptr : &allows);
    std::size_t done = 0;
    for (const TokenMatch& match : scratch.raw_matches) {
      if (match.begin > done) append_gap(text, done, match.begin);
      push(match.id, {std::uint32_t(match.begin), std::uint32_t(match.end)});
      done = match.end;
      if (is_full()) return;
    }
    if (done < text.size()) append_gap(text, done, text.size());
  }

  void append_gap(std::string_view whole, std::size_t begin, std::size_t end) {
    Origins& origins = scratch.origins;
    origins.reset(std::uint32_t(begin));
    const std::string_view text = model.normalizer.apply_traced(
        whole.substr(begin, end - begin), scratch.normalizer, scratch.patterns, origins);
    const TokenFinder::Allows allows = [&](std::size_t from, std::size_t to) {
      return !touches_plain(origins.of({std::uint32_t(from), std::uint32_t(to)}));
    };
    model.added.normalized().find(text, scratch.matches, plain.empty() ? nullptr : &allows);
    std::uint32_t done = 0;
    for (const TokenMatch& match : scratch.matches) {
      const Span token{std::uint32_t(match.begin), std::uint32_t(match.end)};
      append_words(text, {done, token.begin}, begin == 0);
      push(match.id, origins.of(token));
      done = token.end;
      if (is_full()) return;
    }
    append_words(text, {done, std::uint32_t(text.size())}, begin == 0);
  }

  void append_words(std::string_view text, Span part, bool is_first) {
    Pieces& pieces = scratch.pieces;
    scratch.part_origins.take(scratch.origins, part);
    pieces.text = text.substr(part.begin, part.end - part.begin);
    pieces.is_first = is_first && part.begin == 0;
    pieces.origins = &scratch.part_origins;
    model.cutter.apply(pieces, scratch.patterns);
    pieces.origins = nullptr;
    for (const Span& word : pieces.spans) {
      const Span source = scratch.part_origins.of(word);
      scratch.placed.barred = touches_plain(source) ? &model.added.special_ids() : nullptr;
      place(pieces.of(word));
      for (std::size_t i = 0; i < scratch.placed.ids.size(); ++i) {
        const Span in_word = scratch.placed.places[i];
        push(scratch.placed.ids[i],
             scratch.part_origins.of({word.begin + in_word.begin, word.begin + in_word.end}));
      }
      if (is_full()) return;
    }
  }

  void place(std::string_view word) {
    PlacedIds& placed = scratch.placed;
    placed.resize(0);
    if (const auto* word_piece = std::get_if<WordPiece>(&model.words)) {
      word_piece->append_placed(word, placed);
    } else if (const auto* unigram = std::get_if<Unigram>(&model.words)) {
      unigram->append_placed(word, scratch.unigram, placed);
    } else {
      place_bpe(std::get<Bpe>(model.words), word);
    }
  }

  void place_bpe(const Bpe& bpe, std::string_view word) {
    PlacedIds& placed = scratch.placed;
    if (!bpe.covers_bytes() || (bpe.joins_whole_words() && placed.barred != nullptr))
      return bpe.append_placed(word, scratch.bpe, placed);
    const std::string_view text = scratch.pieces.text;
    scratch.cache.append(word, text.data() + text.size(), placed.ids,
                         [&](auto& ids) { bpe.append(word, scratch.bpe, ids); });
    std::uint32_t begin = 0;
    for (const std::int32_t id : placed.ids) {
      const auto end = begin + std::uint32_t(bpe.bytes_of(id));
      placed.places.push_back({begin, end});
      begin = end;
    }
  }
};

bool Tokenizer::encode_with_offsets(std::string_view text, const EncodeOptions& options,
                                    Scratch& scratch, Encoding& encoding) const {
  expects(scratch.owner == model_.get(), "a scratch of another tokenizer");
  check_text(text);
  encoding.ids.clear();
  encoding.offsets.clear();
  const bool with_special = options.add_special_tokens;
  const std::size_t budget =
      budget_of(options, with_special ? count_special(model_->post.single) : 0);
  bool is_cut = false;
  std::int64_t place = 0;
  for (const PostPiece& piece : model_->post.single) {
    const std::size_t begin = encoding.ids.size();
    if (piece.part == PostPart::first) {
      const bool may_stop = budget != kNoLimit && options.truncation == TruncationSide::right;
      PlacedEncoder encoder{*model_, options.plain, scratch, encoding,
                            may_stop ? begin + budget : kNoLimit};
      encoder.append_text(text);
      is_cut = truncate(encoding.ids, begin, budget, options.truncation);
      truncate(encoding.offsets, begin, budget, options.truncation);
      place = std::int64_t(text.size());
    } else if (with_special) {
      encoding.ids.insert(encoding.ids.end(), piece.ids.begin(), piece.ids.end());
      encoding.offsets.resize(encoding.ids.size(), {place, place});
    }
  }
  return is_cut;
}

}  // namespace temper
