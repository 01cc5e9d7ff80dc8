#include "analysis/text_scores.hpp"

#include <algorithm>
#include <map>
#include <sstream>

namespace temper {

namespace {

bool is_punctuation(unsigned char c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
         (c >= '{' && c <= '~');
}
bool is_letter_or_digit(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
char lowered(char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; }

std::vector<std::string> split_at_spaces(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

template <class Unit>
std::map<Unit, std::int64_t> counted(const std::vector<Unit>& units) {
  std::map<Unit, std::int64_t> counts;
  for (const Unit& unit : units) ++counts[unit];
  return counts;
}

// How many units both have, each as often as the one that has fewer.
template <class Unit>
std::int64_t common(const std::vector<Unit>& a, const std::vector<Unit>& b) {
  const auto in_a = counted(a), in_b = counted(b);
  std::int64_t same = 0;
  for (const auto& [unit, count] : in_a)
    if (const auto found = in_b.find(unit); found != in_b.end())
      same += std::min(count, found->second);
  return same;
}

PrecisionRecallF1 overlap(std::int64_t same, std::size_t predicted, std::size_t wanted) {
  const double precision = predicted > 0 ? double(same) / double(predicted) : 0;
  const double recall = wanted > 0 ? double(same) / double(wanted) : 0;
  const double sum = precision + recall;
  return {
      .precision = precision, .recall = recall, .f1 = sum > 0 ? 2 * precision * recall / sum : 0};
}

using Words = std::vector<std::string>;

std::vector<Words> n_grams(const Words& words, int n) {
  std::vector<Words> grams;
  for (std::size_t i = 0; i + std::size_t(n) <= words.size(); ++i)
    grams.emplace_back(words.begin() + std::ptrdiff_t(i), words.begin() + std::ptrdiff_t(i) + n);
  return grams;
}

std::int64_t longest_common_subsequence(const Words& a, const Words& b) {
  std::vector<std::int64_t> above(b.size() + 1, 0), row(b.size() + 1, 0);
  for (const std::string& word : a) {
    for (std::size_t j = 0; j < b.size(); ++j)
      row[j + 1] = word == b[j] ? above[j] + 1 : std::max(above[j + 1], row[j]);
    above = row;
  }
  return above.back();
}

}  // namespace

std::string normalized_answer(std::string_view text) {
  std::string plain;
  for (const char c : text)
    if (!is_punctuation(static_cast<unsigned char>(c))) plain += lowered(c);
  std::string joined;
  for (const std::string& word : split_at_spaces(plain))
    if (word != "a" && word != "an" && word != "the") joined += (joined.empty() ? "" : " ") + word;
  return joined;
}

bool exact_match(std::string_view prediction, std::string_view reference) {
  return normalized_answer(prediction) == normalized_answer(reference);
}

double token_f1(std::string_view prediction, std::string_view reference) {
  const Words predicted = split_at_spaces(normalized_answer(prediction)),
              wanted = split_at_spaces(normalized_answer(reference));
  if (predicted.empty() || wanted.empty()) return predicted.empty() && wanted.empty() ? 1 : 0;
  return overlap(common(predicted, wanted), predicted.size(), wanted.size()).f1;
}

std::vector<std::string> rouge_words(std::string_view text) {
  Words words;
  bool inside = false;
  for (const char raw : text) {
    const char c = lowered(raw);
    const bool belongs = is_letter_or_digit(static_cast<unsigned char>(c));
    if (belongs && !inside) words.emplace_back();
    if (belongs) words.back() += c;
    inside = belongs;
  }
  return words;
}

PrecisionRecallF1 rouge_n(std::string_view prediction, std::string_view reference, int n) {
  const std::vector<Words> predicted = n_grams(rouge_words(prediction), n),
                           wanted = n_grams(rouge_words(reference), n);
  return overlap(common(predicted, wanted), predicted.size(), wanted.size());
}

PrecisionRecallF1 rouge_l(std::string_view prediction, std::string_view reference) {
  const Words predicted = rouge_words(prediction), wanted = rouge_words(reference);
  return overlap(longest_common_subsequence(predicted, wanted), predicted.size(), wanted.size());
}

}  // namespace temper
