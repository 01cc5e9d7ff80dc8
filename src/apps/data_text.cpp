#include "apps/data_text.hpp"

#include <algorithm>
#include <cstdio>
#include <numeric>

namespace temper {

namespace {

constexpr std::size_t kWidth = 80, kBarWidth = 40, kLengthBars = 12, kShownClasses = 40;

template <class... Values>
std::string format(const char* pattern, Values... values) {
  char text[256];
  std::snprintf(text, sizeof text, pattern, values...);
  return text;
}

// As many columns as its share of the largest; something for everything that is there.
std::string bar_of(std::int64_t count, std::int64_t largest) {
  if (count == 0 || largest == 0) return "";
  return std::string(
      std::max<std::size_t>(1, std::size_t(double(count) / double(largest) * double(kBarWidth))),
      '#');
}

// One line of at most `width` bytes, never cut inside a character; control characters as blanks.
std::string one_line(std::string text, std::size_t width) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  if (text.size() <= width) return text;
  std::size_t end = width - 2;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "..";
}

std::string splits_text(const StoreCard& card) {
  std::string text =
      format("%-6s %12s %12s %8s %8s", "split", "documents", "tokens", "mean", "longest");
  const bool learned = std::any_of(card.splits.begin(), card.splits.end(),
                                   [](const auto& split) { return split.trained_tokens > 0; });
  text += learned ? format(" %12s %6s\n", "learned", "share") : "\n";
  for (const StoreCard::Split& split : card.splits) {
    text += format("%-6s %12lld %12lld %8.1f %8lld", split.name.c_str(),
                   static_cast<long long>(split.documents), static_cast<long long>(split.tokens),
                   split.documents > 0 ? double(split.tokens) / double(split.documents) : 0.0,
                   static_cast<long long>(split.longest));
    text += learned ? format(" %12lld %5.1f%%\n", static_cast<long long>(split.trained_tokens),
                             100.0 * double(split.trained_tokens) /
                                 double(std::max<std::int64_t>(split.tokens, 1)))
                    : "\n";
  }
  return text;
}

std::string lengths_text(const StoreCard::Split& split) {
  const std::size_t longest = split.length_counts.size();
  if (longest == 0) return "";
  const std::size_t step = (longest + kLengthBars - 1) / kLengthBars;
  std::vector<std::int64_t> bins((longest + step - 1) / step);
  for (std::size_t length = 0; length < longest; ++length)
    bins[length / step] += split.length_counts[length];
  const std::int64_t largest = *std::max_element(bins.begin(), bins.end());
  std::string text = "\ntokens of a row (" + split.name + ")\n";
  const auto shortest =
      std::find_if(bins.begin(), bins.end(), [](auto count) { return count > 0; });
  for (auto bin = std::size_t(shortest - bins.begin()); bin < bins.size(); ++bin) {
    const std::string range =
        step == 1 ? std::to_string(bin)
                  : std::to_string(bin * step) + "-" + std::to_string((bin + 1) * step - 1);
    text += format("%11s %9lld ", range.c_str(), static_cast<long long>(bins[bin])) +
            bar_of(bins[bin], largest) + "\n";
  }
  return text;
}

std::string classes_text(const StoreCard& card) {
  const StoreCard::Split& split = card.splits.front();
  if (card.label_names.empty() || split.class_counts.empty()) return "";
  const std::int64_t largest =
      *std::max_element(split.class_counts.begin(), split.class_counts.end());
  const std::int64_t all =
      std::accumulate(split.class_counts.begin(), split.class_counts.end(), std::int64_t{0});
  std::string text = "\nclasses (" + split.name + ")\n";
  for (std::size_t c = 0; c < card.label_names.size() && c < kShownClasses; ++c) {
    const std::int64_t count = c < split.class_counts.size() ? split.class_counts[c] : 0;
    text +=
        format("%3zu %-18s %8lld %5.1f%% ", c, one_line(card.label_names[c], 18).c_str(),
               static_cast<long long>(count), all > 0 ? 100.0 * double(count) / double(all) : 0.0) +
        bar_of(count, largest) + "\n";
  }
  if (card.label_names.size() > kShownClasses)
    text +=
        format("... and %zu more (--json shows them)\n", card.label_names.size() - kShownClasses);
  return text;
}

std::int64_t count_in(const Json& object, const char* key) {
  return object.is_object() && object.contains(key) && object[key].is_number_integer()
             ? object[key].get<std::int64_t>()
             : 0;
}

std::string cleaning_text(const Json& cleaning) {
  std::string text = format("\ncleaning: %lld rows read, %lld kept, %lld broken\n",
                            static_cast<long long>(count_in(cleaning, "rows")),
                            static_cast<long long>(count_in(cleaning, "kept")),
                            static_cast<long long>(count_in(cleaning, "bad_rows")));
  for (const Json& step : cleaning.value("steps", Json::array()))
    text += format("  %-28s %9lld changed %9lld dropped\n", step.value("step", "").c_str(),
                   static_cast<long long>(count_in(step, "changed")),
                   static_cast<long long>(count_in(step, "dropped")));
  const std::pair<const char*, const char*> counts[] = {
      {"cut_to_max_length", "rows cut to max_length"},
      {"learned_tokens_cut", "learned tokens cut away"},
      {"straddling_tokens", "tokens over the edge of what is learned"},
      {"repeated_rows", "rows that repeat another"},
      {"leaks_dropped", "rows dropped that another split holds"},
      {"rows_of_groups_across_splits", "rows of groups across splits"}};
  for (const auto& [key, words] : counts)
    if (const std::int64_t count = count_in(cleaning, key); count > 0)
      text += format("  %-46s %9lld\n", words, static_cast<long long>(count));
  const Json conflicts = cleaning.value("label_conflicts", Json::object());
  if (const std::int64_t texts = count_in(conflicts, "texts"); texts > 0)
    text +=
        format("  %-46s %9lld\n", "texts with more than one label", static_cast<long long>(texts));
  const Json overlap = cleaning.value("overlap", Json::object());
  for (const auto& [pair, count] : overlap.items())
    if (count.is_number_integer() && count.get<std::int64_t>() > 0)
      text += format("  rows shared by %-31s %9lld\n", pair.c_str(),
                     static_cast<long long>(count.get<std::int64_t>()));
  return text;
}

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// A document as the model sees it: [[ ]] around what is learned.
std::string segments_text(const Json& sample) {
  std::string text;
  for (const Json& segment : sample["segments"]) {
    const std::string part = text_of(segment.value("text", Json("")));
    text += segment.value("learned", false) ? "[[" + part + "]]" : part;
  }
  std::string lines = "\n  " + text_of(sample["split"]) + "  " + text_of(sample["id"]) + "  " +
                      sample["learned_tokens"].dump() + " of " + sample["tokens"].dump() +
                      " tokens learned\n    ";
  for (const char c : text)
    if (c == '\n')
      lines += "\n    ";
    else
      lines += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  while (lines.ends_with(' ') || lines.ends_with('\n')) lines.pop_back();
  return lines + "\n";
}

std::string samples_text(const Json& inspected) {
  const Json samples = inspected.value("samples", Json::array());
  if (!samples.is_array() || samples.empty()) return "";
  std::string text = "\nsamples\n";
  for (const Json& sample : samples) {
    if (sample.is_object() && sample.contains("segments")) {
      text += segments_text(sample);
      continue;
    }
    std::string line;
    for (const char* key : {"split", "id", "label_name", "value", "text"})
      if (sample.is_object() && sample.contains(key) && !sample[key].is_null())
        line += (line.empty() ? "" : "  ") + text_of(sample[key]);
    text += "  " + one_line(line.empty() ? sample.dump() : line, kWidth - 2) + "\n";
  }
  return text;
}

}  // namespace

std::string data_text(const std::string& path, const StoreCard& card, const Json& inspected) {
  std::string text = "token store " + path + "\n" + splits_text(card);
  if (!card.splits.empty()) text += lengths_text(card.splits.front()) + classes_text(card);
  return text + cleaning_text(card.cleaning) + samples_text(inspected);
}

}  // namespace temper
