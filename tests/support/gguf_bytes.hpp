// GGUF files byte by byte, sound ones and such as no writer makes.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace temper {

template <class T>
std::string little_endian(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

class GgufBytes {
 public:
  GgufBytes& version(std::uint32_t version) { return version_ = version, *this; }
  GgufBytes& align_to(std::uint64_t alignment) { return alignment_ = alignment, *this; }

  // A value of any type by its bytes.
  GgufBytes& raw(const std::string& key, std::uint32_t type, const std::string& value) {
    metadata_ += counted(key) + little_endian(type) + value;
    ++keys_;
    return *this;
  }
  GgufBytes& u32(const std::string& key, std::uint32_t value) {
    return raw(key, 4, little_endian(value));
  }
  GgufBytes& f32(const std::string& key, float value) { return raw(key, 6, little_endian(value)); }
  GgufBytes& boolean(const std::string& key, bool value) {
    return raw(key, 7, std::string(1, char(value)));
  }
  GgufBytes& text(const std::string& key, const std::string& value) {
    return raw(key, 8, counted(value));
  }
  GgufBytes& strings(const std::string& key, const std::vector<std::string>& values) {
    std::string all = little_endian(std::uint32_t{8}) + little_endian(std::uint64_t(values.size()));
    for (const std::string& value : values) all += counted(value);
    return raw(key, 9, all);
  }
  GgufBytes& i32s(const std::string& key, const std::vector<std::int32_t>& values) {
    std::string all = little_endian(std::uint32_t{5}) + little_endian(std::uint64_t(values.size()));
    for (const std::int32_t value : values) all += little_endian(value);
    return raw(key, 9, all);
  }

  // Sizes as the file has them, fastest first. The data follow each other, aligned.
  GgufBytes& tensor(const std::string& name, const std::vector<std::uint64_t>& sizes,
                    std::uint32_t type, const std::string& data) {
    data_.resize((data_.size() + alignment_ - 1) / alignment_ * alignment_, '\0');
    info(name, sizes, type, data_.size());
    data_ += data;
    return *this;
  }
  GgufBytes& tensor(const std::string& name, const std::vector<std::uint64_t>& sizes,
                    std::uint32_t type, std::uint64_t bytes) {
    return tensor(name, sizes, type, std::string(bytes, '\0'));
  }
  // At any offset, with as much data as `end` asks for.
  GgufBytes& tensor_at(const std::string& name, const std::vector<std::uint64_t>& sizes,
                       std::uint32_t type, std::uint64_t offset, std::uint64_t end) {
    info(name, sizes, type, offset);
    if (data_.size() < end) data_.resize(end, '\0');
    return *this;
  }

  std::string bytes() const {
    std::string all = "GGUF" + little_endian(version_) + little_endian(tensors_) +
                      little_endian(keys_) + metadata_ + infos_;
    if (tensors_ > 0) all.resize((all.size() + alignment_ - 1) / alignment_ * alignment_, '\0');
    return all + data_;
  }

 private:
  static std::string counted(const std::string& text) {
    return little_endian(std::uint64_t(text.size())) + text;
  }
  void info(const std::string& name, const std::vector<std::uint64_t>& sizes, std::uint32_t type,
            std::uint64_t offset) {
    infos_ += counted(name) + little_endian(std::uint32_t(sizes.size()));
    for (const std::uint64_t size : sizes) infos_ += little_endian(size);
    infos_ += little_endian(type) + little_endian(offset);
    ++tensors_;
  }

  std::uint32_t version_ = 3;
  std::uint64_t alignment_ = 32, tensors_ = 0, keys_ = 0;
  std::string metadata_, infos_, data_;
};

}  // namespace temper
