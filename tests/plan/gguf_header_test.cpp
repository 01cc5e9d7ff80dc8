// GGUF headers, well made and hostile.
#include "plan/gguf_header.hpp"

#include <gtest/gtest.h>

#include "support/gguf_bytes.hpp"
#include "support/temporary_folder.hpp"

namespace temper {

namespace {

Checked<GgufHeader> parsed(const std::string& bytes) {
  return parse_gguf_header(bytes, std::int64_t(bytes.size()), "model.gguf");
}

// Every problem's text, or "" when the header is sound.
std::string complaint(const std::string& bytes) { return to_text(parsed(bytes).problems()); }

GgufBytes small_model() {
  GgufBytes file;
  file.text("general.architecture", "llama").u32("llama.block_count", 2);
  file.f32("llama.rope.freq_base", 100000).boolean("tokenizer.ggml.add_bos_token", true);
  file.strings("tokenizer.ggml.tokens", {"a", "b", "\u0120c"});
  file.tensor("token_embd.weight", {64, 3}, 8, 3 * 68);
  file.tensor("output_norm.weight", {64}, 0, 256);
  return file;
}

}  // namespace

TEST(GgufHeader, tells_metadata_and_where_tensors_lie) {
  const std::string bytes = small_model().bytes();
  const GgufHeader header = value_or_throw(parsed(bytes));
  EXPECT_EQ(header.version, 3u);
  ASSERT_NE(header.text("general.architecture"), nullptr);
  EXPECT_EQ(*header.text("general.architecture"), "llama");
  EXPECT_EQ(header.integer("llama.block_count"), 2);
  EXPECT_EQ(header.number("llama.rope.freq_base"), 100000.0);
  EXPECT_EQ(header.flag("tokenizer.ggml.add_bos_token"), true);
  ASSERT_NE(header.strings("tokenizer.ggml.tokens"), nullptr);
  EXPECT_EQ(header.strings("tokenizer.ggml.tokens")->at(2), "\u0120c");
  EXPECT_FALSE(header.integer("general.architecture")) << "a text is no integer";
  ASSERT_EQ(header.tensors.size(), 2u);
  EXPECT_EQ(header.tensors[0].shape, (std::vector<std::int64_t>{3, 64})) << "rows first";
  EXPECT_EQ(header.tensors[0].type, GgmlType::q8_0);
  EXPECT_EQ(header.tensors[0].bytes, 204);
  EXPECT_EQ(header.tensors[1].file_offset - header.tensors[0].file_offset, 224) << "aligned to 32";
  EXPECT_EQ(header.tensors[1].file_offset + header.tensors[1].bytes, std::int64_t(bytes.size()));
}

TEST(GgufHeader, version_2_reads_alike_and_others_are_refused) {
  EXPECT_TRUE(parsed(small_model().version(2).bytes()));
  EXPECT_NE(complaint(small_model().version(1).bytes()).find("1 is not supported"),
            std::string::npos);
  EXPECT_NE(complaint(small_model().version(0x03000000).bytes()).find("big-endian"),
            std::string::npos);
  EXPECT_NE(complaint("GGML" + small_model().bytes().substr(4)).find("not GGUF"),
            std::string::npos);
}

TEST(GgufHeader, cut_at_any_byte_is_a_problem_and_no_crash) {
  const std::string bytes = small_model().bytes();
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(parsed(bytes.substr(0, size))) << size;
}

TEST(GgufHeader, counts_that_the_file_cannot_hold_are_lies) {
  const std::string bytes = small_model().bytes();
  for (const std::size_t at : {8u, 16u}) {  // tensors, keys
    for (const std::uint64_t count :
         {std::uint64_t{1} << 20, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
      std::string lying = bytes;
      lying.replace(at, 8, little_endian(count));
      EXPECT_NE(complaint(lying).find("announces " + std::to_string(count)), std::string::npos);
    }
    std::string one_more = bytes;
    one_more[at] = char(one_more[at] + 1);
    EXPECT_FALSE(parsed(one_more)) << at;
  }
  GgufBytes file;
  file.raw("tokenizer.ggml.tokens", 9,
           little_endian(std::uint32_t{8}) + little_endian(std::uint64_t{1} << 60));
  EXPECT_NE(complaint(file.bytes()).find("tokenizer.ggml.tokens: announces"), std::string::npos);
}

TEST(GgufHeader, strings_longer_than_the_file_doubled_or_no_utf8_are_refused) {
  GgufBytes longer;
  longer.raw("general.name", 8, little_endian(~std::uint64_t{0}));
  EXPECT_NE(complaint(longer.bytes()).find("ends inside general.name"), std::string::npos);
  GgufBytes twice;
  twice.u32("a", 1).u32("a", 1);
  EXPECT_NE(complaint(twice.bytes()).find("the key a twice"), std::string::npos);
  for (const char* text : {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"}) {
    GgufBytes bad;
    bad.text("general.name", text);
    EXPECT_NE(complaint(bad.bytes()).find("general.name: is no UTF-8"), std::string::npos);
  }
  GgufBytes same;
  same.tensor("x", {8}, 0, 32).tensor("x", {8}, 0, 32);
  EXPECT_NE(complaint(same.bytes()).find("x: is there twice"), std::string::npos);
}

TEST(GgufHeader, unknown_types_nesting_and_odd_booleans_are_refused_by_name) {
  GgufBytes type, nested, boolean;
  type.raw("x", 13, "");
  EXPECT_NE(complaint(type.bytes() + std::string(64, '\0')).find("value type 13"),
            std::string::npos);
  nested.raw("x", 9, little_endian(std::uint32_t{9}) + little_endian(std::uint64_t{1}));
  EXPECT_NE(complaint(nested.bytes() + std::string(64, '\0')).find("x: is an array of arrays"),
            std::string::npos);
  boolean.raw("x", 7, "\x02");
  EXPECT_NE(complaint(boolean.bytes()).find("boolean of value 2"), std::string::npos);
  GgufBytes tensor;
  tensor.tensor("blk.0.ffn_up.weight", {32}, 77, 32);
  EXPECT_NE(complaint(tensor.bytes()).find("blk.0.ffn_up.weight: has the unknown GGML type 77"),
            std::string::npos);
}

TEST(GgufHeader, shapes_and_places_of_tensors_are_checked) {
  GgufBytes dims, rows, overflow, product;
  dims.tensor("x", {1, 1, 1, 1, 1}, 0, 4);
  EXPECT_NE(complaint(dims.bytes()).find("x: has 5 dims"), std::string::npos);
  rows.tensor("x", {48, 2}, 3, 60);
  EXPECT_NE(complaint(rows.bytes()).find("rows of 48 elements"), std::string::npos);
  overflow.tensor("x", {std::uint64_t{1} << 60}, 0, 4);
  EXPECT_FALSE(parsed(overflow.bytes()));
  product.tensor("x", {std::uint64_t{1} << 40, std::uint64_t{1} << 40}, 0, 4);
  EXPECT_NE(complaint(product.bytes()).find("more elements than can be counted"),
            std::string::npos);
  GgufBytes odd, beyond, overlap;
  odd.tensor_at("x", {8}, 0, 16, 32);
  EXPECT_NE(complaint(odd.bytes() + std::string(64, '\0')).find("multiples of 32"),
            std::string::npos);
  beyond.tensor_at("x", {8}, 0, 1 << 20, 32);
  EXPECT_NE(complaint(beyond.bytes()).find("truncated"), std::string::npos);
  overlap.tensor_at("x", {16}, 0, 0, 64).tensor_at("y", {16}, 0, 32, 64);
  EXPECT_NE(complaint(overlap.bytes() + std::string(64, '\0')).find("y: overlaps the tensor x"),
            std::string::npos);
}

TEST(GgufHeader, alignment_is_the_files_own_and_a_power_of_two) {
  GgufBytes wide;
  wide.u32("general.alignment", 64).align_to(64).tensor("x", {8}, 0, 32).tensor("y", {8}, 0, 32);
  const GgufHeader header = value_or_throw(parsed(wide.bytes()));
  EXPECT_EQ(header.tensors[1].file_offset - header.tensors[0].file_offset, 64);
  for (const std::uint32_t alignment : {0u, 24u, 1u << 21}) {
    GgufBytes bad;
    bad.u32("general.alignment", alignment).tensor("x", {8}, 0, 32);
    EXPECT_NE(complaint(bad.bytes()).find("general.alignment"), std::string::npos) << alignment;
  }
}

TEST(GgufHeader, reads_files_and_says_what_cannot_be_read) {
  const TemporaryFolder folder;
  const auto path = folder.write("model.gguf", small_model().bytes());
  EXPECT_EQ(value_or_throw(read_gguf_header(path)).tensors.size(), 2u);
  EXPECT_FALSE(read_gguf_header(folder / "absent.gguf"));
  EXPECT_FALSE(read_gguf_header(folder.write("empty.gguf", "")));
  EXPECT_FALSE(read_gguf_header(folder.path()));
}

}  // namespace temper
