#include "plan/gguf_reader.hpp"

namespace temper {

namespace {

// Strings become JSON, which has to be UTF-8 (RFC 3629: no surrogates, no overlong forms).
bool is_utf8(std::string_view text) {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const auto* end = at + text.size();
  while (at < end) {
    if (*at < 0x80) {
      ++at;
      continue;
    }
    const int more = *at >= 0xC2 && *at < 0xE0   ? 1
                     : *at >= 0xE0 && *at < 0xF0 ? 2
                     : *at >= 0xF0 && *at < 0xF5 ? 3
                                                 : 0;
    if (more == 0 || end - at <= more) return false;
    const unsigned char low = *at == 0xE0 ? 0xA0 : *at == 0xF0 ? 0x90 : 0x80;
    const unsigned char high = *at == 0xED ? 0x9F : *at == 0xF4 ? 0x8F : 0xBF;
    if (at[1] < low || at[1] > high) return false;
    for (int i = 2; i <= more; ++i)
      if ((at[i] & 0xC0) != 0x80) return false;
    at += more + 1;
  }
  return true;
}

std::uint64_t size_of(GgufType type) {
  switch (type) {
    case GgufType::u8:
    case GgufType::i8:
    case GgufType::boolean:
      return 1;
    case GgufType::u16:
    case GgufType::i16:
      return 2;
    case GgufType::u32:
    case GgufType::i32:
    case GgufType::f32:
      return 4;
    case GgufType::u64:
    case GgufType::i64:
    case GgufType::f64:
    case GgufType::string:  // its length
      return 8;
    case GgufType::array:
      break;
  }
  return 0;  // nested, or no type of the format
}

}  // namespace

std::string GgufReader::string(const std::string& what, std::uint64_t longest) {
  const auto length = scalar<std::uint64_t>(what);
  if (length > left()) truncated(what + " of " + std::to_string(length) + " bytes");
  if (length > longest)
    fail(what, "is a name of " + std::to_string(length) + " bytes",
         "at most " + std::to_string(longest) + " are sensible");
  std::string text(bytes_.substr(at_, length));
  at_ += length;
  if (!is_utf8(text)) fail(what, "is no UTF-8", "");
  return text;
}

GgufValue GgufReader::value(const std::string& key) {
  GgufValue value;
  value.type = GgufType(scalar<std::uint32_t>(key));
  if (value.type == GgufType::array)
    array(key, value);
  else if (value.type == GgufType::string)
    value.held = string(key);
  else if (value.type == GgufType::f32 || value.type == GgufType::f64)
    value.held = real(key, value.type);
  else
    value.held = integer(key, value.type);
  return value;
}

std::uint64_t GgufReader::checked_count(const std::string& what, std::uint64_t count,
                                        std::uint64_t least) const {
  if (count > left() / least)
    fail(what, "announces " + std::to_string(count) + " entries",
         "only " + std::to_string(left()) + " bytes follow");
  return count;
}

void GgufReader::fail(const std::string& what, const std::string& wrong,
                      const std::string& why) const {
  throw BadInput(Problem{file_ + ": " + what, wrong, why, ""});
}

void GgufReader::truncated(const std::string& what) const {
  throw BadInput(
      Problem{file_, "ends inside " + what, "it is truncated or damaged", "Copy it again?"});
}

std::int64_t GgufReader::integer(const std::string& key, GgufType type) {
  switch (type) {
    case GgufType::u8:
      return scalar<std::uint8_t>(key);
    case GgufType::boolean: {
      const auto byte = scalar<std::uint8_t>(key);
      if (byte > 1) fail(key, "is a boolean of value " + std::to_string(byte), "");
      return byte;
    }
    case GgufType::i8:
      return scalar<std::int8_t>(key);
    case GgufType::u16:
      return scalar<std::uint16_t>(key);
    case GgufType::i16:
      return scalar<std::int16_t>(key);
    case GgufType::u32:
      return scalar<std::uint32_t>(key);
    case GgufType::i32:
      return scalar<std::int32_t>(key);
    case GgufType::u64:
      return std::int64_t(scalar<std::uint64_t>(key));
    case GgufType::i64:
      return scalar<std::int64_t>(key);
    default:
      fail(key, "has value type " + std::to_string(std::uint32_t(type)),
           "GGUF knows types 0 to 12");
  }
}

double GgufReader::real(const std::string& key, GgufType type) {
  return type == GgufType::f32 ? double(scalar<float>(key)) : scalar<double>(key);
}

void GgufReader::array(const std::string& key, GgufValue& value) {
  value.element = GgufType(scalar<std::uint32_t>(key));
  const auto announced = scalar<std::uint64_t>(key);
  const std::uint64_t least = size_of(value.element);
  if (least == 0)
    fail(key,
         "is an array of " + (value.element == GgufType::array
                                  ? "arrays"
                                  : "type " + std::to_string(std::uint32_t(value.element))),
         "not supported");
  const std::uint64_t count = checked_count(key, announced, least);
  const auto fill = [&]<class T>(std::vector<T> all, const auto& read) {
    all.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i) all.push_back(read());
    value.held = std::move(all);
  };
  if (value.element == GgufType::string)
    fill(std::vector<std::string>{}, [&] { return string(key); });
  else if (value.element == GgufType::f32 || value.element == GgufType::f64)
    fill(std::vector<double>{}, [&] { return real(key, value.element); });
  else
    fill(std::vector<std::int64_t>{}, [&] { return integer(key, value.element); });
}

}  // namespace temper
