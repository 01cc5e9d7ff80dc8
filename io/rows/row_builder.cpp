#include "io/rows/row_builder.hpp"

#include "io/rows/conversations.hpp"
#include "io/rows/values.hpp"

namespace temper {

namespace {

using Element = simdjson::dom::element;

std::string in_quotes(std::string_view word) { return "\"" + std::string(word) + "\""; }

// A problem with a column.
std::string of(const WantedColumn& column, const std::string& what) {
  return in_quotes(column.name) + " " + what;
}

}  // namespace

std::string* RowBuilder::text_target(ColumnRole role, Row& row) {
  switch (role) {
    case ColumnRole::text:
    case ColumnRole::prompt:
      return &row.text;
    case ColumnRole::text_pair:
    case ColumnRole::completion:
      return &row.text_pair;
    case ColumnRole::id:
      return &row.id;
    case ColumnRole::group:
      return &row.group;
    case ColumnRole::instruction:
      return &parts_[kInstruction];
    case ColumnRole::input:
      return &parts_[kInput];
    case ColumnRole::output:
      return &parts_[kOutput];
    case ColumnRole::system:
      return &parts_[kSystem];
    default:
      return nullptr;
  }
}

std::string RowBuilder::take_label_text(const WantedColumn& column, std::string_view word,
                                        bool integer, Row& row) {
  if (task_ == RowTask::regression)
    return parse_value(word, row.value)
               ? ""
               : of(column, "is " + in_quotes(word.substr(0, 40)) + ", which is no number");
  if (word.empty()) return of(column, "is empty");
  row.label = word;
  row.label_is_integer = integer;
  return "";
}

std::string RowBuilder::take_label(const WantedColumn& column, const Element& value, Row& row) {
  using Type = simdjson::dom::element_type;
  switch (value.type()) {
    case Type::STRING: {
      const std::string_view word = value.get_string().value_unsafe();
      if (word.find('\0') != std::string_view::npos)
        return of(column, "holds the character U+0000");
      return take_label_text(column, word, false, row);
    }
    case Type::INT64:
    case Type::UINT64:
      return take_label_text(column, integer_text(value), true, row);
    case Type::DOUBLE:
      row.value = value.get_double().value_unsafe();
      return task_ == RowTask::regression
                 ? ""
                 : of(column, "is a fraction; a class is a text or an integer");
    case Type::BOOL:
      if (task_ == RowTask::regression) break;
      return take_label_text(column, value.get_bool().value_unsafe() ? "true" : "false", false,
                             row);
    default:
      break;
  }
  return of(column, "is " + excerpt_of(value) + ", which is no label");
}

std::string RowBuilder::take_text(const WantedColumn& column, const Element& value, Row& row) {
  using Type = simdjson::dom::element_type;
  const ColumnRole role = column.role;
  if (value.type() == Type::STRING) {
    const std::string_view word = value.get_string().value_unsafe();
    if (word.find('\0') != std::string_view::npos) return of(column, "holds the character U+0000");
    text_target(role, row)->assign(word);
    return "";
  }
  const bool names = role == ColumnRole::id || role == ColumnRole::group;
  if (names && (value.type() == Type::INT64 || value.type() == Type::UINT64))
    return text_target(role, row)->assign(integer_text(value)), "";
  return of(column, "is " + excerpt_of(value) + ", which is no text");
}

std::string RowBuilder::take_list(const WantedColumn& column, const Element& value, Row& row) {
  std::string wrong;
  switch (column.role) {
    case ColumnRole::conversations:
      wrong = read_sharegpt(value, row.messages);
      break;
    case ColumnRole::history:
      wrong = read_history(value, row.messages);
      break;
    case ColumnRole::tools:
      row.tools = json_of(value);
      if (!row.tools.is_array()) wrong = "is no list of tools";
      break;
    case ColumnRole::words:
      wrong = read_words(value, row.words);
      break;
    case ColumnRole::tags:
      wrong = read_tags(value, row.tags, row.tags_are_integers);
      break;
    default:
      wrong = read_messages(value, row.messages);
      if (column.role == ColumnRole::prompt) row.given_messages = row.messages.size();
  }
  return wrong.empty() ? "" : of(column, wrong);
}

std::string RowBuilder::take(const WantedColumn& column, const Element& value, Row& row) {
  if (!column.required && value.is_null()) return "";
  if (column.role == ColumnRole::label) return take_label(column, value, row);
  const bool either = column.role == ColumnRole::prompt || column.role == ColumnRole::completion;
  if (is_list(column.role) || (either && value.is_array())) return take_list(column, value, row);
  return take_text(column, value, row);
}

// What columns make together.
std::string RowBuilder::finish(Row& row) {
  const auto first = [&](const std::string& role, const std::string& content) {
    row.messages.insert(row.messages.begin(), message_of(role, content));
  };
  if (form_ == RowForm::alpaca) {
    const std::string& input = parts_[kInput];
    row.messages.push_back(
        message_of("user", parts_[kInstruction] + (input.empty() ? "" : "\n" + input)));
    row.messages.push_back(message_of("assistant", parts_[kOutput]));
  }
  if (!parts_[kSystem].empty()) first("system", parts_[kSystem]);
  if (form_ == RowForm::prompt_completion && !row.messages.empty() &&
      (row.given_messages == 0 || row.given_messages == row.messages.size()))
    return "has messages on one side of prompt and completion and a text on the other";
  if (form_ == RowForm::words && row.words.size() != row.tags.size())
    return "has " + std::to_string(row.words.size()) + " words and " +
           std::to_string(row.tags.size()) + " labels";
  if (row.messages.empty())
    return row.tools.is_null() ? "" : "has tools beside texts; write messages to use them";
  return check_answers(row.messages, row.given_messages);
}

std::string RowBuilder::take_field(const WantedColumn& column, std::string& field, Row& row) {
  if (column.role == ColumnRole::label)
    return take_label_text(column, field, looks_like_integer(field), row);
  std::swap(*text_target(column.role, row), field);
  return "";
}

}  // namespace temper
