// Normalising with account of where each byte came from. A step that rewrites characters is applied
// to the smallest parts of the text between which it does not look, so that there is one
// implementation of each step.
#include "text/tokenizer/rewriting/normalizer.hpp"

#include "text/tokenizer/words/byte_level.hpp"

namespace temper {

namespace {

// Where the part that begins at `at` ends: before the next code point for which `begins` holds.
template <class Begins>
std::size_t end_of_part(std::string_view text, std::size_t at, Begins begins) {
  next_code_point(text, at);
  while (at < text.size()) {
    std::size_t after = at;
    if (begins(next_code_point(text, after))) break;
    at = after;
  }
  return at;
}

template <class Begins>
void rewrite_parts(const NormalizerStep& step, std::string_view text, NormalizerScratch& scratch,
                   RegexScratch& patterns, Rewrite& out, Begins begins) {
  std::string part;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = end_of_part(text, at, begins);
    const Span source{std::uint32_t(at), std::uint32_t(end)};
    part.clear();
    step.apply(text.substr(at, end - at), scratch, patterns, part);
    part == text.substr(at, end - at) ? out.copy(text, source) : out.put(part, source);
    at = end;
  }
}

bool is_any(char32_t) { return true; }

}  // namespace

void NormalizerStep::apply_traced(std::string_view text, NormalizerScratch& scratch,
                                  RegexScratch& patterns, Rewrite& out) const {
  const auto all = std::uint32_t(text.size());
  const auto span = [](std::size_t begin, std::size_t end) {
    return Span{std::uint32_t(begin), std::uint32_t(end)};
  };
  switch (kind) {
    case NormalizerKind::form:
      if (is_ascii(text)) return out.copy(text, {0, all});
      return rewrite_parts(*this, text, scratch, patterns, out,
                           [&](char32_t c) { return has_boundary_before(form, c); });
    case NormalizerKind::lowercase:
    case NormalizerKind::strip_accents:
      return rewrite_parts(*this, text, scratch, patterns, out, is_any);
    case NormalizerKind::bert:
      return rewrite_parts(*this, text, scratch, patterns, out,
                           [](char32_t c) { return has_boundary_before(NormalForm::nfd, c); });
    case NormalizerKind::strip:
      return out.copy(text, stripped(text));
    case NormalizerKind::replace: {
      std::size_t done = 0;
      pattern.for_each(text, patterns, [&](std::size_t begin, std::size_t end) {
        out.copy(text, span(done, begin));
        out.put(content, span(begin, end));
        done = end;
      });
      return out.copy(text, span(done, all));
    }
    case NormalizerKind::prepend:
      if (text.empty()) return;
      out.put(content, span(0, end_of_part(text, 0, is_any)));
      return out.copy(text, {0, all});
    case NormalizerKind::byte_level:
      for (std::uint32_t i = 0; i < all; ++i)
        out.put(byte_level_character(static_cast<unsigned char>(text[i])), {i, i + 1});
      return;
    case NormalizerKind::precompiled:
      return charsmap.for_each(text, scratch.graphemes,
                               [&](Span from, std::string_view bytes) { out.put(bytes, from); });
  }
}

std::string_view Normalizer::apply_traced(std::string_view text, NormalizerScratch& scratch,
                                          RegexScratch& patterns, Origins& origins) const {
  for (const NormalizerStep& step : steps_) {
    if (step.kind == NormalizerKind::form && is_ascii(text)) continue;
    scratch.spare.clear();
    Rewrite out(scratch.spare, &origins);
    step.apply_traced(text, scratch, patterns, out);
    check_length(scratch.spare);
    out.finish();
    scratch.text.swap(scratch.spare);
    text = scratch.text;
  }
  return text;
}

}  // namespace temper
