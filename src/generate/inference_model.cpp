#include "generate/inference_model.hpp"

#include <ATen/ops/empty.h>

#include "kernels/parallel.hpp"
#include "model/dispatch.hpp"
#include "model/load_weights.hpp"
#include "sharding/unit_layout.hpp"

namespace temper {

namespace {

template <class T>
void convert(const std::vector<float>& values, T* to) {
  parallel_rows(std::int64_t(values.size()), [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t i = begin; i < end; ++i) store(to + i, Accumulate<T>(values[std::size_t(i)]));
  });
}

}  // namespace

InferenceModel::InferenceModel(const std::filesystem::path& path, at::ScalarType dtype)
    : shape_(value_or_throw(
          with_task(value_or_throw(read_model_shape(path, Json::object())), "causal-lm"))) {
  const std::vector<LogicalTensor> tensors = logical_tensors(shape_);
  std::vector<TensorSize> sizes;
  for (std::size_t i = 0; i < tensors.size(); ++i) sizes.push_back({int(i), tensors[i].numel()});
  const UnitLayout layout = plan_unit_layout("model", sizes, 1);
  weights_ = at::empty({layout.length}, at::dtype(dtype));
  ParameterTable table;
  for (const TensorSlot& slot : layout.slots) {
    const LogicalTensor& tensor = tensors[std::size_t(slot.tensor)];
    table.add(tensor.role,
              {weights_.narrow(0, slot.extent.begin, slot.extent.size()).view(tensor.shape), {}});
  }
  load_weights(path, shape_, tensors, {}, [&](int tensor, const std::vector<float>& values) {
    const at::Tensor& weight = table.at(tensors[std::size_t(tensor)].role).weight;
    dispatch(dtype, [&]<class T>() { convert(values, data<T>(weight)); });
  });
  stage_ = std::make_unique<Stage>(shape_, table);
  head_ = std::make_unique<Head>(shape_, table);
}

}  // namespace temper
