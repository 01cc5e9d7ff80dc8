#include "train/sparse_rows.hpp"

#include <ATen/ops/zeros.h>

#include <algorithm>

#include "core/contract.hpp"
#include "kernels/parallel.hpp"
#include "model/dispatch.hpp"

namespace temper {

namespace {

// The ascending union of every rank's rows. Collective over: dp.
std::vector<std::int32_t> union_of(std::vector<std::int32_t> mine, const Group& dp) {
  std::int64_t longest = std::int64_t(mine.size());
  dp.all_reduce_max(&longest, 1, Dtype::i64);
  std::vector<std::int32_t> all(std::size_t(longest * dp.size()), -1);
  std::copy(mine.begin(), mine.end(), all.begin() + longest * dp.rank());
  dp.all_gather(all.data(), longest, Dtype::i32);
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  if (!all.empty() && all.front() == -1) all.erase(all.begin());
  return all;
}

}  // namespace

SparseRows::SparseRows(ParamUnit& unit, std::int64_t width)
    : unit_(unit),
      rows_(unit.layout.slots.front().extent.size() / width),
      width_(width),
      weight_decay_(unit.runs.front().weight_decay),
      lr_scale_(unit.runs.front().lr_scale),
      applied_(std::size_t(rows_), 0),
      ever_(std::size_t(rows_), 0),
      now_(std::size_t(rows_), 0) {
  expects(unit.layout.slots.size() == 1 && unit.layout.slots.front().extent.begin == 0 &&
              unit.owned.size() == unit.layout.length,
          "a sparse unit holds one tensor, whole");
}

void SparseRows::read(const PackedBatch& batch) {
  std::vector<std::int32_t> fresh;
  for (const std::int32_t id : batch.ids) {
    if (now_[std::size_t(id)]) continue;
    now_[std::size_t(id)] = 1;
    fresh.push_back(id);
  }
  bring_up_to_date(fresh);
  touched_.insert(touched_.end(), fresh.begin(), fresh.end());
}

void SparseRows::bring_up_to_date(const std::vector<std::int32_t>& rows) {
  const std::int64_t updates = std::int64_t(history_.size());
  dispatch(unit_.weights.scalar_type(), [&]<class T>() {
    parallel_rows(std::int64_t(rows.size()), [&](std::int64_t begin, std::int64_t end, int) {
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t row = rows[std::size_t(i)], at = row * width_;
        const std::int64_t seen = applied_[std::size_t(row)];
        applied_[std::size_t(row)] = std::uint32_t(updates);
        // Moments of 0 move nothing.
        if (seen == updates || (!ever_[std::size_t(row)] && weight_decay_ == 0)) continue;
        std::int16_t* low = data<std::int16_t>(unit_.low);
        adamw_missed_steps<T>(data<T>(unit_.weights) + at, low == nullptr ? nullptr : low + at,
                              accumulator<T>(unit_.first) + at, accumulator<T>(unit_.second) + at,
                              width_, weight_decay_, history_, seen, updates);
      }
    });
  });
}

void SparseRows::reduce(const Group& dp) {
  union_ = union_of(touched_, dp);
  gradient_ = at::zeros({std::int64_t(union_.size()), width_}, unit_.gradients.options());
  dispatch(unit_.weights.scalar_type(), [&]<class T>() {
    auto* table = accumulator<T>(unit_.gradients);
    auto* packed = accumulator<T>(gradient_);
    for (std::size_t i = 0; i < union_.size(); ++i) {
      if (!now_[std::size_t(union_[i])]) continue;
      auto* row = table + std::int64_t(union_[i]) * width_;
      std::copy_n(row, width_, packed + std::int64_t(i) * width_);
      std::fill_n(row, width_, 0);
    }
  });
  dp.all_reduce_sum(gradient_.data_ptr(), gradient_.numel(),
                    gradient_.scalar_type() == at::kDouble ? Dtype::f64 : Dtype::f32);
}

SquareSum SparseRows::squares() const {
  return gradient_.scalar_type() == at::kDouble
             ? square_sum(data<double>(gradient_), gradient_.numel())
             : square_sum(data<float>(gradient_), gradient_.numel());
}

void SparseRows::update(const AdamWStep& of_all) {
  AdamWStep step = of_all;
  step.learning_rate *= lr_scale_;
  bring_up_to_date(union_);
  history_.push_back(step);
  dispatch(unit_.weights.scalar_type(), [&]<class T>() {
    adamw_rows<T>(data<T>(unit_.weights), data<std::int16_t>(unit_.low), accumulator<T>(gradient_),
                  accumulator<T>(unit_.first), accumulator<T>(unit_.second), union_.data(),
                  std::int64_t(union_.size()), width_, weight_decay_, step);
  });
  for (const std::int32_t row : union_) {
    applied_[std::size_t(row)] = std::uint32_t(history_.size());
    ever_[std::size_t(row)] = 1;
  }
  forget_step();
}

void SparseRows::skip() { forget_step(); }

void SparseRows::forget_step() {
  for (const std::int32_t row : touched_) now_[std::size_t(row)] = 0;
  touched_.clear();
}

void SparseRows::settle() {
  std::vector<std::int32_t> rows;
  for (std::int64_t row = 0; row < rows_; ++row) rows.push_back(std::int32_t(row));
  bring_up_to_date(rows);
}

}  // namespace temper
