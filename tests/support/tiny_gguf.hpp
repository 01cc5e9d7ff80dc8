// A GGUF file of the llama architecture, small enough to look at: hidden size 64, 2 layers, 4 query
// and 2 key-value heads of 16, MLP width 96, 6 tokens.
#pragma once

#include <cmath>
#include <functional>

#include "support/gguf_bytes.hpp"

namespace temper {

inline std::string float_bytes(std::size_t count, int seed) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i)
    bytes += little_endian(float(std::sin(0.37 * double(i) + seed)));
  return bytes;
}

inline GgufBytes& llama_keys(GgufBytes& file) {
  file.text("general.architecture", "llama").u32("llama.block_count", 2);
  file.u32("llama.context_length", 128).u32("llama.embedding_length", 64);
  file.u32("llama.feed_forward_length", 96).u32("llama.attention.head_count", 4);
  file.u32("llama.attention.head_count_kv", 2).u32("llama.rope.dimension_count", 16);
  file.f32("llama.rope.freq_base", 50000).f32("llama.attention.layer_norm_rms_epsilon", 1e-5f);
  file.text("tokenizer.ggml.model", "gpt2").text("tokenizer.ggml.pre", "gpt-2");
  file.strings("tokenizer.ggml.tokens", {"<s>", "</s>", "a", "b", "c", "ab"});
  file.i32s("tokenizer.ggml.token_type", {3, 3, 1, 1, 1, 1});
  file.strings("tokenizer.ggml.merges", {"a b"});
  file.u32("tokenizer.ggml.bos_token_id", 0).u32("tokenizer.ggml.eos_token_id", 1);
  return file.text("tokenizer.chat_template", "{{ messages }}");
}

// F32 tensors of the llama keys above, each with values of its own.
inline GgufBytes& llama_tensors(GgufBytes& file, bool with_output = false) {
  int seed = 0;
  const auto add = [&](const std::string& name, std::vector<std::uint64_t> sizes) {
    std::size_t count = 1;
    for (const std::uint64_t size : sizes) count *= size;
    file.tensor(name, sizes, 0, float_bytes(count, seed++));
  };
  add("token_embd.weight", {64, 6});
  for (int layer = 0; layer < 2; ++layer) {
    const std::string block = "blk." + std::to_string(layer) + ".";
    add(block + "attn_norm.weight", {64});
    add(block + "attn_q.weight", {64, 64});
    add(block + "attn_k.weight", {64, 32});
    add(block + "attn_v.weight", {64, 32});
    add(block + "attn_output.weight", {64, 64});
    add(block + "ffn_norm.weight", {64});
    add(block + "ffn_gate.weight", {64, 96});
    add(block + "ffn_up.weight", {64, 96});
    add(block + "ffn_down.weight", {96, 64});
  }
  add("output_norm.weight", {64});
  if (with_output) add("output.weight", {64, 6});
  return file;
}

inline std::string tiny_llama_gguf() {
  GgufBytes file;
  return llama_tensors(llama_keys(file)).bytes();
}

}  // namespace temper
