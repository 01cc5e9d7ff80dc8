// Values as Python prints them and as json.dumps writes them.
#include <unicode/uchar.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "text/jinja/value.hpp"
#include "text/tokenizer/unicode.hpp"

namespace temper::jinja {

namespace {

std::string hex_escape(const char* prefix, char32_t c, int digits) {
  std::string result(prefix);
  for (int digit = digits - 1; digit >= 0; --digit)
    result += "0123456789abcdef"[c >> (4 * digit) & 15];
  return result;
}

// The character as repr() writes it between `quote`s.
std::string repr_of(char32_t c, char quote) {
  if (c == '\n') return "\\n";
  if (c == '\r') return "\\r";
  if (c == '\t') return "\\t";
  if (c == '\\' || c == char32_t(quote)) return std::string("\\") + char(c);
  if (const int type = u_charType(UChar32(c));
      c != ' ' && (type == U_UNASSIGNED || (type >= U_SPACE_SEPARATOR && type <= U_SURROGATE)))
    return c < 0x100     ? hex_escape("\\x", c, 2)
           : c < 0x10000 ? hex_escape("\\u", c, 4)
                         : hex_escape("\\U", c, 8);
  std::string result;
  append_utf8(c, result);
  return result;
}

std::string json_of(char32_t c, bool ensure_ascii) {
  static constexpr std::string_view kPlain = "\"\\\b\f\n\r\t", kLetters = "\"\\bfnrt";
  if (const std::size_t at = c < 0x80 ? kPlain.find(char(c)) : kPlain.npos; at != kPlain.npos)
    return std::string("\\") + kLetters[at];
  if (c < 0x20 || (ensure_ascii && c >= 0x7F && c < 0x10000)) return hex_escape("\\u", c, 4);
  if (ensure_ascii && c >= 0x10000)
    return hex_escape("\\u", 0xD800 + ((c - 0x10000) >> 10), 4) +
           hex_escape("\\u", 0xDC00 + ((c - 0x10000) & 0x3FF), 4);
  std::string result;
  append_utf8(c, result);
  return result;
}

template <class Escape>
void write_quoted(Budget& budget, const Text& text, char quote, Escape escape, Text& out) {
  out.append({&quote, 1}, kTemplate);
  for (std::size_t at = 0; at < text.size();) {
    const Origin origin = text.origins[at];
    const char32_t c = next_code_point(text.bytes, at);
    budget.spend(4);
    out.append(escape(c), origin);
  }
  out.append({&quote, 1}, kTemplate);
}

void write_repr(Budget& budget, const Value& value, Text& out) {
  budget.spend_elements();
  if (const auto* text = value.as<Text>()) {
    const bool both =
        text->bytes.find('\'') != std::string::npos && text->bytes.find('"') == std::string::npos;
    const char quote = both ? '"' : '\'';
    write_quoted(
        budget, *text, quote, [&](char32_t c) { return repr_of(c, quote); }, out);
  } else if (const auto* sequence = value.as<Sequence>()) {
    const bool tuple = sequence->kind == SequenceKind::tuple;
    out.append(tuple ? "(" : "[", kTemplate);
    for (std::size_t i = 0; i < sequence->items.size(); ++i) {
      if (i) out.append(", ", kTemplate);
      write_repr(budget, sequence->items[i], out);
    }
    out.append(tuple ? sequence->items.size() == 1 ? ",)" : ")" : "]", kTemplate);
  } else if (const auto* dict = value.as<Dict>()) {
    out.append("{", kTemplate);
    for (std::size_t i = 0; i < dict->items.size(); ++i) {
      if (i) out.append(", ", kTemplate);
      write_repr(budget, dict->items[i].first, out);
      out.append(": ", kTemplate);
      write_repr(budget, dict->items[i].second, out);
    }
    out.append("}", kTemplate);
  } else {
    out.append(value.undefined() ? Text("Undefined") : to_text(budget, value));
  }
}

}  // namespace

// repr(float): the shortest digits that read back, an exponent from 1e16 and below 1e-4.
std::string number_text(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  char buffer[32];
  const double size = std::abs(number);
  const bool plain = size == 0 || (size >= 1e-4 && size < 1e16);
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific);
  std::string text(buffer, end.ptr);
  if (plain && text.find('.') == std::string::npos) text += ".0";
  return text;
}

Text to_text(Budget& budget, const Value& value) {
  if (const auto* text = value.as<Text>()) return *text;
  if (const auto* flag = value.as<bool>()) return Text(*flag ? "True" : "False");
  if (const auto* whole = value.as<std::int64_t>()) return Text(std::to_string(*whole));
  if (const auto* real = value.as<double>()) return Text(number_text(*real));
  if (value.undefined()) return Text();
  if (value.as<None>()) return Text("None");
  if (!value.as<Sequence>() && !value.as<Dict>()) return Text("<" + type_name(value) + ">");
  Text out;
  write_repr(budget, value, out);
  return out;
}

void write_json(Budget& budget, const Value& value, const JsonStyle& style, int level, Text& out) {
  budget.spend_elements();
  const auto put = [&](std::string_view text) { out.append(text, kTemplate); };
  const auto new_line = [&](int depth) {
    if (!style.lines) return;
    put("\n");
    for (int i = 0; i < depth; ++i) budget.add(out, Text(style.indent));
  };
  const auto write_all = [&](const char* brackets, const auto& items, auto write) {
    put({brackets, 1});
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i) put(style.item_separator);
      new_line(level + 1);
      write(items[i]);
    }
    if (!items.empty()) new_line(level);
    put({brackets + 1, 1});
  };
  if (const auto* text = value.as<Text>()) {
    write_quoted(
        budget, *text, '"', [&](char32_t c) { return json_of(c, style.ensure_ascii); }, out);
  } else if (const auto* real = value.as<double>()) {
    put(std::isnan(*real)    ? "NaN"
        : !std::isinf(*real) ? number_text(*real)
        : *real < 0          ? "-Infinity"
                             : "Infinity");
  } else if (const auto* flag = value.as<bool>()) {
    put(*flag ? "true" : "false");
  } else if (value.as<None>() || value.as<std::int64_t>()) {
    put(value.as<None>() ? "null" : to_text(budget, value).bytes);
  } else if (const auto* sequence = value.as<Sequence>();
             sequence && sequence->kind < SequenceKind::view) {
    write_all("[]", sequence->items,
              [&](const Value& item) { write_json(budget, item, style, level + 1, out); });
  } else if (const auto* dict = value.as<Dict>()) {
    Pairs items = dict->items;
    if (style.sort_keys)
      std::stable_sort(items.begin(), items.end(), [&](const auto& a, const auto& b) {
        return less(budget, a.first, b.first);
      });
    write_all("{}", items, [&](const auto& pair) {
      Text key;  // keys that are no strings are written as JSON in quotes
      write_json(budget, pair.first, style, level, key);
      budget.add(out, pair.first.template as<Text>() ? key : Text("\"" + key.bytes + "\""));
      put(style.key_separator);
      write_json(budget, pair.second, style, level + 1, out);
    });
  } else {
    throw TemplateError(type_name(value) + " is not JSON serializable");
  }
}

}  // namespace temper::jinja
