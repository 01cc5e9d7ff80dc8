#include "apps/plan_format.hpp"

#include <array>
#include <cstdio>
#include <sstream>

namespace temper {

namespace {

constexpr std::size_t kColumns = 80;

std::string scaled(double value, double base, const std::vector<const char*>& units) {
  std::size_t unit = 0;
  while (value >= base && unit + 1 < units.size()) value /= base, ++unit;
  char text[64];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
  return text;
}

}  // namespace

std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  for (std::int64_t at = std::int64_t(digits.size()) - 3; at > (number < 0 ? 1 : 0); at -= 3)
    digits.insert(std::size_t(at), ",");
  return digits;
}

std::string bytes_text(std::int64_t bytes) {
  return scaled(double(bytes), 1024, {"B", "KiB", "MiB", "GiB", "TiB"});
}

std::string flops_text(double flops) {
  return scaled(flops, 1000, {"FLOP", "kFLOP", "MFLOP", "GFLOP", "TFLOP", "PFLOP", "EFLOP"});
}

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

std::string padded_left(std::string text, std::size_t width) {
  if (text.size() < width) text.insert(0, width - text.size(), ' ');
  return text;
}

std::string wrapped(const std::string& first, const std::string& text, std::size_t indent) {
  std::string all, line = first;
  std::istringstream words(text);
  bool fresh = true;
  for (std::string word; words >> word; fresh = false) {
    if (!fresh && line.size() + 1 + word.size() > kColumns) {
      all += line + "\n";
      line = std::string(indent, ' ') + word;
    } else {
      line += (fresh ? "" : " ") + word;
    }
  }
  return all + line + "\n";
}

}  // namespace temper
