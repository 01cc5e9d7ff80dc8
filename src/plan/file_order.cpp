#include "plan/file_order.hpp"

#include <algorithm>

#include "core/contract.hpp"

namespace temper {

namespace {

// [rows, columns] -> [columns, rows], a tile at a time so that both sides stay in the cache.
template <class T>
void transpose(std::vector<T>& values, std::int64_t rows, std::int64_t columns) {
  constexpr std::int64_t kTile = 32;
  std::vector<T> result(values.size());
  for (std::int64_t r0 = 0; r0 < rows; r0 += kTile)
    for (std::int64_t c0 = 0; c0 < columns; c0 += kTile)
      for (std::int64_t r = r0; r < std::min(rows, r0 + kTile); ++r)
        for (std::int64_t c = c0; c < std::min(columns, c0 + kTile); ++c)
          result[std::size_t(c * rows + r)] = values[std::size_t(r * columns + c)];
  values = std::move(result);
}

// Files: q, k, v of head 0, then of head 1. Layers: q of all heads, then k, then v.
template <class T>
void regroup_heads(const LogicalTensor& tensor, const BlockShape& block, std::vector<T>& values,
                   bool to_layers) {
  const std::int64_t parts = 3, rows = block.head_size;
  expects(tensor.shape[0] == parts * block.heads * rows, tensor.name, " is no fused q, k, v");
  const std::int64_t chunk = tensor.numel() / tensor.shape[0] * rows;  // a part of a head
  std::vector<T> result(values.size());
  for (std::int64_t head = 0; head < block.heads; ++head)
    for (std::int64_t part = 0; part < parts; ++part) {
      std::int64_t from = (head * parts + part) * chunk, to = (part * block.heads + head) * chunk;
      if (!to_layers) std::swap(from, to);
      std::copy_n(values.begin() + from, chunk, result.begin() + to);
    }
  values = std::move(result);
}

}  // namespace

std::vector<std::int64_t> file_shape(const LogicalTensor& tensor) {
  std::vector<std::int64_t> shape = tensor.shape;
  if (tensor.transposed) std::reverse(shape.begin(), shape.end());
  return shape;
}

template <class T>
void to_layer_order(const LogicalTensor& tensor, const BlockShape& block, std::vector<T>& values) {
  expects(std::int64_t(values.size()) == tensor.numel(), tensor.name, " has other elements");
  if (tensor.transposed) transpose(values, tensor.shape[1], tensor.shape[0]);
  if (tensor.interleaved_heads) regroup_heads(tensor, block, values, true);
}

template <class T>
void to_file_order(const LogicalTensor& tensor, const BlockShape& block, std::vector<T>& values) {
  expects(std::int64_t(values.size()) == tensor.numel(), tensor.name, " has other elements");
  if (tensor.interleaved_heads) regroup_heads(tensor, block, values, false);
  if (tensor.transposed) transpose(values, tensor.shape[0], tensor.shape[1]);
}

template void to_layer_order(const LogicalTensor&, const BlockShape&, std::vector<float>&);
template void to_layer_order(const LogicalTensor&, const BlockShape&, std::vector<double>&);
template void to_file_order(const LogicalTensor&, const BlockShape&, std::vector<float>&);
template void to_file_order(const LogicalTensor&, const BlockShape&, std::vector<double>&);

}  // namespace temper
