// Typed access to an untrusted JSON file: every failure names the JSON path and throws BadInput.
//
//   const JsonFields model = root.object("model");
//   const std::int64_t longest = model.integer("max_input_chars_per_word", 0, 1 << 20, 100);
//   model.fail("type", "\"Unigram\" is not supported yet");   // tokenizer.json: model.type: ...
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace temper {

class JsonFields {
 public:
  using Value = nlohmann::json;  // sorted keys: lookups stay fast with 50,000 of them

  JsonFields(const Value& value, std::string file, std::string path)
      : value_(&value), file_(std::move(file)), path_(std::move(path)) {}

  const Value& value() const { return *value_; }
  const std::string& path() const { return path_; }
  // False for a missing key and for null.
  bool has(const char* key) const;

  JsonFields object(const char* key) const;
  std::vector<JsonFields> array(const char* key) const;  // its elements, of any type
  std::string text(const char* key) const;
  std::optional<std::string> maybe_text(const char* key) const;
  bool boolean(const char* key) const;
  bool boolean(const char* key, bool otherwise) const;
  std::int64_t integer(const char* key, std::int64_t least, std::int64_t most) const;
  std::int64_t integer(const char* key, std::int64_t least, std::int64_t most,
                       std::int64_t otherwise) const;
  // This element itself as one of those.
  void expect_object() const;
  std::string as_text() const;
  std::int64_t as_integer(std::int64_t least, std::int64_t most) const;

  [[noreturn]] void fail(const std::string& key, const std::string& what,
                         const std::string& why = "", const std::string& remedy = "") const;

 private:
  JsonFields child(const char* key) const;  // must be there

  const Value* value_;
  std::string file_, path_;
};

}  // namespace temper
