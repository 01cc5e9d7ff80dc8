#include "plan/file_order.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace temper {

namespace {

LogicalTensor tensor_of(std::vector<std::int64_t> shape) {
  LogicalTensor tensor;
  tensor.shape = std::move(shape);
  return tensor;
}

std::vector<float> counted(const LogicalTensor& tensor) {
  std::vector<float> values(std::size_t(tensor.numel()));
  std::iota(values.begin(), values.end(), 0.0f);
  return values;
}

}  // namespace

TEST(FileOrder, a_plain_tensor_stays_as_it_is) {
  const LogicalTensor tensor = tensor_of({3, 2});
  std::vector<float> values = counted(tensor);
  to_layer_order(tensor, {}, values);
  EXPECT_EQ(values, counted(tensor));
  EXPECT_EQ(file_shape(tensor), tensor.shape);
}

TEST(FileOrder, conv1d_is_transposed) {
  LogicalTensor tensor = tensor_of({3, 2});
  tensor.transposed = true;
  EXPECT_EQ(file_shape(tensor), (std::vector<std::int64_t>{2, 3}));
  std::vector<float> values{0, 1, 2, 10, 11, 12};  // [in 2, out 3]
  to_layer_order(tensor, {}, values);
  EXPECT_EQ(values, (std::vector<float>{0, 10, 1, 11, 2, 12}));
  to_file_order(tensor, {}, values);
  EXPECT_EQ(values, (std::vector<float>{0, 1, 2, 10, 11, 12}));
}

TEST(FileOrder, large_matrices_are_transposed_beyond_a_tile) {
  LogicalTensor tensor = tensor_of({70, 45});
  tensor.transposed = true;
  std::vector<float> values = counted(tensor);
  to_layer_order(tensor, {}, values);
  for (std::int64_t out = 0; out < 70; ++out)
    for (std::int64_t in = 0; in < 45; ++in)
      ASSERT_EQ(values[std::size_t(out * 45 + in)], float(in * 70 + out));
  to_file_order(tensor, {}, values);
  EXPECT_EQ(values, counted(tensor));
}

TEST(FileOrder, query_key_value_of_each_head_become_all_queries_keys_values) {
  const BlockShape block{.heads = 2, .head_size = 2};
  LogicalTensor bias = tensor_of({12}), weight = tensor_of({12, 3});
  bias.interleaved_heads = weight.interleaved_heads = true;
  // Files: q0 k0 v0 q1 k1 v1, two rows each.
  std::vector<float> values = counted(bias);
  to_layer_order(bias, block, values);
  EXPECT_EQ(values, (std::vector<float>{0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11}));
  to_file_order(bias, block, values);
  EXPECT_EQ(values, counted(bias));

  std::vector<float> rows = counted(weight);
  to_layer_order(weight, block, rows);
  EXPECT_EQ(rows[2 * 3], 18);  // the third row is the first of q1: row 6 of the file
  to_file_order(weight, block, rows);
  EXPECT_EQ(rows, counted(weight));
}

}  // namespace temper
