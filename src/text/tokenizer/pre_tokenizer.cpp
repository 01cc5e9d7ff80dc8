#include "text/tokenizer/pre_tokenizer.hpp"

#include "text/tokenizer/byte_level.hpp"
#include "text/tokenizer/unicode.hpp"

namespace temper {

namespace {

// Each span of `pieces` is cut further by `cut(span)`, which appends to `pieces.next`.
template <class Cut>
void cut_all(Pieces& pieces, Cut cut) {
  pieces.next.clear();
  for (const Span& span : pieces.spans) cut(span);
  pieces.spans.swap(pieces.next);
}

// Each span is written anew by `write(span, is_first, out)`.
template <class Write>
void rewrite_all(Pieces& pieces, Write write) {
  std::string& out = pieces.spare;
  out.clear();
  pieces.next.clear();
  for (std::size_t i = 0; i < pieces.spans.size(); ++i) {
    const auto begin = std::uint32_t(out.size());
    write(pieces.of(pieces.spans[i]), i == 0 && pieces.is_first && pieces.spans[0].begin == 0, out);
    if (out.size() > begin) pieces.next.push_back({begin, std::uint32_t(out.size())});
  }
  pieces.spans.swap(pieces.next);
  pieces.buffer.swap(out);
  pieces.text = pieces.buffer;
}

// Stretches from the matches that `each(use)` reports, as places within the span.
template <class Each>
void find_stretches(Pieces& pieces, Span span, bool invert, Each each) {
  pieces.stretches.clear();
  std::uint32_t done = span.begin;
  each([&](std::size_t begin, std::size_t end) {
    const auto first = span.begin + std::uint32_t(begin), last = span.begin + std::uint32_t(end);
    if (done != first) pieces.stretches.push_back({done, first, invert});
    pieces.stretches.push_back({first, last, !invert});
    done = last;
  });
  if (done != span.end) pieces.stretches.push_back({done, span.end, invert});
}

// Every character for which `matches` holds is a match of its own.
template <class Matches>
void split_characters(Pieces& pieces, SplitBehavior behavior, Matches matches) {
  cut_all(pieces, [&](Span span) {
    const std::string_view text = pieces.of(span);
    find_stretches(pieces, span, false, [&](auto use) {
      for (std::size_t at = 0; at < text.size();) {
        const std::size_t begin = at;
        if (matches(next_code_point(text, at))) use(begin, at);
      }
    });
    append_spans(behavior, pieces.stretches, pieces.next);
  });
}

void split_pattern(const PreTokenizerStep& step, Pieces& pieces, RegexScratch& patterns) {
  cut_all(pieces, [&](Span span) {
    const std::string_view text = pieces.of(span);
    find_stretches(pieces, span, step.invert, [&](auto use) {
      if (step.pattern) return step.pattern->for_each(text, patterns, use);
      if (step.literal.empty()) return;
      for (std::size_t at = text.find(step.literal); at != std::string_view::npos;
           at = text.find(step.literal, at + step.literal.size()))
        use(at, at + step.literal.size());
    });
    append_spans(step.behavior, pieces.stretches, pieces.next);
  });
}

enum class BertClass : std::uint8_t { letter, space, punctuation };

BertClass bert_class(char32_t c) {
  if (is_white_space(c)) return BertClass::space;
  return is_bert_punctuation(c) ? BertClass::punctuation : BertClass::letter;
}

struct BertAscii {
  BertClass of[128];
  BertAscii() {
    for (char32_t c = 0; c < 128; ++c) of[c] = bert_class(c);
  }
};

void split_bert(Pieces& pieces) {
  static const BertAscii ascii;
  cut_all(pieces, [&](Span span) {
    const std::string_view text = pieces.text;
    std::uint32_t begin = span.begin;
    for (std::size_t at = span.begin; at < span.end;) {
      const auto place = std::uint32_t(at);
      const auto byte = static_cast<unsigned char>(text[at]);
      const BertClass kind =
          byte < 0x80 ? (++at, ascii.of[byte]) : bert_class(next_code_point(text, at));
      if (kind == BertClass::letter) continue;
      if (begin < place) pieces.next.push_back({begin, place});
      begin = std::uint32_t(at);
      if (kind == BertClass::punctuation) pieces.next.push_back({place, begin});
    }
    if (begin < span.end) pieces.next.push_back({begin, span.end});
  });
}

// \w+ or [^\w\s]+ are words, the rest is dropped.
void split_whitespace(Pieces& pieces) {
  const auto kind_of = [](char32_t c) { return is_word(c) ? 1 : is_white_space(c) ? 0 : 2; };
  cut_all(pieces, [&](Span span) {
    int open = 0;
    std::uint32_t begin = span.begin;
    for (std::size_t at = span.begin; at < span.end;) {
      const auto place = std::uint32_t(at);
      const int kind = kind_of(next_code_point(pieces.text, at));
      if (kind == open) continue;
      if (open != 0) pieces.next.push_back({begin, place});
      open = kind;
      begin = place;
    }
    if (open != 0) pieces.next.push_back({begin, span.end});
  });
}

void split_byte_level(const PreTokenizerStep& step, Pieces& pieces) {
  if (step.add_prefix_space)
    rewrite_all(pieces, [](std::string_view text, bool, std::string& out) {
      if (!text.starts_with(' ')) out.push_back(' ');
      out.append(text);
    });
  if (step.use_regex)
    cut_all(pieces, [&](Span span) {
      const std::string_view text = pieces.text.substr(0, span.end);
      for (std::size_t at = span.begin; at < span.end;) {
        const std::size_t end = end_of_gpt2_word(text, at);
        pieces.next.push_back({std::uint32_t(at), std::uint32_t(end)});
        at = end;
      }
    });
  if (!step.leaves_bytes)
    rewrite_all(pieces, [](std::string_view text, bool, std::string& out) {
      append_byte_level(text, out);
    });
}

void split_metaspace(const PreTokenizerStep& step, Pieces& pieces) {
  rewrite_all(pieces, [&](std::string_view text, bool is_first, std::string& out) {
    const bool marked = text.starts_with(' ') || text.starts_with(step.replacement);
    const bool wanted =
        step.prepend == PrependScheme::always || (step.prepend == PrependScheme::first && is_first);
    if (wanted && !marked) out.append(step.replacement);
    for (const char c : text) {
      if (c == ' ') {
        out.append(step.replacement);
      } else {
        out.push_back(c);
      }
    }
  });
  if (!step.split) return;
  std::size_t at = 0;
  const char32_t mark = next_code_point(step.replacement, at);
  split_characters(pieces, SplitBehavior::merged_with_next, [&](char32_t c) { return c == mark; });
}

}  // namespace

bool PreTokenizer::leave_bytes() {
  const bool is_last = !steps_.empty() && steps_.back().kind == PreTokenizerKind::byte_level;
  if (is_last) steps_.back().leaves_bytes = true;
  return is_last;
}

void PreTokenizer::apply(Pieces& pieces, RegexScratch& patterns) const {
  pieces.spans.clear();
  if (!pieces.text.empty()) pieces.spans.push_back({0, std::uint32_t(pieces.text.size())});
  for (const PreTokenizerStep& step : steps_) {
    switch (step.kind) {
      case PreTokenizerKind::byte_level:
        split_byte_level(step, pieces);
        break;
      case PreTokenizerKind::split:
        split_pattern(step, pieces, patterns);
        break;
      case PreTokenizerKind::bert:
        split_bert(pieces);
        break;
      case PreTokenizerKind::digits:
        split_characters(
            pieces, step.individual_digits ? SplitBehavior::isolated : SplitBehavior::contiguous,
            is_numeric);
        break;
      case PreTokenizerKind::punctuation:
        split_characters(pieces, step.behavior, is_bert_punctuation);
        break;
      case PreTokenizerKind::whitespace:
        split_whitespace(pieces);
        break;
      case PreTokenizerKind::whitespace_split:
        split_characters(pieces, SplitBehavior::removed, is_white_space);
        break;
      case PreTokenizerKind::metaspace:
        split_metaspace(step, pieces);
        break;
    }
  }
}

}  // namespace temper
