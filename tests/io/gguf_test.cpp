// Blocks bitwise as the `gguf` package has them, tensors under Hugging Face's names with what a
// converter changed undone.
#include <gtest/gtest.h>

#include <cstring>

#include "core/json.hpp"
#include "io/gguf/blocks.hpp"
#include "io/gguf/read.hpp"
#include "io/weight_files.hpp"
#include "support/temporary_folder.hpp"
#include "support/tiny_gguf.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    bytes += char(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}
std::vector<float> floats_of(const std::string& bytes) {
  std::vector<float> values(bytes.size() / 4);
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}
Json oracle() {
  return value_or_throw(
      read_json_file(fs::path(TEMPER_SOURCE_DIR) / "tests/io/data/gguf_blocks.json"));
}
bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * 4) == 0;
}

const std::map<std::string, GgmlType> kTypes{
    {"F32", GgmlType::f32},   {"F16", GgmlType::f16},   {"BF16", GgmlType::bf16},
    {"Q4_0", GgmlType::q4_0}, {"Q4_1", GgmlType::q4_1}, {"Q5_0", GgmlType::q5_0},
    {"Q5_1", GgmlType::q5_1}, {"Q8_0", GgmlType::q8_0}, {"Q4_K", GgmlType::q4_k},
    {"Q5_K", GgmlType::q5_k}, {"Q6_K", GgmlType::q6_k}};

std::vector<float> all_of(const TensorEntry& entry) {
  std::vector<float> values(std::size_t(entry.numel()));
  read_elements(entry, 0, entry.numel(), values.data());
  return values;
}

TensorIndex index_of(const TemporaryFolder& folder, const std::string& bytes) {
  return value_or_throw(read_model_index(folder.write("m.gguf", bytes)));
}

// A file of the tiny llama whose layer 0 query has this type, and the oracle's blocks repeated.
std::string with_query_type(GgmlType type, const std::string& blocks, const char* arch = "llama") {
  GgufBytes file;
  file.text("general.architecture", arch);
  const std::string a = arch;
  file.u32(a + ".block_count", 1).u32(a + ".context_length", 128).u32(a + ".embedding_length", 256);
  file.u32(a + ".feed_forward_length", 96).u32(a + ".attention.head_count", 1);
  file.f32(a + ".attention.layer_norm_rms_epsilon", 1e-5f);
  file.tensor("token_embd.weight", {256, 6}, 0, 256 * 6 * 4);
  std::string data;
  const auto bytes = std::size_t(*ggml_bytes(type, 256 * 256));
  while (data.size() < bytes) data += blocks;
  return file.tensor("blk.0.attn_q.weight", {256, 256}, std::uint32_t(type), data.substr(0, bytes))
      .bytes();
}

}  // namespace

TEST(GgufBlocks, of_every_type_decode_to_the_bits_of_the_gguf_package) {
  const Json all = oracle();
  ASSERT_EQ(all["decoded"].size(), kTypes.size());
  for (const auto& [name, type] : kTypes) {
    const std::string blocks = from_hex(all["decoded"][name]["blocks"]);
    const std::vector<float> expected = floats_of(from_hex(all["decoded"][name]["values"]));
    std::vector<float> values(expected.size());
    decode_blocks(type, reinterpret_cast<const std::byte*>(blocks.data()),
                  std::int64_t(values.size()), values.data());
    EXPECT_TRUE(same_bits(values, expected)) << name;
  }
}

TEST(GgufBlocks, encode_to_the_bits_of_the_gguf_package) {
  const Json all = oracle();
  const std::vector<float> values = floats_of(from_hex(all["floats"]));
  for (const auto& [name, hex] : all["encoded"].items()) {
    const std::string expected = from_hex(hex);
    std::string bytes(expected.size(), '\0');
    encode_blocks(kTypes.at(name), values.data(), std::int64_t(values.size()),
                  reinterpret_cast<std::byte*>(bytes.data()));
    EXPECT_EQ(bytes, expected) << name;
  }
}

TEST(GgufRead, any_range_of_any_type_is_a_part_of_the_whole) {
  const Json all = oracle();
  const TemporaryFolder folder;
  for (const auto& [name, type] : kTypes) {
    const std::string blocks = from_hex(all["decoded"][name]["blocks"]);
    for (const char* arch : {"qwen2", "llama"}) {
      const TensorIndex index = index_of(folder, with_query_type(type, blocks, arch));
      const TensorEntry& entry = index.at("model.layers.0.self_attn.q_proj.weight");
      const std::vector<float> whole = all_of(entry);
      for (const auto& [begin, end] : std::vector<std::pair<std::int64_t, std::int64_t>>{
               {0, 1}, {31, 33}, {32, 64}, {255, 257}, {5, 700}, {65500, 65536}, {300, 300}}) {
        std::vector<float> part(std::size_t(end - begin));
        read_elements(entry, begin, end, part.data());
        EXPECT_TRUE(same_bits(part, {whole.begin() + begin, whole.begin() + end}))
            << name << " " << arch << " [" << begin << ", " << end << ")";
        std::vector<double> wide(part.size());
        read_elements(entry, begin, end, wide.data());
        EXPECT_EQ(std::vector<double>(part.begin(), part.end()), wide);
      }
    }
  }
}

