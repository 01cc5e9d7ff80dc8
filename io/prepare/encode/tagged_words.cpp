#include "io/prepare/encode/tagged_words.hpp"

#include <algorithm>

namespace temper {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::string tag_tokens(const std::vector<std::string>& words, const std::vector<Extent>& offsets,
                       bool cut, std::vector<std::int32_t>& tags) {
  std::vector<std::int64_t> begins;
  std::int64_t at = 0;
  for (const std::string& word : words) {
    begins.push_back(at);
    at += std::int64_t(word.size()) + 1;
  }
  std::vector<bool> tagged(words.size(), false);
  tags.assign(offsets.size(), -1);
  for (std::size_t t = 0; t < offsets.size(); ++t) {
    if (offsets[t].begin == offsets[t].end) continue;
    // A token may hold the space before its word: its last byte tells the word.
    const auto next = std::upper_bound(begins.begin(), begins.end(), offsets[t].end - 1);
    const auto word = std::size_t(next - begins.begin()) - 1;
    if (tagged[word]) continue;
    tagged[word] = true;
    tags[t] = std::int32_t(word);
  }
  const auto bare = std::find(tagged.begin(), tagged.end(), false);
  if (cut || bare == tagged.end()) return "";
  const auto index = std::size_t(bare - tagged.begin());
  return "word " + std::to_string(index + 1) + " (\"" + words[index].substr(0, 40) +
         "\") has no token of its own";
}

}  // namespace temper
