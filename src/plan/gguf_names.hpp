// What GGUF files call the tensors of a model, and how their bytes differ from Hugging Face's.
//
//   gguf_tensor_name("block.3.attn.q.weight");   // "blk.3.attn_q.weight"
#pragma once

#include <string>

#include "plan/model_shape.hpp"

namespace temper {

// By the role of a logical tensor; "" for what GGUF files cannot hold.
std::string gguf_tensor_name(const std::string& role);

// What a converter did to the values of a tensor.
enum class GgufChange {
  none,
  interleaved_rows,  // rotary pairs of each head next to each other (llama's q and k)
  plus_one,          // norm gains as 1 + w (Gemma)
  transposed         // [out, in] where Hugging Face's file has [in, out] (GPT-2)
};
// `architecture` is the GGUF file's.
GgufChange gguf_change(const std::string& architecture, const LogicalTensor& tensor);

// general.architecture of a family; "" when GGUF has none that Temper knows.
std::string gguf_architecture(const std::string& model_type);

}  // namespace temper
