#include "io/token_store.hpp"

#include <algorithm>
#include <cstring>
#include <map>

#include "core/contract.hpp"
#include "core/digest.hpp"
#include "io/store/checked_array.hpp"

namespace temper {

namespace {

using ArrayIndex = std::map<std::string, StoredArray>;

std::vector<std::uint32_t> read_crcs(const MappedFile& file, const ArrayIndex& index,
                                     const StoredArray& array) {
  const auto found = index.find(kStoreCrc + array.name);
  if (found == index.end() || found->second.element != Element::u32 ||
      found->second.count != block_count(array))
    throw_damaged(file.path() + ": " + array.name, "has no table of checksums");
  std::vector<std::uint32_t> crcs(std::size_t(found->second.count));
  std::memcpy(crcs.data(), file.bytes() + found->second.address,
              std::size_t(found->second.bytes()));
  return crcs;
}

// The hash over all checksums, in the order of names.
void check_content_hash(const MappedFile& file, const ArrayIndex& index) {
  const auto hash = index.find(kStoreHash);
  if (hash == index.end() || hash->second.bytes() != 64)
    throw_damaged(file.path(), std::string("has no ") + kStoreHash);
  Sha256 content;
  for (const auto& [name, array] : index)
    if (name.starts_with(kStoreCrc))
      content.update(file.bytes() + array.address, std::size_t(array.bytes()));
  const auto* stored = reinterpret_cast<const char*>(file.bytes()) + hash->second.address;
  if (content.hex() != std::string(stored, 64)) throw_damaged(file.path(), "has damaged checksums");
}

}  // namespace

struct StoreSplit::State {
  CheckedArray tokens, offsets, types, labels, values, marks, token_labels, trained_bytes, pieces,
      files, lines, id_ends, ids;
  std::int64_t documents = 0, vocab_size = 0, classes = 0, vocabulary = 0;
  std::int32_t mask_token = -1;
  std::vector<std::string> file_names;

  std::pair<std::int64_t, std::int64_t> extent(std::int64_t document) const {
    expects(0 <= document && document < documents, "document ", document, " of ", documents);
    std::uint64_t both[2];
    std::memcpy(both, offsets.touch(document, document + 2), sizeof both);
    if (both[0] > both[1] || both[1] > std::uint64_t(tokens.array().count))
      throw_damaged(offsets.where(), "is out of order at document " + std::to_string(document));
    return {std::int64_t(both[0]), std::int64_t(both[1])};
  }

