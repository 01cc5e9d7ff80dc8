#include "text/chat_template.hpp"

#include <algorithm>

#include "text/jinja/interpreter.hpp"
#include "text/tokenizer/unicode.hpp"

namespace temper {

namespace {

using jinja::Origin;
using jinja::Text;
using jinja::Value;

struct Source {
  std::int64_t message;
  std::string field;
};

// JSON as values whose strings know where they came from.
class Converter {
 public:
  // Source 0 is the template itself.
  std::vector<Source> sources = {{-1, ""}};

  Origin add_source(std::int64_t message, std::string field) {
    sources.push_back({message, std::move(field)});
    return Origin(sources.size() - 1);
  }

  Value convert(const Json& json, Origin origin, const std::string& where) const {
    if (json.is_string()) {
      const auto& text = json.get_ref<const std::string&>();
      if (const auto at = find_invalid_utf8(text))
        throw BadInput(Problem{where, "invalid UTF-8 at byte " + std::to_string(*at), "", ""});
      return jinja::make_text(Text(text, origin));
    }
    if (json.is_array()) {
      jinja::List items;
      for (const Json& item : json) items.push_back(convert(item, origin, where));
      return jinja::make_sequence(std::move(items));
    }
    if (json.is_object()) {
      jinja::Pairs pairs;
      for (const auto& [key, value] : json.items())
        pairs.emplace_back(convert(Json(key), origin, where), convert(value, origin, where));
      return jinja::make_dict(std::move(pairs));
    }
    if (json.is_boolean()) return {json.get<bool>()};
    if (json.is_number_unsigned() && json.get<std::uint64_t>() > INT64_MAX)
      return {json.get<double>()};
    if (json.is_number_integer()) return {json.get<std::int64_t>()};
    if (json.is_number()) return {json.get<double>()};
    return {jinja::None{}};
  }

  Value message(const Json& json, std::int64_t index) {
    const std::string where = "messages[" + std::to_string(index) + "]";
    jinja::Pairs pairs;
    // Reasoning goes by several names; a template reads one of them.
    const char* const kNames[] = {"reasoning_content", "thinking", "reasoning"};
    const auto* reasoning = std::ranges::find_if(
        kNames, [&](const char* name) { return json.contains(name) && !json[name].is_null(); });
    const auto convert_field = [&](const std::string& key, const Json& value) {
      pairs.emplace_back(jinja::make_text(key), convert(value, add_source(index, key), where));
    };
    const bool has_reasoning = reasoning != std::end(kNames);
    if (has_reasoning && !json.contains("thinking")) convert_field("thinking", json[*reasoning]);
    for (const auto& [key, value] : json.items())
      convert_field(key, key == "reasoning_content" && has_reasoning ? json[*reasoning] : value);
    if (has_reasoning && !json.contains("reasoning_content"))
      convert_field("reasoning_content", json[*reasoning]);
    return jinja::make_dict(std::move(pairs), index);
  }
};

bool has_words(const Json& message) {
  const Json content = message.value("content", Json());
  const auto is_blank = [](const std::string& text) {
    return jinja::strip(Text(text), nullptr, true, false).size() == 0;
  };
  if (content.is_string()) return !is_blank(content.get<std::string>());
  return content.is_array() && std::ranges::any_of(content, [&](const Json& part) {
           return part.is_object() && part.contains("text") && part["text"].is_string() &&
                  !is_blank(part["text"].get<std::string>());
         });
}

std::vector<ChatMessage> checked_messages(const Json& messages) {
  if (!messages.is_array())
    throw BadInput(Problem{"messages", "no list of messages", "",
                           "Write [{\"role\": \"user\", \"content\": ...}, ...]?"});
  std::vector<ChatMessage> result;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const Json& message = messages[i];
    const std::string where = "messages[" + std::to_string(i) + "]";
    if (!message.is_object() || !message.contains("role") || !message["role"].is_string())
      throw BadInput(
          Problem{where + ".role", "no role", "a template needs to know who speaks", ""});
    result.push_back({message["role"].get<std::string>(), has_words(message)});
  }
  return result;
}

RenderedChat chat_of(const Text& text, const std::vector<Source>& sources) {
  RenderedChat chat;
  for (std::size_t begin = 0, end = 0; begin < text.size(); begin = end) {
    const Origin origin = text.origins[begin];
    while (end < text.size() && text.origins[end] == origin) ++end;
    const Extent bytes{std::int64_t(begin), std::int64_t(end)};
    if (const Origin source = origin & ~jinja::kGenerated)
      chat.spans.push_back({bytes, sources[source].message, sources[source].field});
    if (!(origin & jinja::kGenerated)) continue;
    if (!chat.generated.empty() && chat.generated.back().end == bytes.begin)
      chat.generated.back().end = bytes.end;
    else
      chat.generated.push_back(bytes);
  }
  chat.text = text.bytes;
  return chat;
}

// The control token that `rest` of a rendering begins with, after white space: the end-of-sequence
// token, or what is written like <...> or [...]. "" when there is none.
std::string first_token_of(std::string rest, const std::string& eos_token) {
  rest = jinja::strip(Text(rest), nullptr, true, false).bytes;
  if (!eos_token.empty() && rest.starts_with(eos_token)) return eos_token;
  if (rest.empty() || (rest[0] != '<' && rest[0] != '[')) return "";
  const std::size_t end = rest.find_first_of(rest[0] == '<' ? "> \n" : "] \n");
  return end == rest.npos || rest[end] == ' ' || rest[end] == '\n' ? "" : rest.substr(0, end + 1);
}

void add_new(const std::string& token, std::vector<std::string>& tokens) {
  if (!token.empty() && !std::ranges::count(tokens, token)) tokens.push_back(token);
}

std::tm clock_of(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm clock{};
  gmtime_r(&time, &clock);
  return clock;
}

}  // namespace

