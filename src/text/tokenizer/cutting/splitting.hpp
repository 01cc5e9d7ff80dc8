// Cuts of one text: spans, and what becomes of the matches of a pattern.
//
//   "the-final--countdown" on "-": removed the|final|countdown, isolated the|-|final|-|-|countdown,
//   merged_with_previous the-|final-|-|countdown, merged_with_next the|-final|-|-countdown,
//   contiguous the|-|final|--|countdown
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace temper {

enum class SplitBehavior { removed, isolated, merged_with_previous, merged_with_next, contiguous };

struct Span {
  std::uint32_t begin, end;
};

// A stretch of text that matches or lies between matches; all of them cover the text.
struct Stretch {
  std::uint32_t begin, end;
  bool is_match;
};

// Appends what remains of the stretches; empty spans are left out.
void append_spans(SplitBehavior behavior, const std::vector<Stretch>& stretches,
                  std::vector<Span>& spans);

class Origins;

// The words of one text while it is cut: spans into `text`, with a spare for the next step.
struct Pieces {
  std::string_view text;       // the caller's, or `buffer`
  Origins* origins = nullptr;  // kept up where it is not null
  bool is_first = true;        // begins where the whole text begins
  std::vector<Span> spans, next;
  std::vector<Stretch> stretches;
  std::string buffer, spare;

  std::string_view of(const Span& span) const {
    return text.substr(span.begin, span.end - span.begin);
  }
};

}  // namespace temper
