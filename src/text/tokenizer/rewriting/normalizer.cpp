#include "text/tokenizer/rewriting/normalizer.hpp"

#include "core/problem.hpp"
#include "text/tokenizer/words/byte_level.hpp"

namespace temper {

namespace {

void to_points(std::string_view text, std::u32string& points) {
  points.clear();
  for (std::size_t at = 0; at < text.size();) points.push_back(next_code_point(text, at));
}

// A run without ASCII: no step looks across an ASCII character.
void bert_run(const BertCleaner& bert, std::string_view run, NormalizerScratch& scratch,
              std::string& out) {
  std::u32string& points = scratch.points;
  points.clear();
  for (std::size_t at = 0; at < run.size();) {
    char32_t c = next_code_point(run, at);
    if (bert.clean_text) {
      if (c == 0xFFFD || is_bert_control(c)) continue;
      if (is_white_space(c)) c = U' ';
    }
    const bool apart = bert.handle_chinese_chars && is_bert_ideograph(c);
    if (apart) points.push_back(U' ');
    points.push_back(c);
    if (apart) points.push_back(U' ');
  }
  if (bert.strip_accents) {
    normalize(NormalForm::nfd, points);
    std::erase_if(points, is_bert_accent);
  }
  if (bert.lowercase) {
    scratch.more_points.clear();
    for (const char32_t c : points) append_lowercase(c, scratch.more_points);
    points.swap(scratch.more_points);
  }
  for (const char32_t c : points) append_utf8(c, out);
}

void apply_bert(const BertCleaner& bert, std::string_view text, NormalizerScratch& scratch,
                std::string& out) {
  out.resize(text.size());
  char* end = out.data();
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x80) {
      *end = bert.ascii[byte];
      end += bert.ascii[byte] != 0 || (byte == 0 && !bert.clean_text);
      ++at;
      continue;
    }
    const std::size_t begin = at;
    while (at < text.size() && static_cast<unsigned char>(text[at]) >= 0x80) ++at;
    out.resize(std::size_t(end - out.data()));
    bert_run(bert, text.substr(begin, at - begin), scratch, out);
    const std::size_t length = out.size();
    out.resize(length + (text.size() - at));
    end = out.data() + length;
  }
  out.resize(std::size_t(end - out.data()));
}

void apply_replace(const NormalizerStep& step, std::string_view text, RegexScratch& patterns,
                   std::string& out) {
  std::size_t done = 0;
  const auto use = [&](std::size_t begin, std::size_t end) {
    out.append(text, done, begin - done);
    out.append(step.content);
    done = end;
  };
  step.pattern.for_each(text, patterns, use);
  out.append(text, done);
}

// Code point by code point, where ASCII needs no look.
template <class Rewrite>
void apply_points(std::string_view text, NormalizerScratch& scratch, std::string& out,
                  Rewrite rewrite) {
  to_points(text, scratch.points);
  rewrite(scratch.points);
  for (const char32_t c : scratch.points) append_utf8(c, out);
}

}  // namespace

void NormalizerStep::apply(std::string_view text, NormalizerScratch& scratch,
                           RegexScratch& patterns, std::string& out) const {
  switch (kind) {
    case NormalizerKind::form:
      if (is_ascii(text)) return out.append(text), void();
      return apply_points(text, scratch, out,
                          [&](std::u32string& points) { normalize(form, points); });
    case NormalizerKind::lowercase:
      return apply_points(text, scratch, out, [&](std::u32string& points) {
        scratch.more_points.clear();
        for (const char32_t c : points) append_lowercase(c, scratch.more_points);
        points.swap(scratch.more_points);
      });
    case NormalizerKind::strip_accents:
      return apply_points(text, scratch, out,
                          [](std::u32string& points) { std::erase_if(points, is_mark); });
    case NormalizerKind::bert:
      return apply_bert(bert, text, scratch, out);
    case NormalizerKind::strip: {
      const Span kept = stripped(text);
      return out.append(text, kept.begin, kept.end - kept.begin), void();
    }
    case NormalizerKind::replace:
      return apply_replace(*this, text, patterns, out);
    case NormalizerKind::prepend:
      if (!text.empty()) out.append(content).append(text);
      return;
    case NormalizerKind::byte_level:
      return append_byte_level(text, out);
    case NormalizerKind::precompiled:
      return charsmap.for_each(text, scratch.graphemes,
                               [&](Span, std::string_view bytes) { out.append(bytes); });
  }
}