struct ChatTemplate::Program {
  std::vector<jinja::Node> body;
  std::string where;
};

Checked<ChatTemplate> ChatTemplate::parse(const std::string& source, std::string where) {
  constexpr std::size_t kLongest = std::size_t(1) << 20;
  if (source.size() > kLongest)
    return Problem{where, "a chat template of more than 1 MiB", "", "Is it the right file?"};
  if (const auto at = find_invalid_utf8(source))
    return Problem{where, "invalid UTF-8 at byte " + std::to_string(*at), "", ""};
  try {
    return ChatTemplate(
        std::make_shared<const Program>(Program{jinja::parse(source), std::move(where)}));
  } catch (const jinja::TemplateError& error) {
    return Problem{where + ":" + std::to_string(error.line),
                   std::string("the chat template cannot be read: ") + error.what(), "", ""};
  }
}

RenderedChat ChatTemplate::render(const Json& messages, const ChatOptions& options) const {
  std::vector<ChatMessage> given = checked_messages(messages);
  Converter converter;
  std::int64_t at_message = -1;
  try {
    jinja::List list;
    for (std::size_t i = 0; i < messages.size(); ++i)
      list.push_back(converter.message(messages[i], std::int64_t(i)));
    const Origin from_tools = converter.add_source(-1, "tools");
    jinja::Interpreter::Names names = {
        {"messages", jinja::make_sequence(std::move(list))},
        {"tools", converter.convert(options.tools, from_tools, "tools")},
        {"documents", {jinja::None{}}},
        {"add_generation_prompt", {options.add_generation_prompt}},
        {"bos_token", jinja::make_text(options.bos_token)},
        {"eos_token", jinja::make_text(options.eos_token)}};
    for (const auto& [name, value] : options.variables.items()) {
      std::erase_if(names, [&](const auto& pair) { return pair.first == name; });
      names.emplace_back(name, converter.convert(value, jinja::kTemplate, name));
    }
    jinja::Interpreter run(std::move(names), clock_of(options.now));
    try {
      RenderedChat chat = chat_of(run.render(program_->body), converter.sources);
      chat.messages = std::move(given);
      return chat;
    } catch (const jinja::TemplateError&) {
      at_message = run.message();
      throw;
    }
  } catch (const jinja::TemplateError& error) {
    const std::string line = program_->where + ":" + std::to_string(error.line);
    const std::string place =
        at_message < 0 ? "messages" : "messages[" + std::to_string(at_message) + "]";
    if (error.raised)
      throw BadInput(Problem{place, std::string("the chat template refuses: ") + error.what(), line,
                             "Change or leave out the conversation?"});
    throw BadInput(
        Problem{line, std::string("the chat template fails: ") + error.what(), "at " + place, ""});
  }
}

TurnMarks ChatTemplate::turn_marks(const ChatOptions& options) const {
  ChatOptions plain = options;
  plain.tools = nullptr;
  plain.add_generation_prompt = false;
  TurnMarks marks;
  const auto try_render = [&](const Json& messages) {
    try {
      return render(messages, plain);
    } catch (const BadInput&) {  // a template that wants other conversations than these
      return RenderedChat{};
    }
  };
  const Json user = {{"role", "user"}, {"content", "question"}};
  const Json answer = {{"role", "assistant"}, {"content", "answer"}};
  std::string header;  // between the user's words and the assistant's
  for (const Json& messages : {Json::array({user, answer}), Json::array({user, answer, user})}) {
    const RenderedChat chat = try_render(messages);
    const auto words = [&](std::int64_t message) {
      const auto found = std::ranges::find_if(chat.spans, [&](const ChatSpan& span) {
        return span.message == message && span.field == "content";
      });
      return found == chat.spans.end() ? Extent{} : found->bytes;
    };
    const Extent question = words(0), reply = words(1);
    if (reply.empty()) continue;
    if (question.end < reply.begin)
      header = chat.text.substr(std::size_t(question.end), std::size_t(reply.begin - question.end));
    add_new(first_token_of(chat.text.substr(std::size_t(reply.end)), plain.eos_token),
            marks.end_tokens);
  }
  const std::string without = try_render(Json::array({user})).text;
  plain.add_generation_prompt = true;
  const std::string with = try_render(Json::array({user})).text;
  const auto same = std::ranges::mismatch(without, with).in2 - with.begin();
  marks.generation_prompt = with.substr(std::size_t(same));
  if (marks.generation_prompt.empty())
    marks.generation_prompt = jinja::strip(Text(header), nullptr, false, true).bytes;
  return marks;
}

}  // namespace temper
