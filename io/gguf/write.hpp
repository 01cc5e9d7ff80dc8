// GGUF files, version 3, written tensor by tensor.
//
//   write_gguf("model.gguf", {{"general.architecture", gguf_text("llama")}}, tensors);
#pragma once

#include <filesystem>
#include <vector>

#include "io/export/tensor_stream.hpp"
#include "plan/gguf_metadata.hpp"

namespace temper {

struct GgufStream : TensorStream {
  GgmlType type = GgmlType::f32;  // F32, F16, BF16 or Q8_0, whose rows are multiples of 32
};

// Atomically; data aligned to 32 bytes. One tensor is in memory at a time. Throws WorldFailure.
void write_gguf(const std::filesystem::path& file, const GgufMetadata& metadata,
                const std::vector<GgufStream>& tensors);

}  // namespace temper
