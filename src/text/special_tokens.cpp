#include "text/special_tokens.hpp"

namespace temper {

namespace {

// What `strftime_now` tells templates: a fixed day, so that equal rows give equal bytes. It is the
// day that the template of Llama 3.1 names where there is no clock.
constexpr std::int64_t kTemplateClock = 1721952000;  // 2024-07-26

}  // namespace

std::int32_t special_token(const Json& named, const std::string& name, const Tokenizer& tokenizer,
                           const std::vector<std::string>& usual) {
  if (const std::string text = named.value(name, std::string()); !text.empty())
    return tokenizer.id(text);
  if (named.contains(name + "_id")) return named[name + "_id"].get<std::int32_t>();
  for (const std::string& text : usual)
    if (const std::int32_t id = tokenizer.id(text); id >= 0) return id;
  return -1;
}

ChatOptions chat_options(const Json& named, const Tokenizer& tokenizer) {
  const auto text = [&](const std::string& name) {
    if (const std::string said = named.value(name, std::string()); !said.empty()) return said;
    const std::int32_t id = special_token(named, name, tokenizer, {});
    return id >= 0 ? tokenizer.token(id) : "";
  };
  ChatOptions options;
  options.bos_token = text("bos_token"), options.eos_token = text("eos_token");
  options.now = kTemplateClock;
  return options;
}

Surroundings surroundings_of(const Tokenizer& tokenizer) {
  Encoding encoding;
  tokenizer.encode_with_offsets("a", {}, *tokenizer.make_scratch(), encoding);
  std::size_t at = 0;
  const auto empty = [&] { return encoding.offsets[at].begin == encoding.offsets[at].end; };
  Surroundings around;
  for (; at < encoding.ids.size() && empty(); ++at) around.before.push_back(encoding.ids[at]);
  while (at < encoding.ids.size() && !empty()) ++at;
  around.after.assign(encoding.ids.begin() + std::ptrdiff_t(at), encoding.ids.end());
  return around;
}

}  // namespace temper
