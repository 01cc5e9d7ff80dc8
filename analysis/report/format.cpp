#include "analysis/report/format.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace temper {
namespace {

std::string printed(const char* format, int digits, double value) {
  std::array<char, 400> buffer;
  std::snprintf(buffer.data(), buffer.size(), format, digits, value);
  return buffer.data();
}

std::string_view last_part(std::string_view metric) {
  const auto slash = metric.rfind('/');
  return slash == std::string_view::npos ? metric : metric.substr(slash + 1);
}

}  // namespace

std::string html_escaped(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        // No control character but tab and line end is legal in HTML.
        if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t')
          escaped += c;
        else
          escaped += "\xef\xbf\xbd";
    }
  return escaped;
}

std::string tsv_escaped(std::string_view text) {
  std::string cell(text);
  for (char& c : cell)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  return cell;
}

std::string number_text(double value, int digits) {
  if (std::isnan(value)) return kDash;
  const double size = std::abs(value);
  if (size >= 1e5 && size < 1e15) return count_text(std::llround(value));
  if (size > 0 && size < 1 && size >= 1e-4) {
    // %g would turn 0.00005 into 5e-05 early; fixed digits read better down to 0.0001.
    std::string text = fixed_text(value, digits - 1 - int(std::floor(std::log10(size))));
    while (text.back() == '0') text.pop_back();
    return text;
  }
  return printed("%.*g", digits, value);
}

std::string fixed_text(double value, int decimals) {
  return std::isnan(value) ? kDash : printed("%.*f", decimals, value);
}

std::string percent_text(double share, int decimals) {
  return std::isnan(share) ? kDash : fixed_text(100 * share, decimals) + "\xc2\xa0%";
}

std::string points_text(double difference, int decimals) {
  if (std::isnan(difference)) return kDash;
  std::string text = fixed_text(100 * difference, decimals);
  if (text.front() == '-') return "\xe2\x88\x92" + text.substr(1);
  return "+" + text;
}

std::string count_text(std::int64_t value) {
  std::string digits = std::to_string(value < 0 ? -value : value), text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return value < 0 ? "-" + text : text;
}

std::string p_text(double p) {
  if (std::isnan(p)) return kDash;
  if (p < 1e-4) return "p < 0.0001";
  return "p = " + number_text(p, 2);
}

std::string bytes_text(double bytes) {
  const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  int unit = 0;
  for (; bytes >= 1024 && unit < 4; ++unit) bytes /= 1024;
  return number_text(bytes, 3) + " " + units[unit];
}

std::string date_text(std::string_view iso8601) {
  if (iso8601.size() < 16 || iso8601[10] != 'T') return std::string(iso8601);
  return std::string(iso8601.substr(0, 10)) + " " + std::string(iso8601.substr(11, 5)) +
         (iso8601.back() == 'Z' ? " UTC" : "");
}

bool is_share(std::string_view metric) {
  const std::string_view name = last_part(metric);
  return name.find("accuracy") != name.npos || name.find("f1") != name.npos ||
         name.find("precision") != name.npos || name.find("recall") != name.npos ||
         name == "calibration_error" || name == "top_3";
}

bool more_is_better_of(std::string_view metric) {
  const std::string_view name = last_part(metric);
  for (const char* less :
       {"loss", "mse", "mae", "brier", "calibration_error", "perplexity", "bits_per_byte"})
    if (name.find(less) != name.npos) return false;
  return true;
}

std::string metric_name(std::string_view metric) {
  const std::string_view name = last_part(metric);
  static constexpr std::array<std::array<std::string_view, 2>, 18> kNames{
      {{"macro_f1", "macro-F1"},
       {"micro_f1", "micro-F1"},
       {"weighted_f1", "weighted F1"},
       {"macro_precision", "macro precision"},
       {"macro_recall", "macro recall"},
       {"balanced_accuracy", "balanced accuracy"},
       {"matthews", "Matthews correlation"},
       {"kappa", "Cohen's kappa"},
       {"log_loss", "log loss"},
       {"brier", "Brier score"},
       {"top_3", "top-3 accuracy"},
       {"calibration_error", "calibration error"},
       {"token_accuracy", "token accuracy"},
       {"bits_per_byte", "bits per byte"},
       {"mse", "mean squared error"},
       {"mae", "mean absolute error"},
       {"r2", "R\xc2\xb2"},
       {"pearson", "Pearson correlation"}}};
  for (const auto& [key, words] : kNames)
    if (key == name) return std::string(words);
  std::string words(name);
  for (char& c : words)
    if (c == '_') c = ' ';
  return words;
}

std::string metric_text(std::string_view metric, double value) {
  return is_share(metric) ? percent_text(value) : number_text(value, 3);
}

std::string metric_text(std::string_view metric, double value, double low, double high) {
  std::string text = metric_text(metric, value);
  if (std::isnan(low) || std::isnan(high)) return text;
  if (is_share(metric))
    return text + " (" + fixed_text(100 * low, 1) + " to " + fixed_text(100 * high, 1) + ")";
  return text + " (" + number_text(low, 3) + " to " + number_text(high, 3) + ")";
}

}  // namespace temper
