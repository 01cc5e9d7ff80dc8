#include "text/tokenizer/cutting/pre_tokenizer.hpp"

#include <algorithm>

#include "text/tokenizer/rewriting/origins.hpp"
#include "text/tokenizer/unicode.hpp"
#include "text/tokenizer/words/byte_level.hpp"

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
  pieces.spare.clear();
  Rewrite out(pieces.spare, pieces.origins);
  pieces.next.clear();
  for (std::size_t i = 0; i < pieces.spans.size(); ++i) {
    const auto begin = std::uint32_t(out.size());
    write(pieces.spans[i], i == 0 && pieces.is_first && pieces.spans[0].begin == 0, out);
    if (out.size() > begin) pieces.next.push_back({begin, std::uint32_t(out.size())});
  }
  out.finish();
  pieces.spans.swap(pieces.next);
  pieces.buffer.swap(pieces.spare);
  pieces.text = pieces.buffer;
}

// What is put before a span stands for its first character, as in the reference.
Span first_character(const Pieces& pieces, Span span) {
  std::size_t end = span.begin;
  next_code_point(pieces.text, end);
  return {span.begin, std::uint32_t(end)};
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
    find_stretches(pieces, span, step.invert,
                   [&](auto use) { step.pattern.for_each(text, patterns, use); });
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
    rewrite_all(pieces, [&](Span span, bool, Rewrite& out) {
      if (pieces.text[span.begin] != ' ') out.put(" ", first_character(pieces, span));
      out.copy(pieces.text, span);
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
    rewrite_all(pieces, [&](Span span, bool, Rewrite& out) {
      for (std::uint32_t i = span.begin; i < span.end; ++i)
        out.put(byte_level_character(static_cast<unsigned char>(pieces.text[i])), {i, i + 1});
    });
}

void split_metaspace(const PreTokenizerStep& step, Pieces& pieces) {
  rewrite_all(pieces, [&](Span span, bool is_first, Rewrite& out) {
    const std::string_view text = pieces.of(span);
    const bool marked = text.starts_with(' ') || text.starts_with(step.replacement);
    const bool wanted =
        step.prepend == PrependScheme::always || (step.prepend == PrependScheme::first && is_first);
    if (wanted && !marked) out.put(step.replacement, first_character(pieces, span));
    for (std::uint32_t at = span.begin; at < span.end;) {
      const std::size_t space = text.find(' ', at - span.begin);
      const std::uint32_t end =
          space == std::string_view::npos ? span.end : span.begin + std::uint32_t(space);
      out.copy(pieces.text, {at, end});
      if (end < span.end) out.put(step.replacement, {end, end + 1});
      at = end + 1;
    }
  });
  if (!step.split) return;
  std::size_t at = 0;
  const char32_t mark = next_code_point(step.replacement, at);
  split_characters(pieces, SplitBehavior::merged_with_next, [&](char32_t c) { return c == mark; });
}

void split_before_runs(const std::string& mark, Pieces& pieces) {
  cut_all(pieces, [&](Span span) {
    const std::string_view text = pieces.of(span);
    std::size_t begin = 0, run_end = 0;  // of the run of marks that was found last
    for (std::size_t at = text.find(mark); at != std::string_view::npos;
         at = text.find(mark, run_end)) {
      if (at > run_end || run_end == 0) {
        if (at > begin)
          pieces.next.push_back(
              {span.begin + std::uint32_t(begin), span.begin + std::uint32_t(at)});
        begin = at;
      }
      run_end = at + mark.size();
    }
    pieces.next.push_back({span.begin + std::uint32_t(begin), span.end});
  });
}

}  // namespace

bool PreTokenizer::leave_bytes() {
  const bool is_last = !steps_.empty() && steps_.back().kind == PreTokenizerKind::byte_level;
  if (is_last) steps_.back().leaves_bytes = true;
  return is_last;
}

void PreTokenizer::cut_before(char32_t mark) {
  steps_.push_back(PreTokenizerStep{.kind = PreTokenizerKind::runs_of_mark});
  append_utf8(mark, steps_.back().replacement);
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
      case PreTokenizerKind::runs_of_mark:
        split_before_runs(step.replacement, pieces);
        break;
    }
  }
}

}  // namespace temper
