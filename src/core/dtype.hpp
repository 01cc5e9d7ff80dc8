// Element types of tensors and files, by the names of safetensors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace temper {

enum class Dtype { f64, f32, f16, bf16, i64, i32, i16, i8, u64, u32, u16, u8, boolean };

std::int64_t size_bytes(Dtype dtype);
// "F32", "BF16", ... as in safetensors headers.
std::string to_string(Dtype dtype);
std::optional<Dtype> dtype_of_name(std::string_view name);

}  // namespace temper
