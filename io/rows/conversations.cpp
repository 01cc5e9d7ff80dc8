#include "io/rows/conversations.hpp"

#include <algorithm>
#include <map>

#include "core/problem.hpp"

namespace temper {

namespace {

using Element = simdjson::dom::element;

const std::vector<std::string>& known_roles() {
  static const std::vector<std::string> roles{"system", "developer", "user",   "assistant",
                                              "tool",   "function",  "ipython"};
  return roles;
}

std::string place(std::size_t index) { return "message " + std::to_string(index + 1); }

std::string problem_of_role(const std::string& role, std::size_t index) {
  const std::vector<std::string>& roles = known_roles();
  if (std::find(roles.begin(), roles.end(), role) != roles.end()) return "";
  const std::string hint = did_you_mean(role, roles);
  return place(index) + " has the role \"" + role.substr(0, 40) + "\"" +
         (hint.empty() ? "; roles are system, user, assistant and tool" : ". " + hint);
}

// A message that calls tools may lack words.
std::string problem_of_content(const Json& message, std::size_t index) {
  const Json content = message.value("content", Json());
  if (content.is_null() && message.contains("tool_calls")) return "";
  if (!content.is_string())
    return place(index) + (content.is_null()    ? " has no \"content\""
                           : content.is_array() ? " holds a list of parts; only text can be learned"
                                                : " holds no text");
  if (content.get_ref<const std::string&>().find('\0') != std::string::npos)
    return place(index) + " holds the character U+0000";
  return "";
}

std::string role_of_sharegpt(const std::string& from) {
  static const std::map<std::string, std::string> roles{
      {"human", "user"},        {"user", "user"},           {"gpt", "assistant"},
      {"chatgpt", "assistant"}, {"assistant", "assistant"}, {"model", "assistant"},
      {"system", "system"},     {"observation", "tool"},    {"tool", "tool"}};
  const auto found = roles.find(from);
  return found == roles.end() ? "" : found->second;
}

// Calls read(item, index) for each item until one is wrong.
template <class Read>
std::string for_items(const Element& list, const char* what, Read&& read) {
  simdjson::dom::array items;
  if (list.get(items)) return std::string("is no list of ") + what;
  if (items.size() == 0) return std::string("is an empty list of ") + what;
  std::size_t index = 0;
  for (const Element& item : items)
    if (std::string wrong = read(item, index++); !wrong.empty()) return wrong;
  return "";
}

}  // namespace

Json json_of(const Element& value) {
  using Type = simdjson::dom::element_type;
  switch (value.type()) {
    case Type::ARRAY: {
      Json list = Json::array();
      simdjson::dom::array items;
      if (!value.get(items))
        for (const Element& item : items) list.push_back(json_of(item));
      return list;
    }
    case Type::OBJECT: {
      Json object = Json::object();
      simdjson::dom::object members;
      if (!value.get(members))
        for (const auto& [key, member] : members) object[std::string(key)] = json_of(member);
      return object;
    }
    case Type::STRING:
      return std::string(value.get_string().value_unsafe());
    case Type::INT64:
      return value.get_int64().value_unsafe();
    case Type::UINT64:
      return value.get_uint64().value_unsafe();
    case Type::DOUBLE:
      return value.get_double().value_unsafe();
    case Type::BOOL:
      return value.get_bool().value_unsafe();
    default:
      return nullptr;
  }
}

Json message_of(const std::string& role, const std::string& content) {
  return {{"role", role}, {"content", content}};
}

std::string read_messages(const Element& list, Json& messages) {
  return for_items(list, "messages", [&](const Element& item, std::size_t i) -> std::string {
    Json message = json_of(item);
    if (!message.is_object()) return place(i) + " is no object with \"role\" and \"content\"";
    const Json role = message.value("role", Json());
    if (!role.is_string()) return place(i) + " has no \"role\"";
    if (std::string wrong = problem_of_role(role, i); !wrong.empty()) return wrong;
    if (std::string wrong = problem_of_content(message, i); !wrong.empty()) return wrong;
    messages.push_back(std::move(message));
    return "";
  });
}

std::string read_sharegpt(const Element& list, Json& messages) {
  return for_items(list, "messages", [&](const Element& item, std::size_t i) -> std::string {
    const Json turn = json_of(item);
    if (!turn.is_object() || !turn.value("from", Json()).is_string())
      return place(i) + " has no \"from\"";
    const std::string from = turn["from"], role = role_of_sharegpt(from);
    if (role.empty())
      return place(i) + " is from \"" + from.substr(0, 40) +
             "\"; known are system, human, gpt and observation";
    Json message = {{"role", role}, {"content", turn.value("value", Json())}};
    if (!message["content"].is_string()) return place(i) + " has no text in \"value\"";
    if (std::string wrong = problem_of_content(message, i); !wrong.empty()) return wrong;
    messages.push_back(std::move(message));
    return "";
  });
}

std::string read_history(const Element& list, Json& messages) {
  simdjson::dom::array items;
  if (!list.get(items) && items.size() == 0) return "";
  return for_items(list, "pairs", [&](const Element& item, std::size_t i) -> std::string {
    const Json pair = json_of(item);
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string())
      return "pair " + std::to_string(i + 1) + " is not what was asked and what was answered";
    messages.push_back(message_of("user", pair[0]));
    messages.push_back(message_of("assistant", pair[1]));
    return "";
  });
}

std::string check_answers(const Json& messages, std::size_t first) {
  for (std::size_t i = first; i < messages.size(); ++i)
    if (messages[i]["role"] == "assistant") return "";
  return "has no assistant's turn";
}

}  // namespace temper
