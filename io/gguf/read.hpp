// Tensors of a GGUF file under Hugging Face's names, their values as Hugging Face has them.
#pragma once

#include "io/tensor_index.hpp"

namespace temper {

// Problems: those of the header and the config, tensors of a type that cannot be read (named), of
// another shape than the metadata say, and such as the architecture has no place for.
Checked<TensorIndex> read_gguf_index(const std::filesystem::path& file);

// What read_elements does for these entries: blocks dequantised, the converter's change undone.
void read_gguf_elements(const TensorEntry& entry, std::int64_t begin, std::int64_t end, float* out);

}  // namespace temper
