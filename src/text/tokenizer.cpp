#include "text/tokenizer.hpp"

#include <algorithm>

#include "core/contract.hpp"
#include "text/tokenizer/parts.hpp"

namespace temper {

namespace {

constexpr std::size_t kLongestText = std::size_t(1) << 28;  // rewritten text keeps 32-bit places

}  // namespace

void check_text(std::string_view text) {
  if (text.size() > kLongestText)
    throw BadInput(Problem{"text", std::to_string(text.size()) + " bytes in one document",
                           "at most " + std::to_string(kLongestText) + " are allowed",
                           "Cut it into documents?"});
  if (const auto at = find_invalid_utf8(text))
    throw BadInput(Problem{"text, byte " + std::to_string(*at), "invalid UTF-8", "",
                           "Convert the data to UTF-8?"});
}

std::size_t budget_of(const EncodeOptions& options, std::int64_t special) {
  if (options.max_length <= 0) return kNoLimit;
  if (options.max_length < special)
    throw BadInput(Problem{"max_length", std::to_string(options.max_length) + " is too small",
                           "the tokenizer adds " + std::to_string(special) + " special tokens",
                           ""});
  return std::size_t(options.max_length - special);
}

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
  } else if (const auto* bpe = std::get_if<Bpe>(&words)) {
    append_all([&](std::string_view word, auto& out) { bpe->append(word, scratch.bpe, out); });
  } else {
    const Unigram& unigram = std::get<Unigram>(words);
    append_all(
        [&](std::string_view word, auto& out) { unigram.append(word, scratch.unigram, out); });
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

Tokenizer::Tokenizer(std::unique_ptr<Model> model) : model_(std::move(model)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

std::unique_ptr<Tokenizer::Scratch, void (*)(Tokenizer::Scratch*)> Tokenizer::make_scratch() const {
  return {new Scratch(model_.get()), [](Scratch* scratch) { delete scratch; }};
}

bool Tokenizer::encode(std::string_view text, const EncodeOptions& options, Scratch& scratch,
                       std::vector<std::int32_t>& ids) const {
  if (!options.plain.empty()) {
    Encoding encoding;
    const bool is_cut = encode_with_offsets(text, options, scratch, encoding);
    ids.swap(encoding.ids);
    return is_cut;
  }
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
  expects(options.plain.empty(), "plain extents are for one text");
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

bool Tokenizer::is_special(std::int32_t id) const { return model_->added.is_special(id); }

bool Tokenizer::continues_word(std::int32_t id) const {
  const std::string& token = model_->token(id);
  if (token.empty() || model_->added.is_added(id)) return false;
  if (!model_->continuation_mark.empty()) return token.starts_with(model_->continuation_mark);
  return !model_->word_mark.empty() && !token.starts_with(model_->word_mark);
}

std::int64_t Tokenizer::special_tokens_added(bool pair) const {
  return count_special(pair ? model_->post.pair : model_->post.single);
}

}  // namespace temper
