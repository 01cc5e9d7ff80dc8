#include "text/tokenizer.hpp"

#include <algorithm>
#include <variant>

#include "core/contract.hpp"
#include "core/file.hpp"
#include "text/tokenizer/added_tokens.hpp"
#include "text/tokenizer/bpe.hpp"
#include "text/tokenizer/decoder.hpp"
#include "text/tokenizer/normalizer.hpp"
#include "text/tokenizer/post_processor.hpp"
#include "text/tokenizer/pre_tokenizer.hpp"
#include "text/tokenizer/word_cache.hpp"
#include "text/tokenizer/word_piece.hpp"

namespace temper {

namespace {

constexpr std::size_t kLongestText = std::size_t(1) << 28;  // rewritten text keeps 32-bit places
constexpr std::size_t kLongestFile = std::size_t(1) << 30;
constexpr int kDeepest = 256;
constexpr std::size_t kNoLimit = ~std::size_t(0);

using Words = std::variant<WordPiece, Bpe>;

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
  return Bpe(model, vocabulary, cutter.leave_bytes());
}

// Refuses unsupported models before their vocabulary, which may look different, is read.
Vocabulary read_model_vocabulary(const JsonFields& root) {
  root.expect_object();
  const JsonFields model = root.object("model");
  const std::string type = model_type(model);
  if (type != "WordPiece" && type != "BPE")
    model.fail("type", "the model \"" + type + "\" is not supported yet", "",
               "Use a tokenizer with WordPiece or BPE?");
  return read_vocabulary(model);
}

std::string normalize_once(const Normalizer& normalizer, const std::string& text) {
  NormalizerScratch scratch;
  RegexScratch patterns;
  return std::string(normalizer.apply(text, scratch, patterns));
}

void check_text(std::string_view text) {
  if (text.size() > kLongestText)
    throw BadInput(Problem{"text", std::to_string(text.size()) + " bytes in one document",
                           "at most " + std::to_string(kLongestText) + " are allowed",
                           "Cut it into documents?"});
  if (const auto at = find_invalid_utf8(text))
    throw BadInput(Problem{"text, byte " + std::to_string(*at), "invalid UTF-8", "",
                           "Convert the data to UTF-8?"});
}

// True when tokens from `begin` on were cut off to leave `budget` of them.
bool truncate(std::vector<std::int32_t>& ids, std::size_t begin, std::size_t budget,
              TruncationSide side) {
  if (ids.size() - begin <= budget) return false;
  const auto first = ids.begin() + std::ptrdiff_t(begin);
  if (side == TruncationSide::right) {
    ids.resize(begin + budget);
  } else {
    ids.erase(first, ids.end() - std::ptrdiff_t(budget));
  }
  return true;
}

std::size_t budget_of(const EncodeOptions& options, std::int64_t special) {
  if (options.max_length <= 0) return kNoLimit;
  if (options.max_length < special)
    throw BadInput(Problem{"max_length", std::to_string(options.max_length) + " is too small",
                           "the tokenizer adds " + std::to_string(special) + " special tokens",
                           ""});
  return std::size_t(options.max_length - special);
}

}  // namespace

struct Tokenizer::Model {
  explicit Model(const JsonFields& root)
      : vocabulary(read_model_vocabulary(root)),
        normalizer(read_normalizer(root)),
        cutter(read_pre_tokenizer(root)),
        words(read_words(root, vocabulary, cutter)),
        added(
            root, [&](const std::string& text) { return normalize_once(normalizer, text); },
            vocabulary),
        post(read_post_processor(root, vocabulary)),
        decoder(read_decoder(root)) {}

  // Appends the ids of one text without special tokens; may stop once there are more than `most`.
  void append(std::string_view text, std::size_t most, Scratch& scratch,
              std::vector<std::int32_t>& ids) const;
  void append_gap(std::string_view gap, bool is_first, std::size_t most, Scratch& scratch,
                  std::vector<std::int32_t>& ids) const;
  void append_words(std::string_view text, bool is_first, std::size_t most, Scratch& scratch,
                    std::vector<std::int32_t>& ids) const;

  const std::string& token(std::int32_t id) const {
    const std::string* shown = added.shown(id);
    return shown != nullptr ? *shown : vocabulary.token(id);
  }

  Vocabulary vocabulary;
  Normalizer normalizer;
  PreTokenizer cutter;
  Words words;
  AddedTokens added;
  PostProcessor post;
  Decoder decoder;
};

struct Tokenizer::Scratch {
  explicit Scratch(const Model* model) : owner(model) {}
  const Model* owner;  // the cached words are this model's
  RegexScratch patterns;
  NormalizerScratch normalizer;
  Pieces pieces;
  std::vector<TokenMatch> raw_matches, matches;
  WordCache cache;
  BpeScratch bpe;
  std::vector<std::int32_t> first, second;
};

void Tokenizer::Model::append_words(std::string_view text, bool is_first, std::size_t most,
                                    Scratch& scratch, std::vector<std::int32_t>& ids) const {
  Pieces& pieces = scratch.pieces;
  pieces.text = text;
  pieces.is_first = is_first;
  cutter.apply(pieces, scratch.patterns);
  const char* end = pieces.text.data() + pieces.text.size();
  const auto append_all = [&](auto compute) {
    for (const Span& span : pieces.spans) {
      const std::string_view word = pieces.of(span);
      scratch.cache.append(word, end, ids, [&](auto& out) { compute(word, out); });
      if (ids.size() > most) return;
    }
  };
  if (const auto* word_piece = std::get_if<WordPiece>(&words)) {
    append_all([&](std::string_view word, auto& out) { word_piece->append(word, out); });
  } else {
    const Bpe& bpe = std::get<Bpe>(words);
    append_all([&](std::string_view word, auto& out) { bpe.append(word, scratch.bpe, out); });
  }
}

