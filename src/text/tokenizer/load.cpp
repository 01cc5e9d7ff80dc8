// From tokenizer.json to a tokenizer.
#include <tuple>

#include "core/file.hpp"
#include "text/tokenizer/parts.hpp"

namespace temper {

namespace {

constexpr std::size_t kLongestFile = std::size_t(1) << 30;
constexpr int kDeepest = 256;

using Words = std::variant<WordPiece, Bpe, Unigram>;

std::string model_type(const JsonFields& model) {
  if (model.has("type")) return model.text("type");
  // Files of the first versions leave it out.
  if (model.has("merges")) return "BPE";
  if (model.has("max_input_chars_per_word")) return "WordPiece";
  model.fail("type", "missing");
}

Words read_words(const JsonFields& root, const Vocabulary& vocabulary, PreTokenizer& cutter) {
  const JsonFields model = root.object("model");
  const std::string type = model_type(model);
  if (type == "WordPiece") return WordPiece(model, vocabulary);
  if (type == "Unigram") return Unigram(model, vocabulary);
  Bpe bpe(model, vocabulary, cutter.leave_bytes());
  if (bpe.mark() != 0) cutter.cut_before(bpe.mark());
  return bpe;
}

// Tokens that begin with the first string begin a word; with the second they go on with one.
std::pair<std::string, std::string> read_word_marks(const JsonFields& root,
                                                    const Vocabulary& vocabulary) {
  const JsonFields model = root.object("model");
  if (model_type(model) == "WordPiece")
    return {"", model.maybe_text("continuing_subword_prefix").value_or("##")};
  const std::string prefix = model.maybe_text("continuing_subword_prefix").value_or("");
  if (!prefix.empty()) return {"", prefix};
  for (const char* mark : {"\u2581", "\u0120"})  // SentencePiece, byte-level
    if (vocabulary.find(mark) >= 0) return {mark, ""};
  return {};
}

// Refuses unsupported models before their vocabulary, which may look different, is read.
Vocabulary read_model_vocabulary(const JsonFields& root) {
  root.expect_object();
  const JsonFields model = root.object("model");
  const std::string type = model_type(model);
  if (type == "Unigram") return read_scored_vocabulary(model);
  if (type != "WordPiece" && type != "BPE")
    model.fail("type", "the model \"" + type + "\" is not supported yet", "",
               "Use a tokenizer with WordPiece, BPE or Unigram?");
  return read_vocabulary(model);
}

std::string normalize_once(const Normalizer& normalizer, const std::string& text) {
  NormalizerScratch scratch;
  RegexScratch patterns;
  return std::string(normalizer.apply(text, scratch, patterns));
}

}  // namespace

Tokenizer::Model::Model(const JsonFields& root)
    : vocabulary(read_model_vocabulary(root)),
      normalizer(read_normalizer(root)),
      cutter(read_pre_tokenizer(root)),
      words(read_words(root, vocabulary, cutter)),
      added(
          root, [&](const std::string& text) { return normalize_once(normalizer, text); },
          vocabulary),
      post(read_post_processor(root, vocabulary)),
      decoder(read_decoder(root)) {
  std::tie(word_mark, continuation_mark) = read_word_marks(root, vocabulary);
}

Checked<Tokenizer> Tokenizer::load(const std::filesystem::path& tokenizer_json) {
  const std::string where = tokenizer_json.string();
  const Checked<std::string> text = read_text_file(tokenizer_json);
  if (!text) return text.problems();
  if (text.value().size() > kLongestFile)
    return Problem{where, "larger than 1 GiB", "no tokenizer is", ""};
  bool too_deep = false;
  const auto watch_depth = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    return !(too_deep = too_deep || depth > kDeepest);
  };
  try {
    const auto json = nlohmann::json::parse(text.value(), watch_depth);
    if (too_deep) return Problem{where, "nested deeper than " + std::to_string(kDeepest), "", ""};
    return Tokenizer(std::make_unique<Model>(JsonFields(json, where, "")));
  } catch (const nlohmann::json::exception& error) {
    return Problem{where, "no valid JSON", error.what(), ""};
  } catch (const BadInput& error) {
    return error.problems();
  }
}

Checked<Tokenizer> Tokenizer::from_json(const Json& json, const std::string& where) {
  try {
    const nlohmann::json sorted(json);
    return Tokenizer(std::make_unique<Model>(JsonFields(sorted, where, "")));
  } catch (const nlohmann::json::exception& error) {
    return Problem{where, "no valid JSON", error.what(), ""};
  } catch (const BadInput& error) {
    return error.problems();
  }
}

}  // namespace temper
