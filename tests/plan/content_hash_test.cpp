#include "plan/content_hash.hpp"

#include <gtest/gtest.h>

#include "core/digest.hpp"
#include "support/study_folder.hpp"

namespace temper {

TEST(ContentHash, a_fingerprint_follows_contents_and_not_places) {
  const StudyFolder a, b;
  const std::string before = model_fingerprint(a.path() / "model", true);
  EXPECT_EQ(model_fingerprint(b.path() / "model", true), before);
  b.write("model/config.json", StudyFolder::config() + "\n");
  EXPECT_NE(model_fingerprint(b.path() / "model", true), before);
  a.write("model/model.safetensors", std::string(20001, 'w'));
  EXPECT_NE(model_fingerprint(a.path() / "model", true), before);
  EXPECT_NE(model_fingerprint(a.path() / "model", true),
            model_fingerprint(a.path() / "model", false));
}

TEST(ContentHash, a_fingerprint_sees_the_first_and_the_last_bytes_and_every_small_file_whole) {
  const StudyFolder folder;
  const std::string weights(std::size_t(3) << 20, 'w');
  folder.write("model/model.safetensors", weights);
  const std::string before = model_fingerprint(folder.path() / "model", true);
  for (const std::size_t at : {std::size_t{0}, weights.size() - 1}) {
    std::string changed = weights;
    changed[at] = 'x';
    folder.write("model/model.safetensors", changed);
    EXPECT_NE(model_fingerprint(folder.path() / "model", true), before) << at;
  }
  // 64 samples of 4 KiB cover files of up to 256 KiB.
  const std::string small(std::size_t(200) << 10, 'w');
  folder.write("model/model.safetensors", small);
  const std::string whole = model_fingerprint(folder.path() / "model", true);
  for (std::size_t at = 0; at < small.size(); at += 1021) {
    std::string changed = small;
    changed[at] = 'x';
    folder.write("model/model.safetensors", changed);
    ASSERT_NE(model_fingerprint(folder.path() / "model", true), whole) << at;
  }
}

TEST(ContentHash, large_files_are_remembered_until_they_change) {
  const StudyFolder folder;
  const auto file = folder.write("large", std::string(HashCache::kCachedBytes, 'a'));
  const std::string hash = sha256_of_file(file);
  {
    HashCache cache(folder.path() / "hashes.json");
    EXPECT_EQ(cache.sha256_of(file), hash);
    cache.save();
  }
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "hashes.json"));
  HashCache again(folder.path() / "hashes.json");
  EXPECT_EQ(again.sha256_of(file), hash);
  folder.write("large", std::string(HashCache::kCachedBytes + 1, 'a'));
  EXPECT_EQ(again.sha256_of(file), sha256_of_file(file));
  folder.write("hashes.json", "no JSON");
  EXPECT_EQ(HashCache(folder.path() / "hashes.json").sha256_of(file), sha256_of_file(file));
}

TEST(ContentHash, several_weight_files_hash_as_sha256sum_prints_them) {
  const StudyFolder folder;
  std::filesystem::remove(folder.path() / "model/model.safetensors");
  folder.write("model/model-2.safetensors", "two");
  folder.write("model/model-1.safetensors", "one");
  folder.write("model/model.safetensors.index.json",
               R"({"weight_map": {"b": "model-2.safetensors", "a": "model-1.safetensors"}})");
  HashCache cache(folder.path() / "hashes.json");
  EXPECT_EQ(weights_sha256(folder.path() / "model", cache),
            sha256_hex(sha256_hex("one") + "  model-1.safetensors\n" + sha256_hex("two") +
                       "  model-2.safetensors\n"));
}

}  // namespace temper
