#include "text/gguf_words.hpp"

namespace temper {

namespace {

using Cut = GgufWords::Cut;

constexpr GgufWords kWords[] = {
    {"default", Cut::old},
    {"gpt-2", Cut::gpt2},
    {"phi-2", Cut::gpt2},
    {"smollm", Cut::digits},
    {"starcoder", Cut::digits},
    {"refact", Cut::digits},
    {"codeshell", Cut::digits},
    {"exaone", Cut::digits},
    {"llama3", Cut::llama3, false, true, true},
    {"llama-v3", Cut::llama3, false, true, true},
    {"llama-bpe", Cut::llama3, false, true, true},
    {"falcon3", Cut::llama3, false, true, true},
    {"dbrx", Cut::llama3},
    {"smaug-bpe", Cut::llama3},
    {"qwen2", Cut::qwen2, true},
    {"deepseek-r1-qwen", Cut::qwen2, true},
    {"tekken", Cut::tekken, false, true, true},
    {"gpt-4o", Cut::gpt4o},
};

const std::string kContraction = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const std::string kRest = R"(\s*[\r\n]+|\s+(?!\S)|\s+)";
const std::string kGpt2 =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
const std::string kUpperFirst =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+)";
const std::string kUpper =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*)";

std::string cl100k(const std::string& numbers) {
  return kContraction + R"(|[^\r\n\p{L}\p{N}]?\p{L}+|)" + numbers +
         R"(| ?[^\s\p{L}\p{N}]+[\r\n]*|)" + kRest;
}

std::string with_case(const std::string& suffix, const std::string& numbers) {
  return kUpperFirst + suffix + "|" + kUpper + suffix + "|" + numbers +
         R"(| ?[^\s\p{L}\p{N}]+[\r\n/]*|)" + kRest;
}

Json split(const std::string& pattern) {
  return {{"type", "Split"},
          {"pattern", {{"Regex", pattern}}},
          {"behavior", "Isolated"},
          {"invert", false}};
}

Json byte_level(bool use_regex) {
  return {{"type", "ByteLevel"},
          {"add_prefix_space", false},
          {"trim_offsets", true},
          {"use_regex", use_regex}};
}

Json sequence(Json steps) { return {{"type", "Sequence"}, {"pretokenizers", std::move(steps)}}; }

}  // namespace

Json GgufWords::pre_tokenizer() const {
  const auto by_pattern = [](const std::string& pattern) {
    return sequence(Json::array({split(pattern), byte_level(false)}));
  };
  switch (cut) {
    case Cut::gpt2:
      return byte_level(true);
    case Cut::digits:
      return sequence(
          Json::array({{{"type", "Digits"}, {"individual_digits", true}}, byte_level(true)}));
    case Cut::llama3:
      return by_pattern(cl100k(R"(\p{N}{1,3})"));
    case Cut::qwen2:
      return by_pattern(cl100k(R"(\p{N})"));
    case Cut::tekken:
      return by_pattern(with_case("", R"(\p{N})"));
    case Cut::gpt4o:
      return by_pattern(with_case(kContraction + "?", R"(\p{N}{1,3})"));
    case Cut::old:
      return sequence(
          Json::array({split(R"([\p{P}\$\+<=>\^~\|]+)"), split(kGpt2), split(R"(\p{N}+)"),
                       split("[0-9][0-9][0-9]"), byte_level(false)}));
  }
  return nullptr;
}

const GgufWords* find_gguf_words(std::string_view name) {
  for (const GgufWords& words : kWords)
    if (name == words.name) return &words;
  return nullptr;
}

std::vector<std::string> gguf_word_names() {
  std::vector<std::string> names;
  for (const GgufWords& words : kWords) names.emplace_back(words.name);
  return names;
}

}  // namespace temper