Span NormalizerStep::stripped(std::string_view text) const {
  std::size_t begin = 0, end = text.size();
  while (strip_left && begin < end) {
    std::size_t after = begin;
    if (!is_white_space(next_code_point(text, after))) break;
    begin = after;
  }
  while (strip_right && end > begin) {
    std::size_t start = previous_start(text, end);
    const std::size_t kept = start;
    if (!is_white_space(next_code_point(text, start))) break;
    end = kept;
  }
  return {std::uint32_t(begin), std::uint32_t(end)};
}

namespace {

BertCleaner read_bert(const JsonFields& fields) {
  BertCleaner bert;
  bert.clean_text = fields.boolean("clean_text", true);
  bert.handle_chinese_chars = fields.boolean("handle_chinese_chars", true);
  bert.lowercase = fields.boolean("lowercase", true);
  bert.strip_accents = fields.boolean("strip_accents", bert.lowercase);
  for (unsigned c = 0; c < 128; ++c) {
    char kept = static_cast<char>(c);
    if (bert.clean_text) {
      const bool is_blank = c == '\t' || c == '\n' || c == '\r';
      kept = is_blank ? ' ' : c < ' ' || c == 0x7F ? '\0' : kept;
    }
    if (bert.lowercase && c >= 'A' && c <= 'Z') kept = static_cast<char>(c + ('a' - 'A'));
    bert.ascii[c] = kept;
  }
  return bert;
}

void read_step(const JsonFields& fields, int depth, std::vector<NormalizerStep>& steps) {
  const std::string type = fields.text("type");
  const auto add = [&](NormalizerKind kind) -> NormalizerStep& {
    steps.push_back(NormalizerStep{.kind = kind});
    return steps.back();
  };
  if (type == "Sequence") {
    if (depth > 16) fields.fail("", "sequences nested deeper than 16");
    for (const JsonFields& step : fields.array("normalizers")) read_step(step, depth + 1, steps);
  } else if (type == "NFC" || type == "NFD" || type == "NFKC" || type == "NFKD") {
    add(NormalizerKind::form).form = type == "NFC"    ? NormalForm::nfc
                                     : type == "NFD"  ? NormalForm::nfd
                                     : type == "NFKC" ? NormalForm::nfkc
                                                      : NormalForm::nfkd;
  } else if (type == "Lowercase") {
    add(NormalizerKind::lowercase);
  } else if (type == "StripAccents") {
    add(NormalizerKind::strip_accents);
  } else if (type == "BertNormalizer") {
    add(NormalizerKind::bert).bert = read_bert(fields);
  } else if (type == "Strip") {
    NormalizerStep& step = add(NormalizerKind::strip);
    step.strip_left = fields.boolean("strip_left");
    step.strip_right = fields.boolean("strip_right");
  } else if (type == "Replace") {
    NormalizerStep& step = add(NormalizerKind::replace);
    step.content = fields.text("content");
    step.pattern = Pattern::read(fields);
  } else if (type == "Prepend") {
    add(NormalizerKind::prepend).content = fields.text("prepend");
  } else if (type == "ByteLevel") {
    add(NormalizerKind::byte_level);
  } else if (type == "Precompiled") {
    add(NormalizerKind::precompiled).charsmap = Precompiled::read(fields);
  } else {
    fields.fail("type", "the normalizer \"" + type + "\" is not supported yet");
  }
}

}  // namespace

void check_length(std::string_view text) {
  constexpr std::size_t longest = std::size_t(1) << 29;  // later steps keep 32-bit places
  if (text.size() > longest)
    throw BadInput(Problem{"text",
                           "the tokenizer's normalizer makes " + std::to_string(text.size()) +
                               " bytes of one document",
                           "at most " + std::to_string(longest) + " are allowed",
                           "Cut it into documents?"});
}

std::string_view Normalizer::apply(std::string_view text, NormalizerScratch& scratch,
                                   RegexScratch& patterns) const {
  for (const NormalizerStep& step : steps_) {
    scratch.spare.clear();
    step.apply(text, scratch, patterns, scratch.spare);
    check_length(scratch.spare);
    scratch.text.swap(scratch.spare);
    text = scratch.text;
  }
  return text;
}

Normalizer read_normalizer(const JsonFields& root) {
  std::vector<NormalizerStep> steps;
  if (root.has("normalizer")) read_step(root.object("normalizer"), 0, steps);
  return Normalizer(std::move(steps));
}

}  // namespace temper
