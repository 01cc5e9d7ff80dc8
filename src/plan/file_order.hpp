// Between the order in which files hold a tensor and the one in which layers want it.
//
//   std::vector<float> values = read(...);          // as the file has it
//   to_layer_order(tensor, shape.block, values);    // GPT-2: [in, out] -> [out, in]
//
// Most tensors are the same in both, and nothing is copied then.
#pragma once

#include <vector>

#include "plan/model_shape.hpp"

namespace temper {

// The shape that files have.
std::vector<std::int64_t> file_shape(const LogicalTensor& tensor);

// `values` has tensor.numel() elements, row-major. One undoes the other.
template <class T>
void to_layer_order(const LogicalTensor& tensor, const BlockShape& block, std::vector<T>& values);
template <class T>
void to_file_order(const LogicalTensor& tensor, const BlockShape& block, std::vector<T>& values);

}  // namespace temper
