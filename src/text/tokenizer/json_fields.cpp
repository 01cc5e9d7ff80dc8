#include "text/tokenizer/json_fields.hpp"

#include "core/problem.hpp"
#include "text/tokenizer/unicode.hpp"

namespace temper {

bool JsonFields::has(const char* key) const {
  const auto found = value_->find(key);
  return found != value_->end() && !found->is_null();
}

JsonFields JsonFields::child(const char* key) const {
  expect_object();
  const auto found = value_->find(key);
  if (found == value_->end()) fail(key, "missing");
  return JsonFields(*found, file_, path_.empty() ? key : path_ + "." + key);
}

JsonFields JsonFields::object(const char* key) const {
  JsonFields found = child(key);
  found.expect_object();
  return found;
}

std::vector<JsonFields> JsonFields::array(const char* key) const {
  const JsonFields found = child(key);
  if (!found.value_->is_array())
    fail(key, std::string("an array is needed, this is ") + found.value_->type_name());
  std::vector<JsonFields> elements;
  elements.reserve(found.value_->size());
  for (std::size_t i = 0; i < found.value_->size(); ++i)
    elements.emplace_back((*found.value_)[i], file_, found.path_ + "[" + std::to_string(i) + "]");
  return elements;
}

std::string JsonFields::text(const char* key) const { return child(key).as_text(); }

std::optional<std::string> JsonFields::maybe_text(const char* key) const {
  if (!has(key)) return std::nullopt;
  return text(key);
}

bool JsonFields::boolean(const char* key) const {
  const JsonFields found = child(key);
  if (!found.value_->is_boolean())
    fail(key, std::string("true or false is needed, this is ") + found.value_->type_name());
  return found.value_->get<bool>();
}

bool JsonFields::boolean(const char* key, bool otherwise) const {
  return has(key) ? boolean(key) : otherwise;
}

std::int64_t JsonFields::integer(const char* key, std::int64_t least, std::int64_t most) const {
  return child(key).as_integer(least, most);
}

std::int64_t JsonFields::integer(const char* key, std::int64_t least, std::int64_t most,
                                 std::int64_t otherwise) const {
  return has(key) ? integer(key, least, most) : otherwise;
}

void JsonFields::expect_object() const {
  if (!value_->is_object())
    fail("", std::string("an object is needed, this is ") + value_->type_name());
}

std::string JsonFields::as_text() const {
  if (!value_->is_string())
    fail("", std::string("a string is needed, this is ") + value_->type_name());
  std::string text = value_->get<std::string>();
  if (find_invalid_utf8(text)) fail("", "invalid UTF-8");
  return text;
}

std::int64_t JsonFields::as_integer(std::int64_t least, std::int64_t most) const {
  const bool fits = value_->is_number_unsigned()
                        ? value_->get<std::uint64_t>() <= std::uint64_t(INT64_MAX)
                        : value_->is_number_integer();
  if (!fits) fail("", "an integer is needed, this is " + value_->dump().substr(0, 40));
  const std::int64_t number = value_->get<std::int64_t>();
  if (number < least || number > most)
    fail("", std::to_string(number) + " is not in [" + std::to_string(least) + ", " +
                 std::to_string(most) + "]");
  return number;
}

void JsonFields::fail(const std::string& key, const std::string& what, const std::string& why,
                      const std::string& remedy) const {
  std::string place = path_;
  if (!key.empty()) place += (place.empty() ? "" : ".") + key;
  throw BadInput(Problem{place.empty() ? file_ : file_ + ": " + place, what, why, remedy});
}

}  // namespace temper
