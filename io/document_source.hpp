// Documents by number, wherever they lie: what training and evaluation read. A split of a token
// store is one; tests make others.
#pragma once

#include <cstdint>
#include <string>

namespace temper {

// What is known of a token besides its id.
enum TokenMark : std::uint8_t {
  kTrained = 1,  // the loss counts its prediction (assistant's words, completions, all of text)
  kContinuesWord = 2,  // not the first piece of its word
  kSpecial = 4         // put there by the tokenizer or template: never masked
};

class DocumentSource {
 public:
  virtual ~DocumentSource() = default;
  virtual std::int64_t documents() const = 0;
  virtual std::int64_t length(std::int64_t document) const = 0;
  // Writes length(document) ids to `out`. `types` (type ids, for text pairs; else zeros) may be
  // null.
  virtual void read_tokens(std::int64_t document, std::int32_t* out, std::uint8_t* types) const = 0;
  // TokenMarks of each token. A source without marks calls every token trained.
  virtual void read_marks(std::int64_t document, std::uint8_t* out) const {
    for (std::int64_t i = 0; i < length(document); ++i) out[i] = kTrained;
  }
  // Token classification: the class of each token, -100 where none counts.
  virtual void read_token_labels(std::int64_t document, std::int32_t* out) const {
    for (std::int64_t i = 0; i < length(document); ++i) out[i] = -100;
  }
  // UTF-8 bytes of the text that is trained on: what bits per byte divide by. 0: not known.
  virtual std::int64_t trained_bytes(std::int64_t) const { return 0; }
  // Masked language models: the id that stands for a hidden token, -1 where there is none; and how
  // many ids the tokenizer knows, from which a replacement is drawn.
  virtual std::int32_t mask_token() const { return -1; }
  virtual std::int64_t vocabulary() const { return 0; }
  virtual std::int32_t label(std::int64_t document) const = 0;  // class number
  virtual double value(std::int64_t document) const = 0;        // regression target
  virtual std::string id(std::int64_t document) const = 0;      // id column, or "file:line"

 protected:
  DocumentSource() = default;
  DocumentSource(DocumentSource&&) noexcept = default;
};

}  // namespace temper
