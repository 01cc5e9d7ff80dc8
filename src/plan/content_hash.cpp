#include "plan/content_hash.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "core/digest.hpp"
#include "core/file.hpp"
#include "core/json.hpp"
#include "core/outcome.hpp"
#include "plan/model_files.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kSamples = 64, kSampleBytes = 4096;

std::string cache_key(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) throw io_failure("cannot read", path.string(), errno);
  return path.string() + " " + std::to_string(status.st_size) + " " +
         std::to_string(status.st_mtim.tv_sec) + "." + std::to_string(status.st_mtim.tv_nsec);
}

void add_samples(Sha256& hash, const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw io_failure("cannot read", path.string(), errno);
  const std::int64_t size = ::lseek(descriptor, 0, SEEK_END);
  hash.update(path.filename().string() + "\n" + std::to_string(size) + "\n");
  const std::int64_t span = std::max<std::int64_t>(0, size - kSampleBytes);
  char buffer[kSampleBytes];
  for (std::int64_t i = 0; i < kSamples; ++i) {
    const ssize_t got =
        ::pread(descriptor, buffer, sizeof buffer,
                span / (kSamples - 1) * i + span % (kSamples - 1) * i / (kSamples - 1));
    if (got < 0) {
      const int error = errno;
      ::close(descriptor);
      throw io_failure("cannot read", path.string(), error);
    }
    hash.update(buffer, std::size_t(got));
    if (span == 0) break;  // one sample holds the whole file
  }
  ::close(descriptor);
}

}  // namespace

HashCache::HashCache(fs::path file) : file_(std::move(file)) {
  if (!fs::exists(file_)) return;
  const Checked<Json> json = read_json_file(file_);
  if (!json || !json.value().is_object()) return;
  for (const auto& [key, hash] : json.value().items())
    if (hash.is_string()) known_[key] = hash.get<std::string>();
}

std::string HashCache::sha256_of(const fs::path& path) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(path, error);
  if (error || size < kCachedBytes) return sha256_of_file(path);
  const std::string key = cache_key(path);
  const auto found = known_.find(key);
  if (found != known_.end()) return found->second;
  changed_ = true;
  return known_[key] = sha256_of_file(path);
}

void HashCache::save() const {
  if (!changed_) return;
  try {
    write_file_atomically(file_, Json(known_).dump(1) + "\n");
  } catch (const WorldFailure&) {
    // Planning must work where the study's folder cannot be written: the hash is computed again.
  }
}

std::vector<fs::path> weight_files(const fs::path& directory) {
  if (const Checked<fs::path> gguf = find_gguf(directory); gguf && !gguf.value().empty())
    return {gguf.value()};
  if (fs::exists(directory / "model.safetensors")) return {directory / "model.safetensors"};
  const fs::path index = directory / "model.safetensors.index.json";
  if (!fs::exists(index)) return {};
  const Checked<Json> json = read_json_file(index);
  std::set<fs::path> files;
  if (json && json.value().is_object() && json.value().value("weight_map", Json()).is_object())
    for (const auto& [tensor, file] : json.value()["weight_map"].items())
      if (file.is_string()) files.insert(directory / fs::path(file.get<std::string>()).filename());
  return {files.begin(), files.end()};
}

std::string model_fingerprint(const fs::path& directory, bool weights) {
  Sha256 hash;
  for (const char* name : {"config.json", "1_Pooling/config.json", "sentence_bert_config.json",
                           "tokenizer_config.json", "chat_template.jinja"})
    if (const Checked<std::string> text = read_text_file(directory / name))
      hash.update(std::string(name) + "\n" + std::to_string(text.value().size()) + "\n")
          .update(text.value());
  if (const Checked<fs::path> gguf = find_gguf(directory); gguf && !gguf.value().empty())
    if (const Checked<ModelConfig> model = read_model_config(directory))
      hash.update("config of the GGUF file\n" + canonical_json(model.value().config) + "\n");
  if (weights)
    for (const fs::path& file : weight_files(directory)) add_samples(hash, file);
  return hash.hex();
}

std::string weights_sha256(const fs::path& directory, HashCache& cache) {
  const std::vector<fs::path> files = weight_files(directory);
  if (files.size() == 1) return cache.sha256_of(files.front());
  std::string lines;
  for (const fs::path& file : files)
    lines += cache.sha256_of(file) + "  " + file.filename().string() + "\n";
  return sha256_hex(lines);
}

}  // namespace temper
