// Numbers and text for people: sensible digits, units, escapes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace temper {

// What stands in for a number that is not known.
inline constexpr const char* kDash = "\xe2\x80\x93";

// &, <, >, quotes and control characters made harmless in HTML text and attributes.
std::string html_escaped(std::string_view text);
// Tabs and line ends become spaces: one cell of a TSV file.
std::string tsv_escaped(std::string_view text);

// So many significant digits, without trailing zeros; 0.0002, 1.2e-09, 12345.
std::string number_text(double value, int digits = 4);
std::string fixed_text(double value, int decimals);
// 88.4 % from 0.884.
std::string percent_text(double share, int decimals = 1);
// +1.2 from 0.012: a difference of two percentages.
std::string points_text(double difference, int decimals = 1);
// 12,345.
std::string count_text(std::int64_t value);
// "p = 0.003", "p < 0.0001".
std::string p_text(double p);
std::string bytes_text(double bytes);
std::string date_text(std::string_view iso8601);

// Whether a metric ("test/macro_f1") is a share of 1 that reads best in percent.
bool is_share(std::string_view metric);
// "macro-F1" of "test/macro_f1".
std::string metric_name(std::string_view metric);
// Whether more of it is better, as the manifest's objective assumes.
bool more_is_better_of(std::string_view metric);
// The value as `is_share` wants it.
std::string metric_text(std::string_view metric, double value);
// "88.4 % (87.7 to 89.1)"; without the brackets where there is no interval.
std::string metric_text(std::string_view metric, double value, double low, double high);

}  // namespace temper
