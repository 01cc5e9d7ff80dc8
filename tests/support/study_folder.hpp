// A folder with a small model and a small data set, in which a test writes its manifest. Gone when
// the object is.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace temper {

class StudyFolder {
 public:
  StudyFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "temper-study-XXXXXX").string();
    path_ = std::filesystem::canonical(::mkdtemp(name.data()));
    write("model/config.json", config());
    write("model/tokenizer.json", "{}");
    write("model/model.safetensors", std::string(20000, 'w'));
    std::string rows;
    for (int i = 0; i < 100; ++i)
      rows += R"({"text": "a definition of some words", "label": ")" +
              std::string(1, char('a' + i % 5)) + "\"}\n";
    write("train.jsonl", rows);
    write("eval.jsonl", rows.substr(0, rows.size() / 5));
    write("test.jsonl", rows.substr(0, rows.size() / 10));
  }
  ~StudyFolder() { std::filesystem::remove_all(path_); }
  StudyFolder(const StudyFolder&) = delete;
  StudyFolder& operator=(const StudyFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(const std::string& name, const std::string& content) const {
    const std::filesystem::path file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
    return file;
  }
  // A manifest with what every study needs, and `more` after it.
  std::filesystem::path manifest(const std::string& more,
                                 const std::string& name = "study.toml") const {
    return write(name, std::string(kHead) + more);
  }

  static std::string config() {
    return R"({"model_type": "bert", "architectures": ["BertModel"], "hidden_size": 64,
      "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128,
      "vocab_size": 97, "max_position_embeddings": 40, "type_vocab_size": 2,
      "layer_norm_eps": 1e-12, "hidden_act": "gelu", "hidden_dropout_prob": 0.1,
      "attention_probs_dropout_prob": 0.1})";
  }
  // 9 lines.
  static constexpr const char* kHead =
      "[study]\n"
      "name = \"small\"\n"
      "[model]\n"
      "model_name_or_path = \"model\"\n"
      "[data]\n"
      "train_file = \"train.jsonl\"\n"
      "validation_file = \"eval.jsonl\"\n"
      "test_file = \"test.jsonl\"\n"
      "\n";

 private:
  std::filesystem::path path_;
};

}  // namespace temper
