// Models out as Hugging Face directories, PEFT adapters and GGUF files, and in again.
#include <gtest/gtest.h>

#include <cmath>

#include "core/file.hpp"
#include "io/export/adapter.hpp"
#include "io/export/gguf_file.hpp"
#include "io/export/model_card.hpp"
#include "io/export/model_directory.hpp"
#include "io/safetensors.hpp"
#include "io/weight_files.hpp"
#include "support/temporary_folder.hpp"
#include "support/tiny_gguf.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

// The tiny llama of the GGUF tests, exported from there.
struct Exported {
  TemporaryFolder folder;
  fs::path gguf = folder.write("base/m.gguf", tiny_llama_gguf());
  ModelFiles files = value_or_throw(read_model_files(gguf));
  ModelShape shape = value_or_throw(read_model_shape(gguf, Json::object()));
  std::vector<TensorStream> streams = model_streams(gguf, shape);

  DirectoryParts parts(Dtype dtype = Dtype::f32) const {
    DirectoryParts all;
    all.config = files.config, all.dtype = dtype, all.tokenizer = {{"model", "made"}};
    return all;
  }
  fs::path directory(const DirectoryParts& all) const {
    write_model_directory(folder / "hf", files, all, streams);
    return folder / "hf";
  }
};

std::vector<float> values_of(const TensorStream& stream) {
  std::vector<float> values(std::size_t(stream.numel()));
  stream.read(values.data());
  return values;
}

void expect_equal(const std::vector<TensorStream>& a, const std::vector<TensorStream>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].name, b[i].name);
    EXPECT_EQ(a[i].shape, b[i].shape);
    EXPECT_EQ(values_of(a[i]), values_of(b[i])) << a[i].name;
  }
}

TensorStream of_values(const std::string& name, std::vector<std::int64_t> shape,
                       std::vector<float> values) {
  return {name, std::move(shape),
          [values](float* out) { std::copy(values.begin(), values.end(), out); }};
}

}  // namespace

TEST(ExportDirectory, of_a_gguf_file_holds_all_that_it_said_and_its_bits) {
  const Exported model;
  const fs::path hf = model.directory(model.parts());
  const ModelFiles back = value_or_throw(read_model_files(hf));
  EXPECT_EQ(back.kind(), ModelKind::hugging_face);
  EXPECT_EQ(back.config, model.files.config);
  EXPECT_EQ(back.chat_template, "{{ messages }}");
  EXPECT_EQ(back.tokenizer_config["eos_token"], "</s>");
  EXPECT_EQ(back.generation_config["eos_token_id"], 1);
  EXPECT_EQ(value_or_throw(read_json_file(hf / "tokenizer.json"))["model"], "made");
  EXPECT_EQ(to_json(value_or_throw(read_model_shape(hf, Json::object()))), to_json(model.shape));
  expect_equal(model_streams(hf, model.shape), model.streams);
  EXPECT_FALSE(value_or_throw(read_model_index(hf)).contains("lm_head.weight")) << "it is tied";
}

TEST(ExportDirectory, large_weights_are_cut_into_files_with_an_index) {
  const Exported model;
  DirectoryParts parts = model.parts(Dtype::bf16);
  parts.shard_bytes = 40000;
  const fs::path hf = model.directory(parts);
  const Json index = value_or_throw(read_json_file(hf / "model.safetensors.index.json"));
  std::int64_t elements = 0;
  for (const TensorStream& stream : model.streams) elements += stream.numel();
  EXPECT_EQ(index["metadata"]["total_size"], 2 * elements);
  EXPECT_EQ(index["weight_map"].size(), model.streams.size());
  EXPECT_TRUE(fs::exists(hf / "model-00004-of-00004.safetensors")) << index.dump(1);
  EXPECT_EQ(value_or_throw(read_json_file(hf / "config.json"))["torch_dtype"], "bfloat16");
  const std::vector<TensorStream> back = model_streams(hf, model.shape);
  for (std::size_t i = 0; i < back.size(); ++i) {
    const std::vector<float> rounded = values_of(back[i]), whole = values_of(model.streams[i]);
    for (std::size_t k = 0; k < whole.size(); k += 7)
      EXPECT_NEAR(rounded[k], whole[k], std::abs(whole[k]) / 256) << back[i].name;
  }
}

TEST(TiedHead, that_the_file_holds_all_the_same_must_be_the_embedding) {
  Exported model;
  EXPECT_TRUE(check_tied_head(model.gguf, model.shape).empty()) << "it holds none";
  for (const float change : {0.0f, 1.0f}) {
    Exported other;
    TensorStream head = other.streams.front();
    head.name = "lm_head.weight";
    head.read = [words = head.read, change](float* out) { words(out), out[300] += change; };
    other.streams.push_back(head);
    const Problems problems = check_tied_head(other.directory(other.parts()), other.shape);
    EXPECT_EQ(problems.size(), change == 0 ? 0u : 1u);
    if (change != 0) {
      EXPECT_NE(to_text(problems).find("lm_head.weight: differs"), std::string::npos);
    }
  }
}

TEST(ExportDirectory, that_fails_leaves_the_older_one) {
  Exported model;
  const fs::path hf = model.directory(model.parts());
  model.streams.front().read = [](float*) { throw std::runtime_error("disk"); };
  EXPECT_THROW(model.directory(model.parts()), std::runtime_error);
  EXPECT_TRUE(fs::exists(hf / "model.safetensors"));
  EXPECT_EQ(std::distance(fs::directory_iterator(model.folder.path()), {}), 2);
}

