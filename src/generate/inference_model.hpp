// A language model as generation needs it: weights alone, read from any model path.
//
//   const InferenceModel model("SmolLM2-135M-Instruct.Q4_1.gguf", at::kBFloat16);
//   generate(model.stage(), model.head(), prompts, options);
#pragma once

#include <filesystem>
#include <memory>

#include "model/head.hpp"
#include "model/stage.hpp"

namespace temper {

class InferenceModel {
 public:
  // Local. A Hugging Face directory or a GGUF file whose family has a causal-lm head. Throws
  // BadInput, WorldFailure.
  InferenceModel(const std::filesystem::path& path, at::ScalarType dtype);
  const Stage& stage() const { return *stage_; }
  const Head& head() const { return *head_; }
  const ModelShape& shape() const { return shape_; }

 private:
  ModelShape shape_;
  at::Tensor weights_;  // all tensors, end to end
  std::unique_ptr<Stage> stage_;
  std::unique_ptr<Head> head_;
};

}  // namespace temper
