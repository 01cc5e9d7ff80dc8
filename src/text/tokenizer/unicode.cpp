#include "text/tokenizer/unicode.hpp"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/utf16.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <stdexcept>

namespace temper {

namespace {

struct CodeRange {
  char32_t first, last;
};

template <std::size_t N>
bool is_in(const CodeRange (&ranges)[N], char32_t c) {
  const auto above = std::upper_bound(std::begin(ranges), std::end(ranges), c,
                                      [](char32_t x, const CodeRange& r) { return x < r.first; });
  return above != std::begin(ranges) && c <= std::prev(above)->last;
}

// What Unicode 15.1 and 16 added: the reference knows it, older ICU releases do not.
constexpr CodeRange kNewLetters[] = {
    {0x1C89, 0x1C8A},   {0xA7CB, 0xA7CD},   {0xA7DA, 0xA7DC},   {0x105C0, 0x105F3},
    {0x10D4A, 0x10D65}, {0x10D6F, 0x10D85}, {0x10EC2, 0x10EC4}, {0x11380, 0x11389},
    {0x1138B, 0x1138B}, {0x1138E, 0x1138E}, {0x11390, 0x113B5}, {0x113B7, 0x113B7},
    {0x113D1, 0x113D1}, {0x113D3, 0x113D3}, {0x11BC0, 0x11BE0}, {0x13460, 0x143FA},
    {0x16100, 0x1611D}, {0x16D40, 0x16D6C}, {0x18CFF, 0x18CFF}, {0x1E5D0, 0x1E5ED},
    {0x1E5F0, 0x1E5F0}, {0x2EBF0, 0x2EE5D}};
constexpr CodeRange kNewNumbers[] = {{0x10D40, 0x10D49}, {0x116D0, 0x116E3}, {0x11BF0, 0x11BF9},
                                     {0x16130, 0x16139}, {0x16D70, 0x16D79}, {0x1CCF0, 0x1CCF9},
                                     {0x1E5F1, 0x1E5FA}};
constexpr CodeRange kNewNumbers17[] = {{0x11DE0, 0x11DE9}, {0x16FF4, 0x16FF6}};
constexpr CodeRange kNewWords[] = {
    {0x897, 0x897},     {0x1C89, 0x1C8A},   {0xA7CB, 0xA7CD},   {0xA7DA, 0xA7DC},
    {0x105C0, 0x105F3}, {0x10D40, 0x10D65}, {0x10D69, 0x10D6D}, {0x10D6F, 0x10D85},
    {0x10EC2, 0x10EC4}, {0x10EFC, 0x10EFC}, {0x11380, 0x11389}, {0x1138B, 0x1138B},
    {0x1138E, 0x1138E}, {0x11390, 0x113B5}, {0x113B7, 0x113C0}, {0x113C2, 0x113C2},
    {0x113C5, 0x113C5}, {0x113C7, 0x113CA}, {0x113CC, 0x113D3}, {0x113E1, 0x113E2},
    {0x116D0, 0x116E3}, {0x11BC0, 0x11BE0}, {0x11BF0, 0x11BF9}, {0x11F5A, 0x11F5A},
    {0x13460, 0x143FA}, {0x16100, 0x16139}, {0x16D40, 0x16D6C}, {0x16D70, 0x16D79},
    {0x18CFF, 0x18CFF}, {0x1CCF0, 0x1CCF9}, {0x1E5D0, 0x1E5FA}, {0x2EBF0, 0x2EE5D}};

// Lower case that Unicode 16 and 17 added: [first, last] go to `lower` onward.
struct CaseRange {
  char32_t first, last, lower;
};
constexpr CaseRange kNewLowercase[] = {{0x1C89, 0x1C89, 0x1C8A},    {0xA7CB, 0xA7CB, 0x264},
                                       {0xA7CC, 0xA7CC, 0xA7CD},    {0xA7CE, 0xA7CE, 0xA7CF},
                                       {0xA7D2, 0xA7D2, 0xA7D3},    {0xA7D4, 0xA7D4, 0xA7D5},
                                       {0xA7DA, 0xA7DA, 0xA7DB},    {0xA7DC, 0xA7DC, 0x19B},
                                       {0x10D50, 0x10D65, 0x10D70}, {0x16EA0, 0x16EB8, 0x16EBB}};

bool has_category(char32_t c, std::uint32_t mask) {
  return (U_GET_GC_MASK(UChar32(c)) & mask) != 0;
}

bool is_known_to(char32_t c, unsigned version) {
  UVersionInfo age;
  u_charAge(UChar32(c), age);
  return age[0] != 0 && (age[0] < version || (age[0] == version && age[1] == 0));
}

constexpr unsigned kBertVersion = 8;           // the classes of BertNormalizer, BertPreTokenizer
constexpr unsigned kNormalizationVersion = 9;  // NFC and the like, StripAccents
constexpr unsigned kPatternVersion = 16;       // \p{L} and \p{N} of patterns, \w

const UNormalizer2* instance(bool compatible) {
  UErrorCode status = U_ZERO_ERROR;
  const UNormalizer2* found =
      compatible ? unorm2_getNFKCInstance(&status) : unorm2_getNFCInstance(&status);
  if (U_FAILURE(status))
    throw std::runtime_error(std::string("ICU has no normalisation data: ") + u_errorName(status));
  return found;
}

int combining_class(char32_t c) {
  return c >= 0x300 && is_known_to(c, kNormalizationVersion) ? u_getCombiningClass(UChar32(c)) : 0;
}

void append_decomposition(const UNormalizer2* forms, char32_t c, std::u32string& out) {
  std::array<UChar, 64> units;
  UErrorCode status = U_ZERO_ERROR;
  const int count =
      c < 0xA0 || !is_known_to(c, kNormalizationVersion)
          ? -1
          : unorm2_getDecomposition(forms, UChar32(c), units.data(), int(units.size()), &status);
  if (count < 0 || U_FAILURE(status)) return out.push_back(c);
  for (int i = 0; i < count;) {
    UChar32 part;
    U16_NEXT(units.data(), i, count, part);
    out.push_back(char32_t(part));
  }
}

// Unicode 15, section 3.11: runs of combining marks in the order of their classes.
void order_marks(std::u32string& text) {
  for (std::size_t i = 0; i < text.size();) {
    if (combining_class(text[i]) == 0) {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && combining_class(text[end]) != 0) ++end;
    std::stable_sort(
        text.begin() + std::ptrdiff_t(i), text.begin() + std::ptrdiff_t(end),
        [](char32_t a, char32_t b) { return combining_class(a) < combining_class(b); });
    i = end;
  }
}

// Unicode 15, section 3.11, D117.
void compose(const UNormalizer2* forms, std::u32string& text) {
  std::size_t starter = text.size(), out = 0;
  int last_class = -1;  // of the mark kept last after the starter; -1: none
  for (const char32_t c : text) {
    const int its_class = combining_class(c);
    const bool reachable = starter < out && last_class < its_class;
    const UChar32 pair = reachable && is_known_to(c, kNormalizationVersion)
                             ? unorm2_composePair(forms, UChar32(text[starter]), UChar32(c))
                             : -1;
    if (pair >= 0) {
      text[starter] = char32_t(pair);
      continue;
    }
    if (its_class == 0) {
      starter = out;
      last_class = -1;
    } else {
      last_class = its_class;
    }
    text[out++] = c;
  }
  text.resize(out);
}

}  // namespace

bool is_white_space(char32_t c) {
  if (c < 0x80) return c == ' ' || (c >= '\t' && c <= '\r');
  return u_isUWhiteSpace(UChar32(c));
}

bool is_letter(char32_t c) {
  return (has_category(c, U_GC_L_MASK) && is_known_to(c, kPatternVersion)) || is_in(kNewLetters, c);
}

bool is_number(char32_t c) {
  return (has_category(c, U_GC_N_MASK) && is_known_to(c, kPatternVersion)) || is_in(kNewNumbers, c);
}

bool is_numeric(char32_t c) {
  if (c < 0x80) return c >= '0' && c <= '9';
  return is_number(c) || is_in(kNewNumbers17, c);
}

bool is_word(char32_t c) {
  const bool known = u_hasBinaryProperty(UChar32(c), UCHAR_ALPHABETIC) ||
                     has_category(c, U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK) || c == 0x200C ||
                     c == 0x200D;
  return (known && is_known_to(c, kPatternVersion)) || is_in(kNewWords, c);
}

bool is_mark(char32_t c) {
  if (c < 0x300 || c == 0x111C9) return false;  // U+111C9 became a mark later
  if (c == 0x1CF2 || c == 0x1CF3) return true;  // these were marks then
  return has_category(c, U_GC_M_MASK) && is_known_to(c, kNormalizationVersion);
}

bool is_bert_punctuation(char32_t c) {
  if (c < 0x80) return c > ' ' && c < 0x7F && !u_isalnum(UChar32(c));
  if (c == 0x166D || c == 0x111C9) return true;  // other classes since
  return has_category(c, U_GC_P_MASK) && is_known_to(c, kBertVersion);
}

bool is_bert_control(char32_t c) {
  return has_category(c, U_GC_CC_MASK | U_GC_CF_MASK | U_GC_CO_MASK) &&
         is_known_to(c, kBertVersion);
}

bool is_bert_accent(char32_t c) {
  if (c < 0x300 || c == 0x1885 || c == 0x1886 || c == 0xA9BD || c == 0x111C9) return false;
  if (c == 0x1734) return true;
  return has_category(c, U_GC_MN_MASK) && is_known_to(c, kBertVersion);
}

bool is_bert_ideograph(char32_t c) {
  // The sixth block begins at U+2B920 in the reference, where the standard has U+2B820.
  constexpr CodeRange blocks[] = {{0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xF900, 0xFAFF},
                                  {0x20000, 0x2A6DF}, {0x2A700, 0x2B73F}, {0x2B740, 0x2B81F},
                                  {0x2B920, 0x2CEAF}, {0x2F800, 0x2FA1F}};
  return c >= 0x3400 && is_in(blocks, c);
}

void append_lowercase(char32_t c, std::u32string& out) {
  if (c == 0x130) return out.append({U'i', char32_t(0x307)}), void();
  if (c >= 0x1C89)
    for (const CaseRange& range : kNewLowercase)
      if (c >= range.first && c <= range.last)
        return out.push_back(range.lower + (c - range.first));
  out.push_back(char32_t(u_tolower(UChar32(c))));
}

bool has_boundary_before(NormalForm form, char32_t c) {
  if (c < 0x300) return true;
  const UNormalizer2* forms = instance(form == NormalForm::nfkc || form == NormalForm::nfkd);
  return unorm2_hasBoundaryBefore(forms, UChar32(c)) != 0;
}

void normalize(NormalForm form, std::u32string& text) {
  const UNormalizer2* forms = instance(form == NormalForm::nfkc || form == NormalForm::nfkd);
  std::u32string parts;
  parts.reserve(text.size());
  for (const char32_t c : text) append_decomposition(forms, c, parts);
  order_marks(parts);
  if (form == NormalForm::nfc || form == NormalForm::nfkc) compose(forms, parts);
  text.swap(parts);
}

}  // namespace temper