TEST(ExportGguf, reads_back_to_the_same_model) {
  const Exported model;
  GgufParts parts{.name = "tiny", .type = GgmlType::f32};
  parts.tokenizer = tokenizer_metadata_of(*model.files.header);
  parts.chat_template = model.files.chat_template;
  const fs::path out = model.folder / "out.gguf";
  EXPECT_EQ(to_text(write_gguf_model(out, model.shape, parts, model.streams)), "");
  const ModelFiles back = value_or_throw(read_model_files(out));
  EXPECT_EQ(back.config, model.files.config);
  EXPECT_EQ(back.chat_template, model.files.chat_template);
  EXPECT_EQ(*back.header->strings("tokenizer.ggml.tokens"),
            *model.files.header->strings("tokenizer.ggml.tokens"));
  expect_equal(model_streams(out, model.shape), model.streams);
  // q's rows lie in the file as they lay in the one it came from.
  const GgufHeader first = value_or_throw(read_gguf_header(model.gguf)),
                   again = value_or_throw(read_gguf_header(out));
  const auto bytes_at = [](const GgufHeader& header) {
    const GgufTensor& q = *header.tensor("blk.0.attn_q.weight");
    return value_or_throw(read_text_file(header.file))
        .substr(std::size_t(q.file_offset), std::size_t(q.bytes));
  };
  EXPECT_EQ(bytes_at(first), bytes_at(again));
  parts.type = GgmlType::q8_0;
  EXPECT_EQ(to_text(write_gguf_model(out, model.shape, parts, model.streams)), "");
  EXPECT_EQ(value_or_throw(read_gguf_header(out)).tensor("blk.0.ffn_up.weight")->type,
            GgmlType::q8_0);
}

TEST(ExportGguf, what_gguf_cannot_say_is_a_problem_and_no_file) {
  const Exported model;
  ModelShape odd = model.shape;
  odd.block.attention_scale = 0.5;
  const fs::path out = model.folder / "out.gguf";
  const std::string text = to_text(write_gguf_model(out, odd, {.name = "x"}, model.streams));
  EXPECT_NE(text.find("block.attention_scale"), std::string::npos) << text;
  EXPECT_FALSE(fs::exists(out));
  odd.family = "bert";
  EXPECT_FALSE(write_gguf_model(out, odd, {.name = "x"}, model.streams).empty());
}

TEST(ExportAdapter, merges_as_w_plus_s_b_a) {
  const TemporaryFolder folder;
  const std::string module = "base_model.model.m.q_proj";
  AdapterConfig config{.r = 2, .lora_alpha = 6, .target_modules = {"q_proj"}};
  const std::vector<TensorStream> adapter{
      of_values(module + ".lora_A.weight", {2, 3}, {1, 2, 3, 4, 5, 6}),
      of_values(module + ".lora_B.weight", {2, 2}, {1, 0, 2, 1})};
  write_adapter(folder.path(), config, adapter);
  const Adapter read = value_or_throw(read_adapter(folder.path()));
  std::vector<TensorStream> base{of_values("m.q_proj.weight", {2, 3}, {1, 1, 1, 1, 1, 1})};
  EXPECT_TRUE(merge_adapter(read, base).empty());
  // B A = [[1,2,3],[6,9,12]], s = 3.
  EXPECT_EQ(values_of(base[0]), (std::vector<float>{4, 7, 10, 19, 28, 37}));
  config.fan_in_fan_out = true;
  write_adapter(folder.path(), config, adapter);
  const Adapter turned = value_or_throw(read_adapter(folder.path()));
  std::vector<TensorStream> conv{of_values("m.q_proj.weight", {3, 2}, {1, 1, 1, 1, 1, 1})};
  EXPECT_TRUE(merge_adapter(turned, conv).empty());
  EXPECT_EQ(values_of(conv[0]), (std::vector<float>{4, 19, 7, 28, 10, 37}));
}

TEST(ExportAdapter, that_does_not_fit_or_computes_otherwise_is_refused) {
  const TemporaryFolder folder;
  const std::string module = "base_model.model.m.q_proj";
  write_adapter(folder.path(), {.target_modules = {"q_proj"}},
                {of_values(module + ".lora_A.weight", {1, 3}, {1, 2, 3}),
                 of_values(module + ".lora_B.weight", {2, 1}, {1, 2})});
  const Adapter adapter = value_or_throw(read_adapter(folder.path()));
  std::vector<TensorStream> other{of_values("m.k_proj.weight", {2, 3}, std::vector<float>(6))};
  EXPECT_EQ(merge_adapter(adapter, other).size(), 2u) << "both tensors have no place";
  std::vector<TensorStream> narrow{of_values("m.q_proj.weight", {2, 2}, std::vector<float>(4))};
  EXPECT_NE(to_text(merge_adapter(adapter, narrow)).find("does not fit"), std::string::npos);
  Json config = value_or_throw(read_json_file(folder / "adapter_config.json"));
  config["use_dora"] = true;
  folder.write("adapter_config.json", config.dump());
  EXPECT_NE(to_text(read_adapter(folder.path()).problems()).find("use_dora"), std::string::npos);
}

TEST(ModelCard, shows_scores_with_intervals_and_breaks_no_table) {
  ModelCard card{.title = "m", .base_model = "a: b", .task = "causal-lm"};
  card.scores = {{"test/loss", 1.25, 1.2, 1.3}};
  card.data = {{"train_file", "a|b\nc"}};
  const std::string text = to_markdown(card);
  EXPECT_NE(text.find("base_model: \"a: b\""), std::string::npos);
  EXPECT_NE(text.find("| test/loss | 1.25 | 1.2 to 1.3 |"), std::string::npos);
  EXPECT_NE(text.find("| train_file | a\\|b c |"), std::string::npos);
}

}  // namespace temper
