#include "text/stream_decoder.hpp"

#include "text/tokenizer/parts.hpp"

namespace temper {

struct StreamDecoder::State {
  const Tokenizer::Model* model;
  bool skips_special;
  Decoder::Stream stream;
};

StreamDecoder::StreamDecoder(const Tokenizer& tokenizer, bool skip_special_tokens)
    : state_(
          new State{&tokenizer.model(), skip_special_tokens, tokenizer.model().decoder.begin()}) {}
StreamDecoder::~StreamDecoder() = default;
StreamDecoder::StreamDecoder(StreamDecoder&&) noexcept = default;
StreamDecoder& StreamDecoder::operator=(StreamDecoder&&) noexcept = default;

std::string StreamDecoder::push(std::int32_t id) {
  const std::string& token = state_->model->token(id);
  if (token.empty() || (state_->skips_special && state_->model->added.is_special(id))) return {};
  return state_->model->decoder.push(state_->stream, {token}, false);
}

std::string StreamDecoder::finish() {
  std::string rest = state_->model->decoder.push(state_->stream, {}, true);
  state_->stream = state_->model->decoder.begin();
  return rest;
}

}  // namespace temper
