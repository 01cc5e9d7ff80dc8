// What files hold, as hashes: so that a trial's identity depends on contents and never on places.
//
//   HashCache cache("runs/wn24/data/hashes.json");
//   cache.sha256_of("wn24/train.jsonl");       // reads the file once; again when size or time
//   differ cache.save();
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/problem.hpp"

namespace temper {

// SHA-256 of whole files. Files of kCachedBytes or more are remembered by (path, size, time of last
// change) in one JSON file; smaller ones are read each time.
class HashCache {
 public:
  static constexpr std::uintmax_t kCachedBytes = 4 << 20;

  // A missing or damaged cache file is an empty cache.
  explicit HashCache(std::filesystem::path file);
  // Throws WorldFailure when the file cannot be read.
  std::string sha256_of(const std::filesystem::path& path);
  // Writes the cache when something was added; a folder that cannot be written leaves it out.
  void save() const;

 private:
  std::filesystem::path file_;
  std::map<std::string, std::string> known_;  // "path size time" -> SHA-256
  bool changed_ = false;
};

// The .gguf file that the path stands for (plan/model_files.hpp), else model.safetensors, or the
// shards of its index, sorted by name. Empty when there are none.
std::vector<std::filesystem::path> weight_files(const std::filesystem::path& directory);

// A cheap hash of a model that changes when the model does: SHA-256 over config.json (or what a
// GGUF file's metadata say instead), 1_Pooling/config.json and sentence_bert_config.json and, with
// `weights`, over name, size and 64 evenly spaced samples of 4 KiB of each weight file (the first
// and the last bytes among them). It is no proof of equality: revision_sha256 is. 64 random reads a
// file, so milliseconds.
std::string model_fingerprint(const std::filesystem::path& directory, bool weights);

// What model.revision_sha256 is compared with: the SHA-256 of the weight file; of several files
// that of `sha256sum *.safetensors`, i.e. of the lines "<hash>  <name>\n" sorted by name.
std::string weights_sha256(const std::filesystem::path& directory, HashCache& cache);

}  // namespace temper