  template <class Stored>
  void copy_tokens(std::int64_t begin, std::int64_t end, std::int32_t* out) const {
    const std::byte* from = tokens.touch(begin, end);
    std::uint32_t largest = 0;
    for (std::int64_t i = 0; i < end - begin; ++i) {
      Stored id;
      std::memcpy(&id, from + i * std::int64_t(sizeof id), sizeof id);
      out[i] = std::int32_t(id);
      largest = std::max(largest, std::uint32_t(id));
    }
    if (begin < end && largest >= vocab_size)
      throw_damaged(tokens.where(), "holds the id " + std::to_string(largest) +
                                        " beyond the vocabulary of " + std::to_string(vocab_size));
  }
};

StoreSplit::StoreSplit(std::unique_ptr<State> state) : state_(std::move(state)) {}
StoreSplit::~StoreSplit() = default;
StoreSplit::StoreSplit(StoreSplit&&) noexcept = default;

std::int64_t StoreSplit::documents() const { return state_->documents; }

std::int64_t StoreSplit::length(std::int64_t document) const {
  const auto [begin, end] = state_->extent(document);
  return end - begin;
}

void StoreSplit::read_tokens(std::int64_t document, std::int32_t* out, std::uint8_t* types) const {
  const auto [begin, end] = state_->extent(document);
  if (state_->tokens.array().element == Element::u16)
    state_->copy_tokens<std::uint16_t>(begin, end, out);
  else
    state_->copy_tokens<std::uint32_t>(begin, end, out);
  if (types == nullptr) return;
  if (state_->types)
    std::memcpy(types, state_->types.touch(begin, end), std::size_t(end - begin));
  else
    std::memset(types, 0, std::size_t(end - begin));
}

void StoreSplit::read_marks(std::int64_t document, std::uint8_t* out) const {
  if (!state_->marks) return DocumentSource::read_marks(document, out);
  const auto [begin, end] = state_->extent(document);
  std::memcpy(out, state_->marks.touch(begin, end), std::size_t(end - begin));
}

void StoreSplit::read_token_labels(std::int64_t document, std::int32_t* out) const {
  if (!state_->token_labels) return DocumentSource::read_token_labels(document, out);
  const auto [begin, end] = state_->extent(document);
  std::memcpy(out, state_->token_labels.touch(begin, end),
              std::size_t(end - begin) * sizeof(std::int32_t));
  for (std::int64_t i = 0; i < end - begin; ++i)
    if (out[i] != -100 && (out[i] < 0 || out[i] >= state_->classes))
      throw_damaged(state_->token_labels.where(), "holds the class " + std::to_string(out[i]) +
                                                      " of " + std::to_string(state_->classes));
}

std::int64_t StoreSplit::trained_bytes(std::int64_t document) const {
  return state_->trained_bytes ? state_->trained_bytes.at<std::uint32_t>(document) : 0;
}

std::int32_t StoreSplit::mask_token() const { return state_->mask_token; }
std::int64_t StoreSplit::vocabulary() const { return state_->vocabulary; }

std::int32_t StoreSplit::label(std::int64_t document) const {
  expects(static_cast<bool>(state_->labels), "these documents have no class numbers");
  const std::int32_t label = state_->labels.at<std::int32_t>(document);
  if (label < 0 || label >= state_->classes)
    throw_damaged(state_->labels.where(), "holds the class " + std::to_string(label) + " of " +
                                              std::to_string(state_->classes));
  return label;
}

double StoreSplit::value(std::int64_t document) const {
  expects(static_cast<bool>(state_->values), "these documents have no values");
  return state_->values.at<double>(document);
}

std::string StoreSplit::id(std::int64_t document) const {
  const State& s = *state_;
  const std::uint32_t piece = s.pieces ? s.pieces.at<std::uint32_t>(document) : 0;
  const std::string suffix = piece == 0 ? "" : "#" + std::to_string(piece + 1);
  if (s.ids) {
    const std::uint64_t begin = document == 0 ? 0 : s.id_ends.at<std::uint64_t>(document - 1);
    const std::uint64_t end = s.id_ends.at<std::uint64_t>(document);
    const auto* bytes =
        reinterpret_cast<const char*>(s.ids.touch(std::int64_t(begin), std::int64_t(end)));
    return std::string(bytes, std::size_t(end - begin)) + suffix;
  }
  const std::uint32_t file = s.files.at<std::uint32_t>(document);
  if (file >= s.file_names.size()) throw_damaged(s.files.where(), "names an unknown file");
  return s.file_names[file] + ":" + std::to_string(s.lines.at<std::uint64_t>(document)) + suffix;
}

void StoreSplit::verify() const {
  const State& s = *state_;
  for (const CheckedArray* array :
       {&s.tokens, &s.offsets, &s.types, &s.labels, &s.values, &s.marks, &s.token_labels,
        &s.trained_bytes, &s.pieces, &s.files, &s.lines, &s.id_ends, &s.ids})
    array->verify();
  std::vector<std::int32_t> ids;
  for (std::int64_t d = 0; d < s.documents; ++d) {
    ids.resize(std::size_t(length(d)));
    read_tokens(d, ids.data(), nullptr);
    if (s.labels) label(d);
    if (s.token_labels) read_token_labels(d, ids.data());
  }
}

struct TokenStore::State {
  explicit State(const std::filesystem::path& path) : file(path) {}
  MappedFile file;
  ArrayIndex index;
  StoreCard card;
  std::map<std::string, StoreSplit> splits;

