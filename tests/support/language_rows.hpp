// Rows of language models, through a token store and back.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/document_source.hpp"
#include "support/preparing.hpp"

namespace temper {

inline const std::string kTextData = TEMPER_SOURCE_DIR "/tests/text/data/";

// Rows of language models, through the store and back.
class LanguageRows : public Preparing {
 protected:
  Json language(const std::string& stage, const std::string& rows, Json more = Json::object(),
                const std::string& tokenizer = "small_bpe.json") {
    Json data = {{"id_column", ""}};
    data.update(more);
    Json json = recipe({file("t" + std::to_string(files_++) + ".jsonl", rows)}, {}, data);
    json["task"] = stage == "mlm" ? "masked-lm" : "causal-lm";
    json["stage"] = stage;
    json["learned"] = data.value("row_format", "") == "prompt-completion" ? "completion"
                      : stage == "sft"                                    ? "assistant"
                                                                          : "everything";
    json["chat_template"] =
        stage == "sft" ? read_text_file(kTextData + "templates/smollm2.jinja").value() : "";
    json["special_tokens"] = {{"bos_token", "<|im_start|>"}, {"eos_token", "<|im_end|>"}};
    json["tokenizer"] = kTextData + tokenizer;
    json["vocab_size"] = 2005;
    json["max_length"] = 256;
    return json;
  }
  // A tokenizer of tests/text/data that puts special tokens around each text ("" for none).
  std::string surrounded_by(const std::string& before, const std::string& after,
                            const std::string& tokenizer) {
    Json json = read_json_file(kTextData + tokenizer).value();
    Json single = Json::array(), pair = Json::array(), tokens = Json::object();
    const auto add = [&](const std::string& name) {
      if (name.empty()) return;
      single.push_back({{"SpecialToken", {{"id", name}, {"type_id", 0}}}});
      for (const Json& token : json["added_tokens"])
        if (token["content"] == name)
          tokens[name] = {{"id", name}, {"ids", {token["id"]}}, {"tokens", {name}}};
    };
    const auto text = [](const char* which, int type) {
      return Json{{"Sequence", {{"id", which}, {"type_id", type}}}};
    };
    add(before);
    single.push_back(text("A", 0));
    add(after);
    pair = {text("A", 0), text("B", 1)};
    json["post_processor"] = {{"type", "TemplateProcessing"},
                              {"single", single},
                              {"pair", pair},
                              {"special_tokens", tokens}};
    return file("around-" + tokenizer, json.dump());
  }
  const TokenStore& open(const Json& json) {
    const Prepared prepared = prepare(json);
    const std::filesystem::path path = root_ / ("l" + std::to_string(stores_++) + ".h5");
    write_token_store(world_, path, prepared.card, prepared.columns);
    store_ = std::make_unique<TokenStore>(path);
    store_->verify();
    tokenizer_ = std::make_unique<Tokenizer>(value_or_throw(Tokenizer::load(json["tokenizer"])));
    world_.barrier();
    return *store_;
  }
  const StoreSplit& train() const { return store_->split("train"); }
  std::vector<std::int32_t> ids(std::int64_t document) const {
    std::vector<std::int32_t> all(std::size_t(train().length(document)));
    train().read_tokens(document, all.data(), nullptr);
    return all;
  }
  std::vector<std::uint8_t> marks(std::int64_t document) const {
    std::vector<std::uint8_t> all(std::size_t(train().length(document)));
    train().read_marks(document, all.data());
    return all;
  }
  std::string text(std::int64_t document) const { return tokenizer_->decode(ids(document), false); }
  // The learned tokens as a text.
  std::string learned(std::int64_t document) const {
    std::vector<std::int32_t> chosen;
    const auto tokens = ids(document);
    const auto mark = marks(document);
    for (std::size_t t = 0; t < tokens.size(); ++t)
      if (mark[t] & kTrained) chosen.push_back(tokens[t]);
    return tokenizer_->decode(chosen, false);
  }

  int files_ = 0;
  std::unique_ptr<TokenStore> store_;
  std::unique_ptr<Tokenizer> tokenizer_;
};

inline std::string conversation(const std::vector<std::pair<std::string, std::string>>& turns) {
  Json messages = Json::array();
  for (const auto& [role, content] : turns)
    messages.push_back({{"role", role}, {"content", content}});
  return Json{{"messages", messages}}.dump() + "\n";
}

}  // namespace temper
