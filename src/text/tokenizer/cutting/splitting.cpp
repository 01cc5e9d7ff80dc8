#include "text/tokenizer/cutting/splitting.hpp"

namespace temper {

namespace {

void append_span(std::uint32_t begin, std::uint32_t end, std::vector<Span>& spans) {
  if (begin < end) spans.push_back({begin, end});
}

// Neighbours for which `joins(left, right)` holds become one span.
template <class Joins>
void append_joined(const std::vector<Stretch>& stretches, std::vector<Span>& spans, Joins joins) {
  for (std::size_t i = 0; i < stretches.size();) {
    std::size_t last = i;
    while (last + 1 < stretches.size() && joins(stretches[last], stretches[last + 1])) ++last;
    append_span(stretches[i].begin, stretches[last].end, spans);
    i = last + 1;
  }
}

}  // namespace

void append_spans(SplitBehavior behavior, const std::vector<Stretch>& stretches,
                  std::vector<Span>& spans) {
  switch (behavior) {
    case SplitBehavior::removed:
      for (const Stretch& s : stretches)
        if (!s.is_match) append_span(s.begin, s.end, spans);
      return;
    case SplitBehavior::isolated:
      for (const Stretch& s : stretches) append_span(s.begin, s.end, spans);
      return;
    case SplitBehavior::merged_with_previous:
      return append_joined(stretches, spans, [](const Stretch& left, const Stretch& right) {
        return right.is_match && !left.is_match;
      });
    case SplitBehavior::merged_with_next:
      return append_joined(stretches, spans, [](const Stretch& left, const Stretch& right) {
        return left.is_match && !right.is_match;
      });
    case SplitBehavior::contiguous:
      return append_joined(stretches, spans, [](const Stretch& left, const Stretch& right) {
        return left.is_match == right.is_match;
      });
  }
}

}  // namespace temper
