// The documents of one rank between reading and writing: columns, in the order of files and lines.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace temper {

// Texts end to end.
class TextColumn {
 public:
  void push_back(std::string_view text) {
    bytes_ += text;
    ends_.push_back(bytes_.size());
  }
  std::string_view operator[](std::size_t i) const {
    const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(bytes_).substr(begin, ends_[i] - begin);
  }
  std::size_t size() const { return ends_.size(); }

 private:
  std::string bytes_;
  std::vector<std::size_t> ends_;
};

// 128 bits of a text: equal texts have equal keys, and others practically never.
using TextKey = std::array<std::uint64_t, 2>;
TextKey text_key(std::string_view text);

struct Documents {
  std::vector<std::uint8_t> split;
  std::vector<std::uint32_t> file;
  std::vector<std::int64_t> line;
  std::vector<std::uint32_t> piece;  // of its row, from 0
  std::vector<std::uint32_t> label;  // index into `labels`; of a classification
  std::vector<double> value;         // of a regression
  std::vector<std::uint32_t> tokens, lengths;
  std::vector<std::uint8_t> types, marks;  // of text pairs; of language models
  std::vector<std::int32_t> token_labels;  // of each token: index into `labels`, -1: none
  std::vector<std::uint32_t> trained_bytes;
  std::vector<TextKey> text_keys, word_keys, group_keys;  // group_keys: with a group column only
  std::vector<TextKey> tag_keys;                          // of token classification: all labels
  TextColumn ids, words;  // ids: with an id column; words: of a classification
  std::vector<bool> dropped;

  std::vector<std::string> labels;  // as written, in the order they were met
  std::vector<bool> label_is_integer;
  std::unordered_map<std::string, std::uint32_t> label_index;

  // The place of a label among `labels`, where it is put when it is new.
  std::uint32_t label_number(const std::string& label_text, bool is_integer);
  std::size_t size() const { return split.size(); }
};

}  // namespace temper