TEST(GgufRead, the_row_order_of_llama_queries_and_keys_is_undone) {
  const TemporaryFolder folder;
  const TensorIndex index = index_of(folder, tiny_llama_gguf());
  // In the file row 2i+j of a head of 16 rows is row 8j+i of Hugging Face's.
  for (const auto& [name, rows, seed] : {std::tuple{"q", 64, 2}, std::tuple{"k", 32, 3}}) {
    const auto values =
        all_of(index.at(std::string("model.layers.0.self_attn.") + name + "_proj.weight"));
    const auto stored = floats_of(float_bytes(std::size_t(rows) * 64, seed));
    for (int row = 0; row < rows; ++row) {
      const int head = row / 16, j = row % 16 / 8, i = row % 8;
      EXPECT_EQ(values[std::size_t(row) * 64 + 7],
                stored[std::size_t(head * 16 + 2 * i + j) * 64 + 7])
          << name << " row " << row;
    }
  }
  EXPECT_TRUE(same_bits(all_of(index.at("model.layers.0.self_attn.v_proj.weight")),
                        floats_of(float_bytes(32 * 64, 4))))
      << "values are not rotated";
}

TEST(GgufRead, gains_of_gemma_lose_their_one_and_linear_weights_of_gpt2_lie_as_in_its_files) {
  const TemporaryFolder folder;
  GgufBytes gemma;
  gemma.text("general.architecture", "gemma").u32("gemma.block_count", 1);
  gemma.u32("gemma.context_length", 64).u32("gemma.embedding_length", 8);
  gemma.u32("gemma.feed_forward_length", 16).u32("gemma.attention.head_count", 2);
  gemma.f32("gemma.attention.layer_norm_rms_epsilon", 1e-6f);
  gemma.tensor("token_embd.weight", {8, 3}, 0, 96);
  gemma.tensor("output_norm.weight", {8}, 0, float_bytes(8, 1));
  const auto gains = all_of(index_of(folder, gemma.bytes()).at("model.norm.weight"));
  EXPECT_EQ(gains[3], floats_of(float_bytes(8, 1))[3] - 1.0f);
  GgufBytes gpt2;
  gpt2.text("general.architecture", "gpt2").u32("gpt2.block_count", 1);
  gpt2.u32("gpt2.context_length", 16).u32("gpt2.embedding_length", 8);
  gpt2.u32("gpt2.attention.head_count", 2).tensor("token_embd.weight", {8, 3}, 0, 96);
  gpt2.tensor("blk.0.attn_qkv.weight", {8, 24}, 0, float_bytes(192, 5));
  const TensorIndex index = index_of(folder, gpt2.bytes());
  const TensorEntry& qkv = index.at("transformer.h.0.attn.c_attn.weight");
  EXPECT_EQ(qkv.shape, (std::vector<std::int64_t>{8, 24}));
  EXPECT_EQ(all_of(qkv)[3 * 24 + 20], floats_of(float_bytes(192, 5))[20 * 8 + 3]);
}

TEST(GgufRead, types_that_are_not_supported_and_tensors_without_a_place_are_named) {
  const TemporaryFolder folder;
  const auto complaint = [&](const std::string& bytes) {
    return to_text(read_model_index(folder.write("m.gguf", bytes)).problems());
  };
  const std::string text = complaint(with_query_type(GgmlType(16), std::string(66, '\1')));
  EXPECT_NE(text.find("blk.0.attn_q.weight: has type IQ2_XXS, which is not supported. Supported: "
                      "F32, F16, Q4_0"),
            std::string::npos)
      << text;
  GgufBytes more, wrong;
  llama_tensors(llama_keys(more)).tensor("blk.0.ffn_gate_inp.weight", {64}, 0, 256);
  EXPECT_NE(complaint(more.bytes()).find("blk.0.ffn_gate_inp.weight: has no place"),
            std::string::npos);
  llama_keys(wrong).tensor("token_embd.weight", {32, 6}, 0, 768);
  EXPECT_NE(complaint(wrong.bytes()).find("has shape [6,32] instead of [6,64]"), std::string::npos);
}

TEST(GgufRead, a_model_finds_its_weights_in_it) {
  const TemporaryFolder folder;
  const fs::path path = folder.write("m.gguf", tiny_llama_gguf());
  const ModelShape shape = value_or_throw(read_model_shape(path, Json::object()));
  const auto tensors = logical_tensors(shape);
  const WeightFiles files = value_or_throw(find_weights(path, shape, tensors, false));
  for (const std::string& name : files.names) EXPECT_TRUE(files.index.contains(name)) << name;
  EXPECT_EQ(files.index.size(), tensors.size());
  GgufBytes lacking;
  llama_keys(lacking).tensor("token_embd.weight", {64, 6}, 0, float_bytes(384, 1));
  const auto missing = find_weights(folder.write("m.gguf", lacking.bytes()), shape, tensors, false);
  EXPECT_EQ(missing.problems().size(), tensors.size() - 1) << "every one is named";
}

}  // namespace temper
