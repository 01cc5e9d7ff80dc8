// Conversations as rows write them, brought to one form: a list of {"role", "content"}.
//
//   ShareGPT    {"from": "human", "value": "Hi"}                 ->  {"role": "user", ...}
//   Alpaca      instruction, input, output, history              ->  user, assistant, ...
//
// Each function returns what is wrong, or "".
#pragma once

#include <simdjson.h>

#include <string>
#include <utility>
#include <vector>

#include "core/json.hpp"

namespace temper {

Json json_of(const simdjson::dom::element& value);

// Appends the messages of `list`, with everything else that they hold (tool_calls, name, ...).
std::string read_messages(const simdjson::dom::element& list, Json& messages);
std::string read_sharegpt(const simdjson::dom::element& list, Json& messages);
// Alpaca's history: [[asked, answered], ...].
std::string read_history(const simdjson::dom::element& list, Json& messages);

Json message_of(const std::string& role, const std::string& content);

// Messages from `first` on: there is something to learn.
std::string check_answers(const Json& messages, std::size_t first);

}  // namespace temper
