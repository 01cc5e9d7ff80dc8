// Bad input ends in one clear error with its exit code, and leaves nothing half written.
#include <unistd.h>

#include <cstring>
#include <functional>

#include "end_to_end/end_to_end.hpp"

namespace temper {

namespace fs = std::filesystem;

class BadInputs : public EndToEnd {
 protected:
  void append(const std::string& name, const std::string& text) const {
    std::ofstream(root_ / name, std::ios::app | std::ios::binary) << text;
  }
  // Runs the study: it ends with the code, its words name what is wrong, and no store, model or
  // temporary is left.
  void expect_error(const fs::path& file, int code, const std::vector<std::string>& words) const {
    const ProgramOutput output = temper({"run", file});
    EXPECT_EQ(output.exit_code, code) << output.text;
    for (const std::string& word : words)
      EXPECT_NE(output.text.find(word), std::string::npos) << word << " in\n" << output.text;
    if (!fs::exists(study_folder())) return;
    for (const auto& entry : fs::recursive_directory_iterator(study_folder())) {
      const std::string name = entry.path().filename().string();
      EXPECT_EQ(name.find(".tmp"), std::string::npos) << entry.path();
      EXPECT_FALSE(name == "model.safetensors") << entry.path();
    }
  }
  void expect_no_store() const {
    if (!fs::exists(study_folder() / "data")) return;
    for (const auto& entry : fs::directory_iterator(study_folder() / "data"))
      EXPECT_NE(entry.path().extension(), ".h5") << entry.path();
  }
};

TEST_F(BadInputs, unknown_key) {
  expect_error(manifest("", "learning_rat = 1e-4"), 64, {"learning_rat", "learning_rate", ":"});
  EXPECT_FALSE(fs::exists(study_folder()));
}

TEST_F(BadInputs, unknown_command) {
  const ProgramOutput output = temper({"pla", "study.toml"});
  EXPECT_EQ(output.exit_code, 64);
  EXPECT_EQ(output.text, "temper: pla: is no command. Did you mean \"plan\"?\n");
}

TEST_F(BadInputs, wrong_type) {
  expect_error(manifest("", "learning_rate = \"fast\""), 64, {"train.learning_rate", "number"});
}

TEST_F(BadInputs, missing_file) {
  fs::remove(root_ / "train.jsonl");
  expect_error(manifest(""), 64, {"train.jsonl"});
  EXPECT_FALSE(fs::exists(study_folder()));
}

TEST_F(BadInputs, label_that_training_lacks) {
  append("test.jsonl", R"({"text": "a verb", "label": "verb"})"
                       "\n");
  expect_error(manifest(""), 64, {"verb", "test"});
  expect_no_store();
}

TEST_F(BadInputs, empty_split) {
  std::ofstream(root_ / "validation.jsonl").flush();
  expect_error(manifest(""), 64, {"eval"});
  expect_no_store();
}

TEST_F(BadInputs, broken_json_line) {
  append("train.jsonl", "{\"text\": \"cut\n");
  expect_error(manifest(""), 64, {"train.jsonl:41"});
  expect_no_store();
}

TEST_F(BadInputs, invalid_utf8) {
  append("train.jsonl", "{\"text\": \"\xff\xfe\", \"label\": \"act\"}\n");
  expect_error(manifest(""), 64, {"train.jsonl:41"});
  expect_no_store();
}

TEST_F(BadInputs, tokenizer_of_an_unsupported_kind) {
  Json tokenizer = json(root_ / "model/tokenizer.json");
  tokenizer["model"] = {{"type", "Sorcery"}, {"vocab", Json::object()}};
  write_file_atomically(root_ / "model/tokenizer.json", tokenizer.dump());
  expect_error(manifest(""), 64, {"Sorcery"});
  expect_no_store();
}

TEST_F(BadInputs, vocabulary_smaller_than_a_token_id) {
  Json config = json(root_ / "model/config.json");
  config["vocab_size"] = 100;
  write_file_atomically(root_ / "model/config.json", config.dump());
  expect_error(manifest(""), 64, {"vocab", "100"});
  expect_no_store();
}

TEST_F(BadInputs, max_length_above_the_positions) {
  Json config = json(root_ / "model/config.json");
  config["max_position_embeddings"] = 16;
  write_file_atomically(root_ / "model/config.json", config.dump());
  expect_error(manifest(""), 64, {"data.max_length", "16"});
  EXPECT_FALSE(fs::exists(study_folder()));
}

TEST_F(BadInputs, more_ranks_than_the_batch_can_feed) {
  const fs::path file = manifest("[parallel]\nranks = 4\n", "global_batch_size = 2");
  const ProgramOutput output = temper({"run", file});
  EXPECT_TRUE(output.exit_code == 64 || output.exit_code == 65) << output.text;
  EXPECT_NE(output.text.find("parallel.ranks"), std::string::npos) << output.text;
  EXPECT_FALSE(fs::exists(study_folder()));
}

TEST_F(BadInputs, unwritable_study_directory) {
  write_file_atomically(root_ / "runs", "a file where the folder should be");
  expect_error(manifest(""), 74, {"runs/tiny"});
}

TEST_F(BadInputs, full_disk_while_writing_the_store) {
  // A file system of two megabytes, of this test alone, where the store would lie.
  const std::string data = (study_folder() / "data").string();
  fs::create_directories(data);
  const auto on_small_disk = [&](const std::string& command) {
    return run_program({"unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
                        "mount -t tmpfs -o size=2m none " + data + " || exit 99\n" + command},
                       {});
  };
  if (on_small_disk("exit 0").exit_code != 0) GTEST_SKIP() << "no right to mount";
  {
    std::ofstream file(root_ / "train.jsonl", std::ios::app);
    for (int row = 0; row < 60000; ++row)
      file << "{\"text\": \"the pro of an act by us in the ship " << row
           << "\", \"label\": \"act\"}\n";
  }
  const std::string file = manifest("");
  const ProgramOutput output =
      on_small_disk(std::string(TEMPER_BINARY_DIR) + "/bin/temper data prepare " + file +
                    "; code=$?; echo left: $(ls -A " + data + "); exit $code");
  EXPECT_EQ(output.exit_code, 74) << output.text;
  EXPECT_NE(output.text.find("No space left on device"), std::string::npos) << output.text;
  const std::string left = output.text.substr(output.text.find("left: "));
  EXPECT_EQ(left.find(".h5"), std::string::npos) << left;
  EXPECT_EQ(left.find("tmp"), std::string::npos) << left;
  EXPECT_EQ(temper({"data", "prepare", file}).exit_code, 0) << "with room again it works";
}

TEST_F(BadInputs, corrupted_store) {
  const std::string file = manifest("");
  ASSERT_EQ(temper({"data", "prepare", file}).exit_code, 0);
  fs::path store;
  for (const auto& entry : fs::directory_iterator(study_folder() / "data"))
    if (entry.path().extension() == ".h5") store = entry.path();
  ASSERT_FALSE(store.empty());
  // The ids of "the" in the first row of training, as the store holds them.
  const Json inspected = Json::parse(temper({"data", "inspect", file, "--json"}).text);
  std::vector<std::uint16_t> ids;
  for (const Json& id : inspected.at("samples").at(0).at("token_ids")) ids.push_back(id);
  std::string bytes = value_or_throw(read_text_file(store));
  const std::string pattern(reinterpret_cast<const char*>(ids.data()), 2 * ids.size());
  const std::size_t at = bytes.find(pattern);
  ASSERT_NE(at, std::string::npos);
  bytes[at] = char(bytes[at] ^ 1);
  std::ofstream(store, std::ios::binary) << bytes;
  const ProgramOutput inspect = temper({"data", "inspect", file});
  EXPECT_EQ(inspect.exit_code, 74) << inspect.text;
  EXPECT_NE(inspect.text.find("block"), std::string::npos) << inspect.text;
  EXPECT_EQ(temper({"data", "prepare", file, "--force"}).exit_code, 0);
  EXPECT_EQ(temper({"data", "inspect", file}).exit_code, 0);
}

// Weights: a file that is no file of this model ends the study before it has any result.
class BadWeights : public BadInputs {
 protected:
  // One tensor named `name` whose header says what the case needs.
  void write_weights(const std::string& header, std::size_t data_bytes) const {
    std::string file(8, '\0');
    const std::uint64_t size = header.size();
    std::memcpy(file.data(), &size, 8);
    write_file_atomically(root_ / "model/model.safetensors",
                          file + header + std::string(data_bytes, '\0'));
  }
  fs::path manifest_with_weights() const {
    const fs::path file = manifest("");
    std::string text = value_or_throw(read_text_file(file));
    const std::string random = "random_init = true\n";
    text.erase(text.find(random), random.size());
    write_file_atomically(file, text);
    return file;
  }
  void expect_refused(const std::vector<std::string>& words) const {
    const ProgramOutput output = temper({"run", manifest_with_weights()});
    EXPECT_EQ(output.exit_code, 64) << output.text;
    EXPECT_FALSE(fs::exists(study_folder() / "trials")) << "nothing begins on such weights";
    for (const std::string& word : words)
      EXPECT_NE(output.text.find(word), std::string::npos) << word << " in\n" << output.text;
  }
};

TEST_F(BadWeights, overlapping_offsets) {
  write_weights(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                R"("b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
                12);
  expect_refused({"model.safetensors", "b"});
}

TEST_F(BadWeights, offsets_out_of_range) {
  write_weights(R"({"a":{"dtype":"F32","shape":[200],"data_offsets":[0,800]}})", 8);
  expect_refused({"model.safetensors"});
}

TEST_F(BadWeights, truncated_file) {
  write_file_atomically(root_ / "model/model.safetensors", "\x10");
  expect_refused({"model.safetensors"});
}

TEST_F(BadWeights, wrong_dtype) {
  ASSERT_EQ(temper({"run", manifest("")}).exit_code, 0);
  const fs::path trial = fs::directory_iterator(study_folder() / "trials")->path();
  std::string weights = value_or_throw(read_text_file(trial / "model/model.safetensors"));
  const std::string name = "encoder.layer.1.output.dense.weight";
  const std::size_t at = weights.find("\"F32\"", weights.find(name));
  ASSERT_NE(at, std::string::npos);
  weights.replace(at, 5, "\"I32\"");
  write_file_atomically(root_ / "model/model.safetensors", weights);
  fs::remove_all(study_folder());
  expect_refused({name, "I32"});
}

TEST_F(BadWeights, missing_tensor) {
  write_weights(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8);
  expect_refused({"embeddings.word_embeddings.weight"});
}

}  // namespace temper
