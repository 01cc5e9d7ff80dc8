// An interpreter of Hugging Face tokenizer.json: what the file says is what is done, and what it
// says that is not supported is refused by name and JSON path, never guessed.
//
//   const Tokenizer tokenizer = value_or_throw(Tokenizer::load(model / "tokenizer.json"));
//   auto scratch = tokenizer.make_scratch();          // one for each thread
//   std::vector<std::int32_t> ids;
//   tokenizer.encode("a feline mammal", {}, *scratch, ids);   // with [CLS] and [SEP]
//
// Models: WordPiece, BPE and Unigram. The file's `truncation` and `padding` are not applied:
// EncodeOptions says what is cut, and nothing is padded. \p{...} in patterns means what the
// installed PCRE2 knows; every other class means what the reference knows, for all code points.
// Source of the semantics: huggingface/tokenizers 0.23.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/extent.hpp"
#include "core/json.hpp"
#include "core/problem.hpp"

namespace temper {

enum class TruncationSide { right, left };

struct EncodeOptions {
  bool add_special_tokens = true;
  std::int64_t max_length = 0;  // tokens with specials; 0 = no limit
  TruncationSide truncation = TruncationSide::right;
  // Bytes of the text in which nothing is an added token, whatever it looks like: content that
  // others wrote, in a text made by a chat template. In order and apart.
  std::vector<Extent> plain = {};
};

struct Encoding {
  std::vector<std::int32_t> ids;
  // The bytes of the text that each token stands for, its white space included. Empty, at the place
  // where they stand, for tokens that the post-processor adds. Exact where words are bytes
  // (GPT-2, Llama 3, Qwen); where a normaliser rewrites the text, the characters that became the
  // token.
  std::vector<Extent> offsets;
};

class Tokenizer {
 public:
  struct Scratch;  // buffers and caches of one thread, reused between calls

  static Checked<Tokenizer> load(const std::filesystem::path& tokenizer_json);
  static Checked<Tokenizer> from_json(const Json& json, const std::string& where);

  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  std::unique_ptr<Scratch, void (*)(Scratch*)> make_scratch() const;

  // Appends the ids of `text` (UTF-8) to `ids` (cleared first). Throws BadInput with the byte
  // offset for invalid UTF-8. Thread-safe for distinct scratches. True when tokens were cut off.
  bool encode(std::string_view text, const EncodeOptions& options, Scratch& scratch,
              std::vector<std::int32_t>& ids) const;
  // The same ids with their places in the text; about as fast for byte-level models, slower for
  // those with a normaliser.
  bool encode_with_offsets(std::string_view text, const EncodeOptions& options, Scratch& scratch,
                           Encoding& encoding) const;
  // Two texts by the pair template; `types` receives the type id of every token. Truncates the
  // longer one first.
  bool encode_pair(std::string_view first, std::string_view second, const EncodeOptions& options,
                   Scratch& scratch, std::vector<std::int32_t>& ids,
                   std::vector<std::uint8_t>& types) const;
  // The text of ids by the file's decoder; special tokens are left out on request.
  std::string decode(const std::vector<std::int32_t>& ids, bool skip_special_tokens) const;

  std::int64_t vocab_size() const;                // with added tokens: one more than the largest id
  std::string token(std::int32_t id) const;       // "" when there is none
  std::int32_t id(std::string_view token) const;  // -1 when there is none
  bool is_special(std::int32_t id) const;         // left out by decode on request
  // Whether the token goes on with the word before it, as far as the token itself tells: WordPiece
  // with its prefix (##), byte-level without leading space, SentencePiece without leading U+2581.
  // False for added tokens.
  bool continues_word(std::int32_t id) const;
  std::int64_t special_tokens_added(bool pair) const;

  struct Model;  // the parts, for the files of this module
  const Model& model() const { return *model_; }

 private:
  struct PlacedEncoder;
  explicit Tokenizer(std::unique_ptr<Model> model);
  std::unique_ptr<Model> model_;
};

}  // namespace temper
