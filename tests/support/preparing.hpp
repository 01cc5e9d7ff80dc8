// Small files prepared by all ranks of a test.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "core/file.hpp"
#include "io/prepare/prepare.hpp"
#include "io/token_store.hpp"
#include "support/temporary_folder.hpp"

namespace temper {

// Recipes over small files, prepared by all ranks.
class Preparing : public testing::Test {
 protected:
  void SetUp() override { root_ = world_.broadcast_text(folder_.path().string(), 0); }
  void TearDown() override { world_.barrier(); }

  std::string file(const std::string& name, const std::string& content) {
    if (world_.rank() == 0) folder_.write(name, content);
    world_.barrier();
    return (root_ / name).string();
  }
  Json recipe(const std::vector<std::string>& train, const std::vector<std::string>& eval = {},
              Json more = Json::object()) {
    Json data = {{"train_file", train}, {"validation_file", eval}};
    data.update(more);
    return {{"format", "temper-recipe/1"},
            {"data", data},
            {"task", "sequence-classification"},
            {"tokenizer", TEMPER_SOURCE_DIR "/tests/text/data/small_wordpiece.json"},
            {"max_length", 16},
            {"vocab_size", 2004},
            {"label_names", Json::array()},
            {"source_sha256", Json::object()}};
  }
  Prepared prepare(const Group& group, const Json& json) {
    const Recipe checked = value_or_throw(recipe_from_json(json));
    const Tokenizer tokenizer = value_or_throw(Tokenizer::load(checked.tokenizer));
    return prepare_rows(group, checked, tokenizer, ProgressSink::silent);
  }
  Prepared prepare(const Json& json) { return prepare(world_, json); }
  std::string failure_of(const Json& json) {
    try {
      prepare(json);
    } catch (const AgreedFailure& failure) {
      return failure.what();
    } catch (const BadInput& error) {
      return error.what();
    }
    return "";
  }
  std::string store_bytes(const Group& group, const Json& json, const std::string& name) {
    const Prepared prepared = prepare(group, json);
    write_token_store(group, root_ / name, prepared.card, prepared.columns);
    return read_text_file(root_ / name).value();
  }
  // Every row's id by split, gathered from the store.
  std::vector<std::set<std::string>> ids_by_split(const Json& json) {
    const Prepared prepared = prepare(json);
    const std::filesystem::path path = root_ / ("s" + std::to_string(stores_++));
    write_token_store(world_, path, prepared.card, prepared.columns);
    const TokenStore store(path);
    std::vector<std::set<std::string>> ids;
    for (const char* name : {"train", "eval", "test"}) {
      ids.emplace_back();
      for (std::int64_t d = 0; store.has_split(name) && d < store.split(name).documents(); ++d)
        ids.back().insert(store.split(name).id(d));
    }
    world_.barrier();
    return ids;
  }

  Group world_ = Group::world();
  TemporaryFolder folder_;
  std::filesystem::path root_;
  int stores_ = 0;
};

}  // namespace temper
