#include "model/layers/rotary_table.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>
#include <cmath>

#include "plan/rope.hpp"

namespace temper {

namespace {

// Positions 0 .. count - 1 at the frequencies of documents of `length`, from row `first` on.
void fill_rows(RotaryTable& table, std::int64_t first, std::int64_t count,
               const std::vector<double>& inverse, double factor) {
  const auto pairs = std::int64_t(inverse.size());
  const auto fill = [&](auto* cosines, auto* sines) {
    using T = std::remove_reference_t<decltype(*cosines)>;
    for (std::int64_t p = 0; p < count; ++p)
      for (std::int64_t i = 0; i < pairs; ++i) {
        const double angle = double(p) * inverse[std::size_t(i)];
        cosines[(first + p) * pairs + i] = T(factor * std::cos(angle));
        sines[(first + p) * pairs + i] = T(factor * std::sin(angle));
      }
  };
  if (table.cosines.scalar_type() == at::kDouble)
    fill(table.cosines.mutable_data_ptr<double>(), table.sines.mutable_data_ptr<double>());
  else
    fill(table.cosines.mutable_data_ptr<float>(), table.sines.mutable_data_ptr<float>());
}

}  // namespace

RotaryTable rotary_table(const Rope& rope, const ModelShape& shape, const PackedBatch& batch,
                         at::ScalarType accumulate) {
  std::int64_t positions[2] = {0, 0}, length[2] = {0, 0};  // of short and of long documents
  for (std::int64_t n = 0; n < batch.size(); ++n) {
    const auto begin = batch.offsets[std::size_t(n)], end = batch.offsets[std::size_t(n) + 1];
    const bool is_long = uses_long_factors(rope, end - begin);
    length[is_long] = std::max(length[is_long], end - begin);
    for (std::int64_t t = begin; t < end; ++t)
      positions[is_long] =
          std::max<std::int64_t>(positions[is_long], batch.positions[std::size_t(t)] + 1);
  }
  RotaryTable table;
  table.rows = batch.positions;
  for (std::int64_t n = 0; n < batch.size(); ++n) {
    const auto begin = batch.offsets[std::size_t(n)], end = batch.offsets[std::size_t(n) + 1];
    if (!uses_long_factors(rope, end - begin)) continue;
    for (std::int64_t t = begin; t < end; ++t)
      table.rows[std::size_t(t)] += std::int32_t(positions[0]);
  }
  const double factor = attention_factor(rope, shape.max_positions);
  for (const int kind : {0, 1}) {
    if (kind == 1 && positions[1] == 0) break;
    const auto inverse = inverse_frequencies(rope, shape.block.head_size, length[kind]);
    if (!table.cosines.defined()) {
      const auto pairs = std::int64_t(inverse.size());
      table.rotated = 2 * pairs;
      table.cosines = at::empty({positions[0] + positions[1], pairs}, at::dtype(accumulate));
      table.sines = at::empty_like(table.cosines);
    }
    fill_rows(table, kind * positions[0], positions[kind], inverse, factor);
  }
  return table;
}

}  // namespace temper
