// README.md of an exported model: what it was made of, how, and how good it is.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace temper {

struct CardScore {
  std::string name;  // "test/macro_f1"
  double value = 0;
  std::optional<double> low, high;  // of its 95 % interval
};

struct ModelCard {
  std::string title, base_model, description, task;
  std::string library = "transformers";  // "peft" for adapters, "gguf" for those
  using Rows = std::vector<std::pair<std::string, std::string>>;
  Rows data, settings, hashes;
  std::vector<CardScore> scores;
};

// Markdown with the front matter that model hubs read.
std::string to_markdown(const ModelCard& card);

}  // namespace temper
