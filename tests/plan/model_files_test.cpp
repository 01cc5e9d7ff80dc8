// What a model path holds, whichever kind it is.
#include "plan/model_files.hpp"

#include <gtest/gtest.h>

#include "plan/content_hash.hpp"
#include "plan/model_shape.hpp"
#include "support/temporary_folder.hpp"
#include "support/tiny_gguf.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

constexpr const char* kTokenizer =
    R"({"model": {"vocab": {"a": 0, "b": 4}}, "added_tokens": [{"id": 8, "content": "<x>"}]})";

ModelFiles files_of(const fs::path& path) { return value_or_throw(read_model_files(path)); }

}  // namespace

TEST(ModelFiles, of_a_gguf_file_hold_all_that_its_metadata_say) {
  const TemporaryFolder folder;
  const fs::path path = folder.write("model/tiny.gguf", tiny_llama_gguf());
  for (const fs::path& model : {path, path.parent_path()}) {
    const ModelFiles files = files_of(model);
    EXPECT_EQ(files.kind(), ModelKind::gguf);
    EXPECT_EQ(files.config["hidden_size"], 64);
    EXPECT_EQ(files.tokenizer_file, path);
    EXPECT_EQ(files.tokenizer_config["eos_token"], "</s>");
    EXPECT_EQ(files.chat_template, "{{ messages }}");
    EXPECT_EQ(files.weight_files, std::vector<fs::path>{path});
    EXPECT_EQ(value_or_throw(count_token_ids(files)), 6);
    const ModelShape shape = value_or_throw(read_model_shape(model, {{"rope_theta", 7.0}}));
    EXPECT_EQ(shape.layers, 2);
    EXPECT_EQ(shape.ropes.at(0).theta, 7.0) << "overrides apply here too";
  }
}

TEST(ModelFiles, files_beside_a_gguf_file_win_over_what_it_embeds) {
  const TemporaryFolder folder;
  const fs::path path = folder.write("model/tiny.gguf", tiny_llama_gguf());
  folder.write("model/tokenizer.json", kTokenizer);
  folder.write("model/chat_template.jinja", "mine");
  folder.write("model/generation_config.json", R"({"temperature": 0.5})");
  for (const fs::path& model : {path, path.parent_path()}) {
    const ModelFiles files = files_of(model);
    EXPECT_EQ(files.tokenizer_file, path.parent_path() / "tokenizer.json");
    EXPECT_EQ(files.chat_template, "mine");
    EXPECT_EQ(files.generation_config["temperature"], 0.5);
    EXPECT_EQ(value_or_throw(count_token_ids(files)), 9);
  }
}

TEST(ModelFiles, of_several_gguf_files_one_must_be_named) {
  const TemporaryFolder folder;
  const fs::path first = folder.write("model/a.gguf", tiny_llama_gguf());
  folder.write("model/b.gguf", tiny_llama_gguf());
  folder.write("model/tokenizer.json", kTokenizer);
  const auto both = read_model_files(first.parent_path());
  EXPECT_NE(to_text(both.problems()).find("holds 2 .gguf files"), std::string::npos);
  EXPECT_EQ(files_of(first).tokenizer_file, first) << "whose tokenizer.json it is nobody knows";
}

TEST(ModelFiles, a_config_makes_the_folder_a_hugging_face_directory) {
  const TemporaryFolder folder;
  folder.write("model/config.json", R"({"model_type": "llama"})");
  folder.write("model/other.gguf", "x");
  folder.write("model/tokenizer_config.json",
               R"({"chat_template": [{"name": "tools", "template": "T"},
                                     {"name": "default", "template": "D"}]})");
  const ModelFiles files = files_of(folder.path() / "model");
  EXPECT_EQ(files.kind(), ModelKind::hugging_face);
  EXPECT_EQ(files.chat_template, "D");
  EXPECT_TRUE(files.tokenizer_file.empty());
  EXPECT_TRUE(files.generation_config.is_null());
  EXPECT_TRUE(files.weight_files.empty());
  folder.write("model/generation_config.json", "{broken");
  EXPECT_FALSE(read_model_files(folder.path() / "model"));
}

TEST(ModelFiles, what_is_no_model_is_a_problem) {
  const TemporaryFolder folder;
  EXPECT_FALSE(read_model_files(folder.path()));
  EXPECT_FALSE(read_model_files(folder / "absent.gguf"));
  EXPECT_FALSE(read_model_files(folder.write("bad.gguf", "GGUF")));
}

TEST(ContentHash, of_a_gguf_file_changes_with_metadata_and_weights) {
  const TemporaryFolder folder;
  GgufBytes other;
  llama_keys(other).u32("llama.attention.sliding_window", 64);
  const fs::path a = folder.write("a/m.gguf", tiny_llama_gguf()),
                 b = folder.write("b/m.gguf", llama_tensors(other).bytes());
  std::string bytes = tiny_llama_gguf();
  bytes.back() ^= 1;
  const fs::path c = folder.write("c/m.gguf", bytes);
  EXPECT_NE(model_fingerprint(a, false), model_fingerprint(b, false));
  EXPECT_EQ(model_fingerprint(a, false), model_fingerprint(c, false));
  EXPECT_NE(model_fingerprint(a, true), model_fingerprint(c, true));
  HashCache cache(folder / "hashes.json");
  EXPECT_EQ(weights_sha256(a, cache), cache.sha256_of(a));
}

}  // namespace temper
