// The keys of a GGUF file's own architecture ("llama.block_count"), read one by one: what nobody
// read is refused in the end.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "plan/gguf_header.hpp"

namespace temper {

class GgufKeys {
 public:
  GgufKeys(const GgufHeader& header, std::string architecture)
      : header_(header), prefix_(std::move(architecture) + ".") {}

  // Each marks its key as known. `key` is without the architecture.
  std::int64_t count(const std::string& key);  // must be there and positive
  std::int64_t count(const std::string& key, std::int64_t otherwise);
  double number(const std::string& key, double otherwise);
  double number(const std::string& key);  // must be there
  std::string text(const std::string& key, const std::string& otherwise);
  // Problem unless it is missing or has this value.
  void only(const std::string& key, double value);
  void ignore(const std::string& key) { known_.insert(prefix_ + key); }
  // Values of an F32 tensor; empty when the file has none of that name. Throws WorldFailure.
  std::vector<double> factors(const std::string& tensor);

  void problem(const std::string& key, const std::string& what, const std::string& why = "");
  // Problems so far, and one for each key of the architecture that is not known.
  Problems problems() const;
  const GgufHeader& header() const { return header_; }

 private:
  const GgufHeader& header_;
  std::string prefix_;
  std::set<std::string> known_;
  Problems problems_;
};

// The decimal that a float was written as: 1e-05 for the float next to it, so that a config reads
// as its author wrote it.
double as_written(double single);

}  // namespace temper