void Tokenizer::Model::append_gap(std::string_view gap, bool is_first, std::size_t most,
                                  Scratch& scratch, std::vector<std::int32_t>& ids) const {
  const std::string_view text = normalizer.apply(gap, scratch.normalizer, scratch.patterns);
  added.normalized().find(text, scratch.matches);
  std::size_t done = 0;
  for (const TokenMatch& match : scratch.matches) {
    append_words(text.substr(done, match.begin - done), is_first && done == 0, most, scratch, ids);
    ids.push_back(match.id);
    done = match.end;
    if (ids.size() > most) return;
  }
  append_words(text.substr(done), is_first && done == 0, most, scratch, ids);
}

void Tokenizer::Model::append(std::string_view text, std::size_t most, Scratch& scratch,
                              std::vector<std::int32_t>& ids) const {
  most = most == kNoLimit ? kNoLimit : ids.size() + most;
  added.raw().find(text, scratch.raw_matches);
  std::size_t done = 0;
  for (const TokenMatch& match : scratch.raw_matches) {
    if (match.begin > done)
      append_gap(text.substr(done, match.begin - done), done == 0, most, scratch, ids);
    ids.push_back(match.id);
    done = match.end;
    if (ids.size() > most) return;
  }
  if (done < text.size()) append_gap(text.substr(done), done == 0, most, scratch, ids);
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

Tokenizer::Tokenizer(std::unique_ptr<Model> model) : model_(std::move(model)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

std::unique_ptr<Tokenizer::Scratch, void (*)(Tokenizer::Scratch*)> Tokenizer::make_scratch() const {
  return {new Scratch(model_.get()), [](Scratch* scratch) { delete scratch; }};
}

bool Tokenizer::encode(std::string_view text, const EncodeOptions& options, Scratch& scratch,
                       std::vector<std::int32_t>& ids) const {
  expects(scratch.owner == model_.get(), "a scratch of another tokenizer");
  check_text(text);
  ids.clear();
  const bool with_special = options.add_special_tokens;
  const std::size_t budget =
      budget_of(options, with_special ? count_special(model_->post.single) : 0);
  const bool may_stop = options.truncation == TruncationSide::right;
  bool is_cut = false;
  for (const PostPiece& piece : model_->post.single) {
    if (piece.part == PostPart::first) {
      const std::size_t begin = ids.size();
      model_->append(text, may_stop ? budget : kNoLimit, scratch, ids);
      is_cut = truncate(ids, begin, budget, options.truncation);
    } else if (with_special) {
      ids.insert(ids.end(), piece.ids.begin(), piece.ids.end());
    }
  }
  return is_cut;
}

bool Tokenizer::encode_pair(std::string_view first, std::string_view second,
                            const EncodeOptions& options, Scratch& scratch,
                            std::vector<std::int32_t>& ids,
                            std::vector<std::uint8_t>& types) const {
  expects(scratch.owner == model_.get(), "a scratch of another tokenizer");
  check_text(first);
  check_text(second);
  const bool with_special = options.add_special_tokens;
  const std::size_t budget =
      budget_of(options, with_special ? count_special(model_->post.pair) : 0);
  scratch.first.clear();
  scratch.second.clear();
  model_->append(first, kNoLimit, scratch, scratch.first);
  model_->append(second, kNoLimit, scratch, scratch.second);
  bool is_cut = false;
  if (budget != kNoLimit && scratch.first.size() + scratch.second.size() > budget) {
    // The longer one gives way, down to the length of the shorter one; then both.
    const bool swapped = scratch.first.size() > scratch.second.size();
    std::size_t shorter = std::min(scratch.first.size(), scratch.second.size());
    std::size_t longer = shorter > budget ? shorter : std::max(shorter, budget - shorter);
    if (shorter + longer > budget) {
      shorter = budget / 2;
      longer = budget - shorter;
    }
    is_cut = truncate(scratch.first, 0, swapped ? longer : shorter, options.truncation);
    is_cut |= truncate(scratch.second, 0, swapped ? shorter : longer, options.truncation);
  }
  ids.clear();
  types.clear();
  for (const PostPiece& piece : model_->post.pair) {
    if (piece.part == PostPart::special && !with_special) continue;
    const std::vector<std::int32_t>& part = piece.part == PostPart::first    ? scratch.first
                                            : piece.part == PostPart::second ? scratch.second
                                                                             : piece.ids;
    ids.insert(ids.end(), part.begin(), part.end());
    types.insert(types.end(), part.size(), piece.type);
  }
  return is_cut;
}

std::string Tokenizer::decode(const std::vector<std::int32_t>& ids,
                              bool skip_special_tokens) const {
  std::vector<std::string> tokens;
  for (const std::int32_t id : ids) {
    const std::string& token = model_->token(id);
    if (token.empty() || (skip_special_tokens && model_->added.is_special(id))) continue;
    tokens.push_back(token);
  }
  return model_->decoder.apply(std::move(tokens));
}

std::int64_t Tokenizer::vocab_size() const { return model_->vocabulary.size(); }
std::string Tokenizer::token(std::int32_t id) const { return model_->token(id); }
std::int32_t Tokenizer::id(std::string_view token) const { return model_->vocabulary.find(token); }

std::int64_t Tokenizer::special_tokens_added(bool pair) const {
  return count_special(pair ? model_->post.pair : model_->post.single);
}

}  // namespace temper
