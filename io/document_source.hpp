// Documents by number, wherever they lie: what training and evaluation read. A split of a token
// store is one; tests make others.
#pragma once

#include <cstdint>
#include <string>

namespace temper {

class DocumentSource {
 public:
  virtual ~DocumentSource() = default;
  virtual std::int64_t documents() const = 0;
  virtual std::int64_t length(std::int64_t document) const = 0;
  // Writes length(document) ids to `out`. `types` (type ids, for text pairs; else zeros) may be
  // null.
  virtual void read_tokens(std::int64_t document, std::int32_t* out, std::uint8_t* types) const = 0;
  virtual std::int32_t label(std::int64_t document) const = 0;  // class number
  virtual double value(std::int64_t document) const = 0;        // regression target
  virtual std::string id(std::int64_t document) const = 0;      // id column, or "file:line"

 protected:
  DocumentSource() = default;
  DocumentSource(DocumentSource&&) noexcept = default;
};

}  // namespace temper
