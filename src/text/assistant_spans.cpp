// Which bytes and tokens of a rendered conversation are trained.
#include <algorithm>

#include "text/chat_template.hpp"

namespace temper {

namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::int64_t after_space(const std::string& text, std::int64_t at) {
  while (at < std::int64_t(text.size()) && is_space(text[std::size_t(at)])) ++at;
  return at;
}

bool is_word(const ChatSpan& span) { return span.field != "role" && span.field != "name"; }

class Spans {
 public:
  Spans(const RenderedChat& chat, const TurnMarks& marks, const std::vector<bool>& trained)
      : chat_(chat), marks_(marks), trained_(trained) {}

  TrainedSpans run() {
    if (chat_.generated.empty())
      add_turns_by_origin();
    else
      for (const Extent& extent : chat_.generated) add_generated(extent);
    return std::move(result_);
  }

 private:
  bool is_trained(std::int64_t message) const {
    return message >= 0 && chat_.messages[std::size_t(message)].role == "assistant" &&
           (trained_.empty() || trained_[std::size_t(message)]);
  }

  void add(Extent extent) {
    if (extent.empty()) return;
    if (!result_.extents.empty() && result_.extents.back().end >= extent.begin)
      result_.extents.back().end = std::max(result_.extents.back().end, extent.end);
    else
      result_.extents.push_back(extent);
  }

  // The first end token from `begin` on that ends before `limit`; empty when there is none.
  Extent end_token(std::int64_t begin, std::int64_t limit) const {
    Extent first{limit + 1, limit + 1};
    for (const std::string& token : marks_.end_tokens) {
      const std::size_t found = chat_.text.find(token, std::size_t(begin));
      if (found == std::string::npos || std::int64_t(found) >= first.begin) continue;
      const Extent extent{std::int64_t(found), std::int64_t(found + token.size())};
      if (extent.end <= limit) first = extent;
    }
    return first;
  }

  // The words, then the end token before `limit`. What lies between belongs to the turn unless it
  // is white space.
  void add_turn(Extent words, std::int64_t limit) {
    ++result_.turns;
    const Extent end = end_token(words.end, limit);
    if (end.empty()) {
      ++result_.turns_without_end;
      return add(words);
    }
    if (after_space(chat_.text, words.end) < end.begin) words.end = end.begin;
    add(words);
    add(end);
  }

  void add_turns_by_origin() {
    std::vector<bool> seen(chat_.messages.size());
    const auto& spans = chat_.spans;
    for (std::size_t i = 0, next = 0; i < spans.size(); i = next) {
      next = i + 1;
      const std::int64_t message = spans[i].message;
      if (!is_trained(message) || !is_word(spans[i])) continue;
      while (next < spans.size() && spans[next].message == message) ++next;
      const std::int64_t limit =
          next < spans.size() ? spans[next].bytes.begin : std::int64_t(chat_.text.size());
      seen[std::size_t(message)] = true;
      add_turn(words_of(i, next), limit);
    }
    check_all_seen(seen);
  }

  // The words of the spans [first, last), all of one message.
  Extent words_of(std::size_t first, std::size_t last) const {
    const auto& spans = chat_.spans;
    while (!is_word(spans[last - 1])) --last;
    Extent words{spans[first].bytes.begin, spans[last - 1].bytes.end};
    bool one_piece = spans[first].field == "content";
    for (std::size_t i = first + 1; i < last; ++i)
      one_piece = one_piece && spans[i].field == "content" &&
                  spans[i].bytes.begin == spans[i - 1].bytes.end;
    if (one_piece || marks_.generation_prompt.empty()) return words;
    std::size_t before = first;  // the header holds the message's role at most
    while (before > 0 && spans[before - 1].message == spans[first].message) --before;
    const std::int64_t from = before ? spans[before - 1].bytes.end : 0;
    const auto size = std::int64_t(marks_.generation_prompt.size());
    if (words.begin - size < from) return words;
    const std::size_t at =
        chat_.text.rfind(marks_.generation_prompt, std::size_t(words.begin - size));
    if (at != std::string::npos && std::int64_t(at) >= from) words.begin = std::int64_t(at) + size;
    return words;
  }

  void check_all_seen(const std::vector<bool>& seen) const {
    Problems problems;
    for (std::size_t i = 0; i < seen.size(); ++i)
      if (!seen[i] && is_trained(std::int64_t(i)) && chat_.messages[i].has_words)
        problems.push_back({"messages[" + std::to_string(i) + "].content",
                            "the chat template leaves out the assistant's words",
                            "there is nothing to train on", "Use another template?"});
    if (!problems.empty()) throw BadInput(std::move(problems));
  }

  void add_generated(Extent extent) {
    const auto inside = std::ranges::find_if(chat_.spans, [&](const ChatSpan& span) {
      return is_word(span) && !intersect(span.bytes, extent).empty();
    });
    const bool has_words = inside != chat_.spans.end();
    if (!trained_.empty() && (!has_words || !is_trained(inside->message))) return;
    const auto is_own = [&](std::int64_t at) {  // the template's, not the assistant's
      return std::ranges::none_of(chat_.spans,
                                  [&](const ChatSpan& span) { return span.bytes.contains(at); });
    };
    const auto trims = [&](std::int64_t at) {
      return !extent.empty() && is_space(chat_.text[std::size_t(at)]) && is_own(at);
    };
    while (trims(extent.begin)) ++extent.begin;
    while (trims(extent.end - 1)) --extent.end;
    const std::string_view text =
        std::string_view(chat_.text).substr(std::size_t(extent.begin), std::size_t(extent.size()));
    if (std::ranges::any_of(marks_.end_tokens, [&](auto& end) { return text.ends_with(end); })) {
      ++result_.turns;
      return add(extent);
    }
    const std::int64_t next = after_space(chat_.text, extent.end);
    const bool follows = std::ranges::any_of(marks_.end_tokens, [&](auto& end) {
      return std::string_view(chat_.text).substr(std::size_t(next)).starts_with(end);
    });
    add_turn(extent, follows ? std::int64_t(chat_.text.size()) : extent.end);
  }

  const RenderedChat& chat_;
  const TurnMarks& marks_;
  const std::vector<bool>& trained_;
  TrainedSpans result_;
};

}  // namespace

TrainedSpans assistant_spans(const RenderedChat& rendered, const TurnMarks& marks,
                             const std::vector<bool>& trained) {
  return Spans(rendered, marks, trained).run();
}

std::vector<Extent> plain_regions(const RenderedChat& rendered) {
  std::vector<Extent> regions;
  for (const ChatSpan& span : rendered.spans) {
    if (!is_word(span)) continue;
    if (!regions.empty() && regions.back().end == span.bytes.begin)
      regions.back().end = span.bytes.end;
    else
      regions.push_back(span.bytes);
  }
  return regions;
}

TokenMarks mark_tokens(std::span<const Extent> tokens, std::span<const Extent> spans) {
  TokenMarks marks;
  std::size_t at = 0;
  for (const Extent& token : tokens) {
    while (at < spans.size() && spans[at].end <= token.begin) ++at;
    const Extent shared =
        at < spans.size() ? intersect(token, spans[at]) : Extent{token.begin, token.begin};
    const bool inside = !token.empty() && shared == token;
    marks.trained.push_back(inside);
    marks.straddling += !inside && !shared.empty();
  }
  return marks;
}

}  // namespace temper
