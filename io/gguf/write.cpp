#include "io/gguf/write.hpp"

#include "core/contract.hpp"
#include "core/extent.hpp"
#include "io/gguf/blocks.hpp"
#include "io/output_file.hpp"

namespace temper {

namespace {

constexpr std::int64_t kAlignment = 32;

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
void put_text(std::string& out, const std::string& text) {
  put(out, std::uint64_t(text.size()));
  out += text;
}

void put_integer(std::string& out, GgufType type, std::int64_t value) {
  switch (type) {
    case GgufType::u8:
    case GgufType::i8:
    case GgufType::boolean:
      return put(out, std::uint8_t(value));
    case GgufType::u16:
    case GgufType::i16:
      return put(out, std::uint16_t(value));
    case GgufType::u32:
    case GgufType::i32:
      return put(out, std::uint32_t(value));
    default:
      return put(out, value);
  }
}

void put_real(std::string& out, GgufType type, double value) {
  if (type == GgufType::f32)
    put(out, float(value));
  else
    put(out, value);
}

struct ValueWriter {
  std::string& out;
  const GgufValue& value;
  void operator()(std::int64_t whole) const { put_integer(out, value.type, whole); }
  void operator()(double real) const { put_real(out, value.type, real); }
  void operator()(const std::string& text) const { put_text(out, text); }
  template <class T>
  void operator()(const std::vector<T>& all) const {
    put(out, std::uint32_t(value.element));
    put(out, std::uint64_t(all.size()));
    for (const T& one : all) {
      if constexpr (std::is_same_v<T, std::string>)
        put_text(out, one);
      else if constexpr (std::is_same_v<T, double>)
        put_real(out, value.element, one);
      else
        put_integer(out, value.element, one);
    }
  }
};

std::string header_of(const GgufMetadata& metadata, const std::vector<GgufStream>& tensors) {
  std::string out = "GGUF";
  put(out, std::uint32_t{3});
  put(out, std::uint64_t(tensors.size()));
  put(out, std::uint64_t(metadata.size()));
  for (const auto& [key, value] : metadata) {
    put_text(out, key);
    put(out, std::uint32_t(value.type));
    std::visit(ValueWriter{out, value}, value.held);
  }
  std::int64_t offset = 0;
  for (const GgufStream& tensor : tensors) {
    const auto bytes = ggml_bytes(tensor.type, tensor.numel());
    expects(bytes.has_value() && is_writable(tensor.type) && tensor.shape.size() <= 4, tensor.name,
            " cannot be written as ", to_string(tensor.type));
    put_text(out, tensor.name);
    put(out, std::uint32_t(tensor.shape.size()));
    for (auto dim = tensor.shape.rbegin(); dim != tensor.shape.rend(); ++dim)
      put(out, std::uint64_t(*dim));
    put(out, std::uint32_t(tensor.type));
    put(out, std::uint64_t(offset));
    offset += align_up(*bytes, kAlignment);
  }
  out.resize(std::size_t(align_up(std::int64_t(out.size()), kAlignment)), '\0');
  return out;
}

}  // namespace

void write_gguf(const std::filesystem::path& path, const GgufMetadata& metadata,
                const std::vector<GgufStream>& tensors) {
  const std::string header = header_of(metadata, tensors);
  OutputFile file(path);
  file.write(header.data(), std::int64_t(header.size()));
  std::vector<float> values;
  std::vector<std::byte> bytes;
  for (const GgufStream& tensor : tensors) {
    values.resize(std::size_t(tensor.numel()));
    tensor.read(values.data());
    bytes.assign(std::size_t(align_up(*ggml_bytes(tensor.type, tensor.numel()), kAlignment)),
                 std::byte{0});
    encode_blocks(tensor.type, values.data(), tensor.numel(), bytes.data());
    file.write(bytes.data(), std::int64_t(bytes.size()));
  }
  file.commit();
}

}  // namespace temper
