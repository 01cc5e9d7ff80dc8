#include "text/tokenizer/post_processor.hpp"

#include <map>
#include <optional>

namespace temper {

namespace {

using SpecialTokens = std::map<std::string, std::vector<std::int32_t>>;

std::int32_t read_id(const JsonFields& value, const Vocabulary& vocabulary) {
  const auto id = std::int32_t(value.as_integer(0, kLargestTokenId));
  if (vocabulary.token(id).empty()) value.fail("", "no token has the id " + std::to_string(id));
  return id;
}

SpecialTokens read_special_tokens(const JsonFields& fields, const Vocabulary& vocabulary) {
  SpecialTokens tokens;
  if (!fields.has("special_tokens")) return tokens;
  const JsonFields object = fields.object("special_tokens");
  for (const auto& [name, value] : object.value().items())
    for (const JsonFields& id : object.object(name.c_str()).array("ids"))
      tokens[name].push_back(read_id(id, vocabulary));
  return tokens;
}

std::vector<PostPiece> read_template(const JsonFields& fields, const char* key,
                                     const SpecialTokens& tokens) {
  std::vector<PostPiece> pieces;
  const bool is_pair = key == std::string("pair");
  int firsts = 0, seconds = 0;
  for (const JsonFields& element : fields.array(key)) {
    element.expect_object();
    const bool is_sequence = element.has("Sequence");
    if (!is_sequence && !element.has("SpecialToken"))
      element.fail("", "neither \"Sequence\" nor \"SpecialToken\"");
    const JsonFields piece = element.object(is_sequence ? "Sequence" : "SpecialToken");
    const std::string id = piece.text("id");
    const auto type = std::uint8_t(piece.integer("type_id", 0, 255));
    if (!is_sequence) {
      const auto found = tokens.find(id);
      if (found == tokens.end()) piece.fail("id", "\"" + id + "\" is not in special_tokens");
      pieces.push_back({PostPart::special, type, found->second});
    } else if (id == "A") {
      pieces.push_back({PostPart::first, type});
      ++firsts;
    } else if (id == "B" && is_pair) {
      pieces.push_back({PostPart::second, type});
      ++seconds;
    } else {
      piece.fail("id", "\"" + id + "\" is no sequence here");
    }
  }
  if (firsts != 1 || seconds != (is_pair ? 1 : 0))
    fields.fail(key, "each text once is supported, nothing else yet");
  return pieces;
}

// [token, id]
std::vector<std::int32_t> read_token_pair(const JsonFields& fields, const char* key,
                                          const Vocabulary& vocabulary) {
  const std::vector<JsonFields> pair = fields.array(key);
  if (pair.size() != 2) fields.fail(key, "[token, id] is needed");
  pair[0].as_text();
  return {read_id(pair[1], vocabulary)};
}

PostProcessor around(std::vector<std::int32_t> begin, std::vector<std::int32_t> end,
                     bool is_roberta) {
  const std::uint8_t second_type = is_roberta ? 0 : 1;
  PostProcessor post;
  post.single = {{PostPart::special, 0, begin}, {PostPart::first, 0}, {PostPart::special, 0, end}};
  post.pair = post.single;
  if (is_roberta) post.pair.push_back({PostPart::special, 0, end});
  post.pair.push_back({PostPart::second, second_type});
  post.pair.push_back({PostPart::special, second_type, end});
  return post;
}

// None for a step that changes offsets only.
std::optional<PostProcessor> read_step(const JsonFields& fields, const Vocabulary& vocabulary,
                                       int depth) {
  const std::string type = fields.text("type");
  if (type == "ByteLevel") return std::nullopt;
  if (type == "TemplateProcessing") {
    const SpecialTokens tokens = read_special_tokens(fields, vocabulary);
    PostProcessor post;
    post.single = read_template(fields, "single", tokens);
    post.pair = read_template(fields, "pair", tokens);
    return post;
  }
  if (type == "BertProcessing" || type == "RobertaProcessing")
    return around(read_token_pair(fields, "cls", vocabulary),
                  read_token_pair(fields, "sep", vocabulary), type == "RobertaProcessing");
  if (type != "Sequence")
    fields.fail("type", "the post-processor \"" + type + "\" is not supported yet");
  if (depth > 16) fields.fail("", "sequences nested deeper than 16");
  std::optional<PostProcessor> found;
  for (const JsonFields& step : fields.array("processors")) {
    std::optional<PostProcessor> post = read_step(step, vocabulary, depth + 1);
    if (post && found)
      step.fail("type", "two steps that add tokens are not supported yet in one Sequence");
    if (post) found = std::move(post);
  }
  return found;
}

}  // namespace

std::int64_t count_special(const std::vector<PostPiece>& pieces) {
  std::int64_t count = 0;
  for (const PostPiece& piece : pieces) count += std::int64_t(piece.ids.size());
  return count;
}

PostProcessor read_post_processor(const JsonFields& root, const Vocabulary& vocabulary) {
  if (!root.has("post_processor")) return {};
  return read_step(root.object("post_processor"), vocabulary, 0).value_or(PostProcessor{});
}

}  // namespace temper