  CheckedArray open_array(const std::string& name, std::initializer_list<Element> kinds,
                          bool required) const {
    const auto found = index.find(name);
    if (found == index.end()) {
      if (required) throw_damaged(file.path(), "has no " + name);
      return {};
    }
    if (std::find(kinds.begin(), kinds.end(), found->second.element) == kinds.end())
      throw_damaged(file.path() + ": " + name, "is of a wrong type");
    return {file, found->second, read_crcs(file, index, found->second)};
  }
  void read_card();
  void open_split(const StoreCard::Split& split);
};

void TokenStore::State::read_card() {
  const CheckedArray stored = open_array("card", {Element::u8}, true);
  const char* text = reinterpret_cast<const char*>(stored.touch(0, stored.array().count));
  const Json json = Json::parse(text, text + stored.array().count, nullptr, false);
  if (json.is_discarded()) throw_damaged(stored.where(), "is no JSON");
  try {
    card = store_card_from_json(json);
  } catch (const BadInput& error) {
    throw_damaged(stored.where(), error.problems().front().text());
  }
}

void TokenStore::State::open_split(const StoreCard::Split& split) {
  const auto open = [&](const char* name, std::initializer_list<Element> kinds, bool required) {
    return open_array(split.name + "/" + name, kinds, required);
  };
  auto s = std::make_unique<StoreSplit::State>();
  const std::string task = task_of(card);
  const bool language = task == "causal-lm" || task == "masked-lm";
  s->documents = split.documents;
  s->vocab_size = card.vocab_size;
  s->classes = std::int64_t(card.label_names.size());
  s->mask_token = card.mask_token;
  s->vocabulary = card.tokenizer_vocabulary;
  s->tokens = open("tokens", {Element::u16, Element::u32}, true);
  s->offsets = open("offsets", {Element::u64}, true);
  s->types = open("types", {Element::u8}, false);
  s->labels = open("labels", {Element::i32}, task == "sequence-classification");
  s->values = open("values", {Element::f64}, task == "regression");
  s->marks = open("marks", {Element::u8}, language);
  s->token_labels = open("token_labels", {Element::i32}, task == "token-classification");
  s->trained_bytes = open("trained_bytes", {Element::u32}, language);
  s->pieces = open("pieces", {Element::u32}, false);
  s->files = open("files", {Element::u32}, true);
  s->lines = open("lines", {Element::u64}, true);
  s->id_ends = open("id_ends", {Element::u64}, false);
  s->ids = open("ids", {Element::u8}, static_cast<bool>(s->id_ends));
  const std::int64_t n = split.documents;
  for (const auto& [array, count] : std::initializer_list<std::pair<CheckedArray*, std::int64_t>>{
           {&s->tokens, split.tokens},
           {&s->offsets, n + 1},
           {&s->types, split.tokens},
           {&s->marks, split.tokens},
           {&s->token_labels, split.tokens},
           {&s->trained_bytes, n},
           {&s->pieces, n},
           {&s->labels, n},
           {&s->values, n},
           {&s->files, n},
           {&s->lines, n},
           {&s->id_ends, n}})
    if (*array && array->array().count != count)
      throw_damaged(array->where(), "has " + std::to_string(array->array().count) +
                                        " elements instead of " + std::to_string(count));
  if (card.cleaning.contains("files")) card.cleaning["files"].get_to(s->file_names);
  splits.emplace(split.name, StoreSplit(std::move(s)));
}

TokenStore::TokenStore(const std::filesystem::path& path) {
  const Hdf5Contents contents = read_hdf5_contents(path);
  if (contents.format != kStoreFormat)
    throw_damaged(path.string(), "is no token store of this version (its format is \"" +
                                     contents.format + "\", not \"" + kStoreFormat + "\")");
  state_ = std::make_unique<State>(path);
  for (const StoredArray& array : contents.arrays) {
    if (array.address + array.bytes() > state_->file.size())
      throw_damaged(path.string(), "is cut short");
    state_->index[array.name] = array;
  }
  check_content_hash(state_->file, state_->index);
  state_->read_card();
  for (const StoreCard::Split& split : state_->card.splits) state_->open_split(split);
}

TokenStore::~TokenStore() = default;
TokenStore::TokenStore(TokenStore&&) noexcept = default;

const StoreCard& TokenStore::card() const { return state_->card; }
bool TokenStore::has_split(const std::string& name) const { return state_->splits.contains(name); }

const StoreSplit& TokenStore::split(const std::string& name) const {
  const auto found = state_->splits.find(name);
  expects(found != state_->splits.end(), "the store has no split ", name);
  return found->second;
}

void TokenStore::verify() const {
  for (const auto& [name, split] : state_->splits) split.verify();
}

}  // namespace temper
