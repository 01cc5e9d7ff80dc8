// Text as its tokens come, for showing a generation while it runs: only whole characters, and only
// what later tokens cannot change. All parts together are Tokenizer::decode of all ids.
//
//   StreamDecoder stream(tokenizer, true);
//   for (const std::int32_t id : generated) std::cout << stream.push(id);
//   std::cout << stream.finish();
#pragma once

#include "text/tokenizer.hpp"

namespace temper {

class StreamDecoder {
 public:
  // The tokenizer must outlive this.
  StreamDecoder(const Tokenizer& tokenizer, bool skip_special_tokens);
  ~StreamDecoder();
  StreamDecoder(StreamDecoder&&) noexcept;
  StreamDecoder& operator=(StreamDecoder&&) noexcept;

  std::string push(std::int32_t id);
  // The rest: with U+FFFD for bytes that never became a character. The next push begins a new text.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace temper
