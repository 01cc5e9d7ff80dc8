// Block layouts: ggml-common.h of ggml. A product and a sum stay two roundings (this file is
// compiled without contraction), as in the reference.
#include "io/gguf/blocks.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "core/contract.hpp"

namespace temper {

namespace {

using Byte = std::uint8_t;

std::uint16_t half_bits(const Byte* at) {
  std::uint16_t bits;
  std::memcpy(&bits, at, 2);
  return bits;
}

// IEEE half to float without branches: the exponents differ by 112; what was infinite stays so.
float from_half(std::uint16_t half) {
  const std::uint32_t magnitude = std::uint32_t(half & 0x7FFF) << 13;
  const float finite = std::bit_cast<float>(magnitude) * 0x1p112f;
  const std::uint32_t bits =
      magnitude >= (0x7C00u << 13) ? magnitude | 0x7F800000u : std::bit_cast<std::uint32_t>(finite);
  return std::bit_cast<float>(bits | std::uint32_t(half & 0x8000) << 16);
}

float half_at(const Byte* at) { return from_half(half_bits(at)); }

// Two rows of 16 in the low and high halves of 16 bytes, with the fifth bits where there are some.
void decode_q4_0(const Byte* in, float* out) {
  const float d = half_at(in);
  for (int i = 0; i < 16; ++i) {
    out[i] = d * float(int(in[2 + i] & 15) - 8);
    out[16 + i] = d * float(int(in[2 + i] >> 4) - 8);
  }
}

void decode_q4_1(const Byte* in, float* out) {
  const float d = half_at(in), m = half_at(in + 2);
  for (int i = 0; i < 16; ++i) {
    out[i] = d * float(in[4 + i] & 15) + m;
    out[16 + i] = d * float(in[4 + i] >> 4) + m;
  }
}

void decode_q5_0(const Byte* in, float* out) {
  const float d = half_at(in);
  std::uint32_t high;
  std::memcpy(&high, in + 2, 4);
  for (int i = 0; i < 16; ++i) {
    out[i] = d * float(int(in[6 + i] & 15) + int(high >> i & 1) * 16 - 16);
    out[16 + i] = d * float(int(in[6 + i] >> 4) + int(high >> (16 + i) & 1) * 16 - 16);
  }
}

void decode_q5_1(const Byte* in, float* out) {
  const float d = half_at(in), m = half_at(in + 2);
  std::uint32_t high;
  std::memcpy(&high, in + 4, 4);
  for (int i = 0; i < 16; ++i) {
    out[i] = d * float(int(in[8 + i] & 15) + int(high >> i & 1) * 16) + m;
    out[16 + i] = d * float(int(in[8 + i] >> 4) + int(high >> (16 + i) & 1) * 16) + m;
  }
}

void decode_q8_0(const Byte* in, float* out) {
  const float d = half_at(in);
  for (int i = 0; i < 32; ++i) out[i] = float(std::int8_t(in[2 + i])) * d;
}

// Eight six-bit scales and minima in 12 bytes: the low four of each whole, the high four's upper
// bits above the low ones.
struct Scales {
  Byte scale[8], minimum[8];
  explicit Scales(const Byte* in) {
    for (int i = 0; i < 4; ++i) {
      scale[i] = in[i] & 63;
      minimum[i] = in[4 + i] & 63;
      scale[4 + i] = Byte((in[8 + i] & 15) | (in[i] >> 2 & 48));
      minimum[4 + i] = Byte((in[8 + i] >> 4) | (in[4 + i] >> 2 & 48));
    }
  }
};

// Groups of 32 elements, two of them in the halves of 32 bytes. `high` holds the fifth bit of group
// g at bit g, or is nullptr.
void decode_grouped(const Byte* in, const Byte* high, const Byte* low, float* out) {
  const float d = half_at(in), minimum = half_at(in + 2);
  const Scales scales(in + 4);
  for (int group = 0; group < 8; ++group) {
    const float scale = d * float(scales.scale[group]),
                shift = minimum * float(scales.minimum[group]);
    const Byte* bytes = low + group / 2 * 32;
    const int nibble = group % 2 * 4;
    for (int i = 0; i < 32; ++i) {
      const int fifth = high == nullptr ? 0 : (high[i] >> group & 1) * 16;
      out[group * 32 + i] = scale * float((bytes[i] >> nibble & 15) + fifth) - shift;
    }
  }
}

void decode_q4_k(const Byte* in, float* out) { decode_grouped(in, nullptr, in + 16, out); }
void decode_q5_k(const Byte* in, float* out) { decode_grouped(in, in + 16, in + 48, out); }

// Low four bits of 128 elements in 64 bytes, upper two bits of four groups of 32 in 32 bytes; a
// signed scale for every 16 elements.
void decode_q6_k(const Byte* in, float* out) {
  const Byte *low = in, *high = in + 128, *scales = in + 192;
  const float d = half_at(in + 208);
  for (int group = 0; group < 8; ++group) {
    const Byte *l = low + group / 4 * 64 + group % 2 * 32, *h = high + group / 4 * 32;
    const int nibble = group % 4 / 2 * 4, pair = group % 4 * 2;
    for (int i = 0; i < 32; ++i) {
      const float scale = d * float(std::int8_t(scales[group * 2 + i / 16]));
      out[group * 32 + i] =
          scale * float(int((l[i] >> nibble & 15) | (h[i] >> pair & 3) << 4) - 32);
    }
  }
}

template <void (*decode)(const Byte*, float*)>
void decode_all(const Byte* in, std::int64_t blocks, const GgmlLayout& layout, float* out) {
  for (std::int64_t i = 0; i < blocks; ++i)
    decode(in + i * layout.block_bytes, out + i * layout.block_elements);
}

void encode_bf16(const float* values, std::int64_t elements, Byte* out) {
  for (std::int64_t i = 0; i < elements; ++i) {
    const auto bits = std::bit_cast<std::uint32_t>(values[i]);
    const bool nan = (bits & 0x7FFFFFFF) > 0x7F800000;
    const auto rounded =
        std::uint16_t(nan ? (bits >> 16) | 64 : (bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
    std::memcpy(out + 2 * i, &rounded, 2);
  }
}

void encode_f16(const float* values, std::int64_t elements, Byte* out) {
  for (std::int64_t i = 0; i < elements; ++i) {
    const auto half = _Float16(values[i]);
    std::memcpy(out + 2 * i, &half, 2);
  }
}

void encode_q8_0(const float* values, std::int64_t elements, Byte* out) {
  for (std::int64_t block = 0; block < elements / 32; ++block, values += 32, out += 34) {
    float largest = 0;
    for (int i = 0; i < 32; ++i) largest = std::max(largest, std::abs(values[i]));
    const float d = largest / 127, inverse = d == 0 ? 0 : 1 / d;
    encode_f16(&d, 1, out);
    for (int i = 0; i < 32; ++i) {
      const float scaled = values[i] * inverse, whole = std::floor(std::abs(scaled)),
                  rounded = whole + (std::abs(scaled) - whole >= 0.5f ? 1.0f : 0.0f);
      out[2 + i] = Byte(std::int8_t(scaled < 0 ? -rounded : rounded));
    }
  }
}

}  // namespace

void decode_blocks(GgmlType type, const std::byte* blocks, std::int64_t elements, float* out) {
  const auto* in = reinterpret_cast<const Byte*>(blocks);
  const GgmlLayout layout = ggml_layout(type).value_or(GgmlLayout{});
  const std::int64_t count = elements / layout.block_elements;
  expects(elements % layout.block_elements == 0, elements, " elements fill no whole blocks of ",
          to_string(type));
  switch (type) {
    case GgmlType::f32:
      std::memcpy(out, in, std::size_t(elements) * 4);
      return;
    case GgmlType::f16:
      for (std::int64_t i = 0; i < elements; ++i) out[i] = half_at(in + 2 * i);
      return;
    case GgmlType::bf16:
      for (std::int64_t i = 0; i < elements; ++i)
        out[i] = std::bit_cast<float>(std::uint32_t(half_bits(in + 2 * i)) << 16);
      return;
    case GgmlType::f64:
      for (std::int64_t i = 0; i < elements; ++i) {
        double value;
        std::memcpy(&value, in + 8 * i, 8);
        out[i] = float(value);
      }
      return;
    case GgmlType::q4_0:
      return decode_all<decode_q4_0>(in, count, layout, out);
    case GgmlType::q4_1:
      return decode_all<decode_q4_1>(in, count, layout, out);
    case GgmlType::q5_0:
      return decode_all<decode_q5_0>(in, count, layout, out);
    case GgmlType::q5_1:
      return decode_all<decode_q5_1>(in, count, layout, out);
    case GgmlType::q8_0:
      return decode_all<decode_q8_0>(in, count, layout, out);
    case GgmlType::q4_k:
      return decode_all<decode_q4_k>(in, count, layout, out);
    case GgmlType::q5_k:
      return decode_all<decode_q5_k>(in, count, layout, out);
    case GgmlType::q6_k:
      return decode_all<decode_q6_k>(in, count, layout, out);
  }
  expects(false, to_string(type), " cannot be read");
}

bool is_writable(GgmlType type) {
  return type == GgmlType::f32 || type == GgmlType::f16 || type == GgmlType::bf16 ||
         type == GgmlType::q8_0;
}

void encode_blocks(GgmlType type, const float* values, std::int64_t elements, std::byte* out) {
  auto* bytes = reinterpret_cast<Byte*>(out);
  expects(is_writable(type) && elements % ggml_layout(type)->block_elements == 0, elements,
          " elements cannot be written as ", to_string(type));
  if (type == GgmlType::f16) return encode_f16(values, elements, bytes);
  if (type == GgmlType::bf16) return encode_bf16(values, elements, bytes);
  if (type == GgmlType::q8_0) return encode_q8_0(values, elements, bytes);
  std::memcpy(bytes, values, std::size_t(elements) * 4);
}

}  // namespace temper
