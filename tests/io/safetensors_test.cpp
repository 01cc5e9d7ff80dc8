// safetensors files: what is written is read back, and each way in which a header can lie is named.
#include "io/safetensors.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <bit>
#include <cstring>
#include <fstream>

#include "core/outcome.hpp"

namespace temper {

namespace fs = std::filesystem;

namespace {

class Safetensors : public testing::Test {
 protected:
  Safetensors()
      : folder_(fs::temp_directory_path() / ("temper-safetensors-" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
  }
  ~Safetensors() override { fs::remove_all(folder_); }

  fs::path write(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return folder_ / name;
  }
  // A file of this header and so many bytes of data.
  fs::path file(const std::string& header, std::size_t data_bytes,
                const std::string& name = "model.safetensors") const {
    const std::uint64_t length = header.size();
    return write(name, std::string(reinterpret_cast<const char*>(&length), 8) + header +
                           std::string(data_bytes, '\1'));
  }
  // The text of all problems; "" when the header is accepted.
  std::string complaint(const std::string& header, std::size_t data_bytes) const {
    return to_text(read_safetensors_header(file(header, data_bytes)).problems());
  }

  fs::path folder_;
};

std::string entry(const std::string& name, const std::string& shape, const std::string& offsets,
                  const std::string& dtype = "F32") {
  return "\"" + name + R"(":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" +
         offsets + "}";
}

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_F(Safetensors, what_was_written_is_read_back_by_slices_in_fp32_and_fp64) {
  const std::vector<float> wide{1.5f, -2.25f, 3e-30f, 4e30f, 0.1f, -0.0f};
  const std::vector<double> widest{0.1, -1e300};
  const std::vector<std::uint16_t> bf16{0x3f80, 0xc040, 0x7f80}, f16{0x3c00, 0x0001, 0xfbff};
  write_safetensors(folder_ / "m.safetensors", {{"a", {2, 3}, Dtype::f32, wide.data()},
                                                {"b", {2}, Dtype::f64, widest.data()},
                                                {"c", {3}, Dtype::bf16, bf16.data()},
                                                {"d", {3, 1}, Dtype::f16, f16.data()},
                                                {"none", {0, 4}, Dtype::f32, nullptr}});
  const TensorIndex index = value_or_throw(read_safetensors_header(folder_ / "m.safetensors"));
  ASSERT_EQ(index.size(), 5u);
  EXPECT_EQ(index.at("a").shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(index.at("none").numel(), 0);
  std::vector<float> some(3);
  read_elements(index.at("a"), 2, 5, some.data());
  EXPECT_EQ(some, (std::vector<float>{3e-30f, 4e30f, 0.1f}));
  std::vector<double> two(2);
  read_elements(index.at("b"), 0, 2, two.data());
  EXPECT_EQ(two, widest);
  std::vector<double> three(3);
  read_elements(index.at("c"), 0, 3, three.data());
  EXPECT_EQ(three, (std::vector<double>{1, -3, HUGE_VAL}));
  read_elements(index.at("d"), 0, 3, three.data());
  EXPECT_EQ(three, (std::vector<double>{1, 0x1p-24, -65504})) << "also subnormal halves";
}

TEST_F(Safetensors, a_written_file_has_the_layout_that_others_expect) {
  const float value = 1;
  write_safetensors(folder_ / "m.safetensors", {{"a", {}, Dtype::f32, &value}});
  std::ifstream in(folder_ / "m.safetensors", std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  EXPECT_EQ(length % 8, 0u);
  EXPECT_EQ(bytes.size(), 8 + length + 4);
  const Json header = Json::parse(bytes.substr(8, length));
  EXPECT_EQ(header["__metadata__"]["format"], "pt");
  EXPECT_EQ(header["a"]["dtype"], "F32");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1) << "no temporary is left";
}

TEST_F(Safetensors, a_file_that_cannot_be_written_leaves_nothing) {
  const float value = 1;
  EXPECT_THROW(write_safetensors(folder_ / "absent" / "m", {{"a", {1}, Dtype::f32, &value}}),
               WorldFailure);
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(Safetensors, large_tensors_are_read_across_blocks) {
  std::vector<float> values(3'000'001);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = float(i);
  write_safetensors(folder_ / "m.safetensors", {{"a", {3'000'001}, Dtype::f32, values.data()}});
  const TensorIndex index = value_or_throw(read_safetensors_header(folder_ / "m.safetensors"));
  std::vector<float> read(values.size() - 5);
  read_elements(index.at("a"), 5, std::int64_t(values.size()), read.data());
  EXPECT_TRUE(std::equal(read.begin(), read.end(), values.begin() + 5));
}

TEST_F(Safetensors, plain_headers_are_accepted) {
  EXPECT_EQ(complaint("{" + entry("a", "[2]", "[0,8]") + "," + entry("b", "[1]", "[8,12]") +
                          R"(,"__metadata__":{"format":"pt"}}   )",
                      12),
            "");
  EXPECT_EQ(
      complaint("{" + entry("b", "[1]", "[8,12]") + "," + entry("a", "[2]", "[0,8]") + "}", 12), "")
      << "order in the header is free";
  EXPECT_EQ(complaint("{}", 0), "");
}

TEST_F(Safetensors, ranges_that_overlap_leave_holes_or_leave_the_file_are_named) {
  const auto two = [&](const std::string& first, const std::string& second, std::size_t bytes) {
    return complaint("{" + entry("a", "[2]", first) + "," + entry("b", "[2]", second) + "}", bytes);
  };
  EXPECT_TRUE(says(two("[0,8]", "[4,12]", 12), "b: overlaps"));
  EXPECT_TRUE(says(two("[0,8]", "[0,8]", 8), "overlaps"));
  EXPECT_TRUE(says(two("[0,8]", "[12,20]", 20), "b: leaves a hole"));
  EXPECT_TRUE(says(two("[4,12]", "[12,20]", 20), "a: leaves a hole"));
  EXPECT_TRUE(says(two("[0,8]", "[8,16]", 20), "4 bytes at the end belong to no tensor"));
  EXPECT_TRUE(says(two("[0,8]", "[8,16]", 12), "b: data_offsets [8, 16) lie outside of 12"));
  EXPECT_TRUE(says(two("[8,0]", "[8,16]", 16), "a: data_offsets [8, 0) lie outside"));
  EXPECT_TRUE(says(two("[0,8]", "[18446744073709551608,18446744073709551615]", 16), "b: "));
  EXPECT_TRUE(says(two("[0,8]", "[-8,0]", 16), "no pair of counts"));
  EXPECT_TRUE(says(two("[0,8]", "[8]", 16), "no pair of counts"));
  EXPECT_TRUE(says(two("[0,8]", "[8,16.5]", 16), "no pair of counts"));
}

TEST_F(Safetensors, shapes_that_lie_about_their_bytes_are_named) {
  EXPECT_TRUE(says(complaint("{" + entry("a", "[3]", "[0,8]") + "}", 8), "ask for 12 bytes"));
  EXPECT_TRUE(says(complaint("{" + entry("a", "[4294967296,4294967296,4]", "[0,8]") + "}", 8),
                   "too many bytes"))
      << "a product that overflows";
  EXPECT_TRUE(says(complaint("{" + entry("a", "[18446744073709551615]", "[0,8]") + "}", 8), "a: "));
  EXPECT_TRUE(says(complaint("{" + entry("a", "[-2]", "[0,8]") + "}", 8), "counts"));
  EXPECT_TRUE(says(complaint("{" + entry("a", "2", "[0,8]") + "}", 8), "shape is no list"));
  EXPECT_TRUE(says(complaint("{" + entry("a", "[2]", "[0,8]", "F33") + "}", 8), "\"F33\""));
  EXPECT_TRUE(says(complaint("{" + entry("a", "[2]", "[0,8]", "F16") + "}", 8), "ask for 4 bytes"));
  EXPECT_TRUE(says(complaint(R"({"a":{"dtype":7,"shape":[2],"data_offsets":[0,8]}})", 8), "dtype"));
  EXPECT_TRUE(says(complaint(R"({"a":{"shape":[2],"data_offsets":[0,8]}})", 8), "lacks dtype"));
  EXPECT_TRUE(says(complaint(R"({"a":5})", 8), "lacks dtype"));
}

TEST_F(Safetensors, all_problems_come_at_once) {
  const std::string text = complaint(
      "{" + entry("a", "[3]", "[0,8]") + "," + entry("b", "[1]", "[8,12]", "Q4") + "}", 12);
  EXPECT_TRUE(says(text, ": a: ") && says(text, ": b: ")) << text;
}

TEST_F(Safetensors, a_tensor_named_twice_is_refused) {
  EXPECT_TRUE(says(
      complaint("{" + entry("a", "[2]", "[0,8]") + "," + entry("a", "[2]", "[8,16]") + "}", 16),
      "\"a\" twice"));
}

TEST_F(Safetensors, headers_that_are_no_json_object_are_refused) {
  for (const std::string header : {"", "[]", "{", "7", "null", "{\"a\":", "\xff\xfe", "{}{}"})
    EXPECT_TRUE(says(complaint(header, 0), "no JSON object")) << header;
  std::string deep = "{\"a\":";
  for (int i = 0; i < 100'000; ++i) deep += "[";
  EXPECT_TRUE(says(complaint(deep, 0), "no JSON object")) << "depth does not end in a crash";
  deep = "{\"a\":";
  for (int i = 0; i < 20; ++i) deep += "{\"a\":";
  deep += "1" + std::string(21, '}');
  EXPECT_TRUE(says(complaint(deep, 0), "no JSON object"));
}

TEST_F(Safetensors, announced_lengths_are_checked_before_memory_is_taken) {
  const auto announced = [&](std::uint64_t length, const std::string& rest) {
    const fs::path path = write("m", std::string(reinterpret_cast<const char*>(&length), 8) + rest);
    return to_text(read_safetensors_header(path).problems());
  };
  EXPECT_TRUE(says(announced(100, "{}"), "announces a header of 100 bytes in a file of 10"));
  EXPECT_TRUE(says(announced(~std::uint64_t{0}, "{}"), "announces"));
  EXPECT_TRUE(says(announced(std::uint64_t{1} << 62, "{}"), "announces"));
  EXPECT_TRUE(says(to_text(read_safetensors_header(write("m", "1234567")).problems()), "shorter"));
  EXPECT_TRUE(
      says(to_text(read_safetensors_header(folder_ / "gone").problems()), "cannot be read"));
}

TEST_F(Safetensors, every_truncation_of_a_file_is_noticed) {
  const std::vector<float> values{1, 2, 3};
  write_safetensors(folder_ / "m", {{"a", {3}, Dtype::f32, values.data()}});
  const std::int64_t size = std::int64_t(fs::file_size(folder_ / "m"));
  std::ifstream in(folder_ / "m", std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  for (std::int64_t keep = 0; keep < size; ++keep)
    EXPECT_FALSE(read_safetensors_header(write("cut", bytes.substr(0, std::size_t(keep))))) << keep;
}

TEST_F(Safetensors, a_file_that_shrinks_after_its_header_was_read_is_an_io_failure) {
  const std::vector<float> values(100, 1.0f);
  write_safetensors(folder_ / "m", {{"a", {100}, Dtype::f32, values.data()}});
  const TensorIndex index = value_or_throw(read_safetensors_header(folder_ / "m"));
  fs::resize_file(folder_ / "m", fs::file_size(folder_ / "m") - 8);
  std::vector<float> out(100);
  EXPECT_THROW(read_elements(index.at("a"), 0, 100, out.data()), WorldFailure);
  fs::remove(folder_ / "m");
  EXPECT_THROW(read_elements(index.at("a"), 0, 100, out.data()), WorldFailure);
}

TEST_F(Safetensors, integers_are_no_weights) {
  const TensorIndex index = value_or_throw(
      read_safetensors_header(file("{" + entry("ids", "[2]", "[0,8]", "I32") + "}", 8)));
  std::vector<double> out(2);
  EXPECT_THROW(read_elements(index.at("ids"), 0, 2, out.data()), BadInput);
}

TEST_F(Safetensors, a_sharded_model_is_read_through_its_index) {
  file("{" + entry("a", "[2]", "[0,8]") + "}", 8, "one.safetensors");
  file("{" + entry("b", "[1]", "[0,4]") + "}", 4, "two.safetensors");
  const auto complaint_of = [&](const std::string& map) {
    write("model.safetensors.index.json", R"({"metadata":{},"weight_map":)" + map + "}");
    return to_text(read_model_index(folder_).problems());
  };
  EXPECT_EQ(complaint_of(R"({"a":"one.safetensors","b":"two.safetensors"})"), "");
  const TensorIndex index = value_or_throw(read_model_index(folder_));
  EXPECT_EQ(index.at("b").file, folder_ / "two.safetensors");
  EXPECT_TRUE(says(complaint_of(R"({"a":"two.safetensors"})"), "a is not in two.safetensors"));
  EXPECT_TRUE(says(complaint_of(R"({"a":"gone.safetensors"})"), "gone.safetensors"));
  EXPECT_TRUE(says(complaint_of(R"({"a":"../one.safetensors"})"), "no file name"));
  EXPECT_TRUE(says(complaint_of(R"({"a":"/etc/passwd"})"), "no file name"));
  EXPECT_TRUE(says(complaint_of(R"({"a":5})"), "no file name"));
  EXPECT_TRUE(says(complaint_of("[]"), "weight_map"));
}

TEST_F(Safetensors, a_folder_without_weights_says_what_it_lacks) {
  EXPECT_TRUE(says(to_text(read_model_index(folder_).problems()), "model.safetensors"));
}

}  // namespace temper
