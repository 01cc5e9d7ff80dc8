// From a model's shape to the keys of a GGUF file: the inverse of gguf_config.hpp.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/json.hpp"
#include "plan/gguf_header.hpp"
#include "plan/model_shape.hpp"

namespace temper {

using GgufMetadata = std::vector<std::pair<std::string, GgufValue>>;

GgufValue gguf_text(const std::string& text);
GgufValue gguf_u32(std::int64_t value);
GgufValue gguf_f32(double value);
GgufValue gguf_bool(bool value);
GgufValue gguf_strings(std::vector<std::string> values);
GgufValue gguf_i32s(std::vector<std::int64_t> values);

// general.architecture and the architecture's keys. Problem: a family that GGUF files do not know,
// a head other than the language model's.
Checked<GgufMetadata> gguf_metadata(const ModelShape& shape);

// Small F32 tensors that stand for scaled rotary positions: rope_freqs.weight (llama3),
// rope_factors_{short,long}.weight (longrope).
std::vector<std::pair<std::string, std::vector<float>>> gguf_rope_tensors(const ModelShape& shape);

// tokenizer.ggml.* of a byte-level BPE in tokenizer.json; `pre` is what llama.cpp calls the way it
// cuts words. `vocab_size` rows are filled up with unused tokens. Problems: another kind of model,
// ids that are doubled or beyond vocab_size.
Checked<GgufMetadata> gguf_tokenizer_metadata(const Json& tokenizer, const Json& tokenizer_config,
                                              const std::string& pre, std::int64_t vocab_size);

}  // namespace temper
