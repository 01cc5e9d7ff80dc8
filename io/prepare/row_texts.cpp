#include "io/prepare/row_texts.hpp"

#include <algorithm>

#include "text/cleaning.hpp"

namespace temper {

namespace {

constexpr char kBetween = '\x1F';

// Calls use(text) for each text of the row, and of messages use(role, text).
template <class Use>
void for_texts(const Row& row, Use&& use) {
  if (!row.messages.empty()) {
    for (const Json& message : row.messages) {
      const Json content = message.value("content", Json());
      if (content.is_string()) use(content.get_ref<const std::string&>());
    }
  } else if (!row.words.empty()) {
    for (const std::string& word : row.words) use(word);
  } else {
    use(row.text);
    if (!row.text_pair.empty()) use(row.text_pair);
  }
}

}  // namespace

std::vector<std::string*> texts_of(Row& row) {
  if (!row.words.empty()) return {};
  if (row.messages.empty()) return {&row.text, &row.text_pair};
  std::vector<std::string*> texts;
  for (Json& message : row.messages)
    if (message.contains("content") && message["content"].is_string())
      texts.push_back(message["content"].get_ptr<std::string*>());
  return texts;
}

std::string text_of(const Row& row) {
  std::string text;
  const char* between = row.words.empty() ? "\n" : " ";
  for_texts(row, [&](const std::string& each) { text += (text.empty() ? "" : between) + each; });
  return text;
}

bool is_empty(const Row& row, RowForm form) {
  if (form == RowForm::words) return false;
  if (row.messages.empty())
    return is_blank(form == RowForm::prompt_completion ? row.text_pair : row.text);
  return std::none_of(row.messages.begin(), row.messages.end(), [](const Json& message) {
    if (message["role"] != "assistant") return false;
    const Json content = message.value("content", Json());
    return message.contains("tool_calls") ||
           (content.is_string() && !is_blank(content.get_ref<const std::string&>()));
  });
}

std::int64_t characters_of(const Row& row) {
  std::int64_t characters = 0;
  for_texts(row, [&](const std::string& text) { characters += count_characters(text); });
  return characters;
}

std::string comparison_text(const Row& row) {
  std::string key;
  std::size_t texts = 0;
  for_texts(row, [&](const std::string& text) {
    if (texts++ > 0) key += kBetween;
    key += comparison_key(text);
  });
  return key;
}

std::string word_text(const Row& row) {
  std::string key;
  std::size_t texts = 0;
  for_texts(row, [&](const std::string& text) {
    if (texts++ > 0) key += kBetween;
    key += word_key(text);
  });
  return key;
}

}  // namespace temper
