// A study that runs in seconds: a BERT of random weights, a tokenizer of 2,000 pieces, forty rows
// of two classes a split.
#pragma once

#include <nlohmann/json.hpp>

#include "support/folder_test.hpp"

namespace temper {

class TinyStudy : public FolderTest {
 protected:
  TinyStudy() {
    namespace fs = std::filesystem;
    fs::create_directories(root_ / "model");
    fs::copy_file(fs::path(TEMPER_SOURCE_DIR) / "tests/text/data/small_wordpiece.json",
                  root_ / "model/tokenizer.json");
    std::ofstream(root_ / "model/config.json")
        << R"({"model_type": "bert", "hidden_size": 64, "num_hidden_layers": 2,
  "num_attention_heads": 2, "intermediate_size": 128, "vocab_size": 2004,
  "max_position_embeddings": 64, "type_vocab_size": 2, "hidden_act": "gelu"})";
    for (const char* split : {"train", "validation", "test"}) {
      std::ofstream file(root_ / (std::string(split) + ".jsonl"));
      for (int row = 0; row < 40; ++row)
        file << nlohmann::json{{"text",
                                std::string(row % 2 ? "the pro of an act " : "a ship by us ") +
                                    split + " " + std::to_string(row)},
                               {"label", row % 2 ? "act" : "ship"}}
                    .dump()
             << "\n";
    }
  }

  // The manifest's tables; `more` follows, `train` stands in [train].
  std::filesystem::path manifest(const std::string& more, const std::string& train = "",
                                 const std::string& study = "") const {
    const std::filesystem::path path = root_ / "tiny.toml";
    std::ofstream(path)
        << "[study]\nname = \"tiny\"\nobjective = \"eval/accuracy\"\n"
        << study
        << "\n[model]\nmodel_name_or_path = \"model\"\ntask = \"sequence-classification\"\n"
           "random_init = true\npooling = \"mean\"\n"
           "[data]\ntrain_file = \"train.jsonl\"\nvalidation_file = \"validation.jsonl\"\n"
           "test_file = \"test.jsonl\"\nmax_length = 32\n"
           "[train]\nprecision = \"fp32\"\nthreads_per_rank = 1\n"
        << train << "\n"
        << more;
    return path;
  }

  std::filesystem::path study_folder() const { return root_ / "runs/tiny"; }
};

}  // namespace temper
