// PEFT directories as the start of a run, and how adapters begin without one.
#include "io/adapter_files.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/file.hpp"
#include "model/initial_values.hpp"
#include "model/load_weights.hpp"
#include "plan/lora_plan.hpp"
#include "support/temporary_folder.hpp"

namespace temper {

namespace {

namespace fs = std::filesystem;

ModelShape tiny_gpt2() {
  return value_or_throw(model_shape_of_config(
      Json::parse(R"({"model_type":"gpt2","architectures":["GPT2LMHeadModel"],"n_embd":64,
        "n_layer":2,"n_head":4,"n_positions":40,"vocab_size":96})"),
      "config.json"));
}

LoraSpec lora_spec_of(const std::string& init = "default") {
  LoraSpec spec;
  spec.r = 4, spec.lora_alpha = 8, spec.target_modules = {"c_attn", "c_proj"};
  spec.init_lora_weights = init;
  return spec;
}

std::vector<LogicalTensor> tensors_of(const LoraSpec& spec) {
  return value_or_throw(lora_tensors(tiny_gpt2(), logical_tensors(tiny_gpt2()), spec));
}

// What PEFT would write: every adapter, each element its number within the tensor.
void write_adapter(const fs::path& directory, Json config, const std::string& without = "",
                   const std::string& extra = "") {
  fs::create_directories(directory);
  const Json usual = {{"peft_type", "LORA"}, {"r", 4}, {"lora_alpha", 8}, {"bias", "none"}};
  for (const auto& [key, value] : usual.items())
    if (!config.contains(key)) config[key] = value;
  write_file_atomically(directory / "adapter_config.json", config.dump());
  std::vector<float> values(4096);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = float(i);
  std::vector<TensorToWrite> files;
  for (const LogicalTensor& tensor : tensors_of(lora_spec_of()))
    if (is_adapter(tensor) && tensor.name != without)
      files.push_back({tensor.name, tensor.shape, Dtype::f32, values.data()});
  if (!extra.empty()) files.push_back({extra, {4, 64}, Dtype::f32, values.data()});
  write_safetensors(directory / "adapter_model.safetensors", files);
}

std::string complaint(const fs::path& directory) {
  return to_text(
      find_adapter(directory, tiny_gpt2(), tensors_of(lora_spec_of()), lora_spec_of()).problems());
}

const std::string kFirst = "base_model.model.transformer.h.0.attn.c_attn.lora_A.weight";

}  // namespace

TEST(AdapterFiles, are_read_instead_of_drawn) {
  const TemporaryFolder folder;
  write_adapter(folder.path(), Json::object());
  LoadOptions options{.seed = 1, .random = true, .lora = lora_spec_of()};
  options.lora.adapter_name_or_path = folder.path().string();
  const auto tensors = tensors_of(options.lora);
  int adapters = 0;
  load_weights("", tiny_gpt2(), tensors, options, [&](int i, const std::vector<float>& values) {
    if (!is_adapter(tensors[std::size_t(i)])) return;
    ++adapters;
    for (std::size_t k = 0; k < values.size(); k += 17) EXPECT_EQ(values[k], float(k));
  });
  EXPECT_EQ(adapters, 12) << "A and B of c_attn and both c_proj in two layers";
}

TEST(AdapterFiles, name_what_does_not_fit_the_run) {
  const TemporaryFolder folder;
  const auto says = [&](const char* part, const Json& config, const std::string& without = "",
                        const std::string& extra = "") {
    write_adapter(folder.path(), config, without, extra);
    const std::string text = complaint(folder.path());
    EXPECT_NE(text.find(part), std::string::npos) << part << " in\n" << text;
  };
  write_adapter(folder.path(), Json::object());
  EXPECT_EQ(complaint(folder.path()), "");
  says("r: is 8 instead of 4", {{"r", 8}});
  says("lora_alpha: is 16 instead of 8", {{"lora_alpha", 16}});
  says("use_rslora: is true", {{"use_rslora", true}});
  says("use_dora: is true", {{"use_dora", true}});
  says("peft_type: is \"IA3\"", {{"peft_type", "IA3"}});
  says("rank_pattern: is not supported", {{"rank_pattern", {{"c_attn", 8}}}});
  says("lacks the tensor base_model", Json::object(), kFirst);
  says("belongs to nothing that is trained", Json::object(), "",
       "base_model.model.transformer.h.0.mlp.c_fc.lora_A.weight");
}

TEST(InitialValues, adapters_begin_as_their_kind_says) {
  const ModelShape shape = tiny_gpt2();
  const auto tensors = tensors_of(lora_spec_of());
  const auto find = [&](const std::string& role) {
    return *std::find_if(tensors.begin(), tensors.end(),
                         [&](const LogicalTensor& tensor) { return tensor.role == role; });
  };
  const LogicalTensor a = find("block.0.mlp.down.lora_a"), b = find("block.0.mlp.down.lora_b");
  const auto largest = [&](const LogicalTensor& tensor, const char* init) {
    double most = 0;
    for (const float value : initial_values(shape, tensor, init, 3))
      most = std::max(most, std::abs(double(value)));
    return most;
  };
  const double bound = 1 / std::sqrt(256.0);
  EXPECT_LT(largest(a, "default"), bound);
  EXPECT_GT(largest(a, "default"), 0.98 * bound);
  EXPECT_GT(largest(a, "gaussian"), 2 * 0.25) << "deviations of 1 / r";
  EXPECT_EQ(largest(b, "default"), 0);
  EXPECT_EQ(largest(b, "gaussian"), 0);
  EXPECT_EQ(largest(a, "zero"), 0);
  EXPECT_GT(largest(b, "zero"), 0);
}

TEST(InitialValues, of_gpt2_are_smaller_where_they_meet_the_residual_stream) {
  const ModelShape shape = tiny_gpt2();
  std::map<std::string, double> deviation;
  for (const LogicalTensor& tensor : logical_tensors(shape)) {
    double square = 0;
    const auto values = initial_values(shape, tensor, "default", 3);
    for (const float value : values) square += double(value) * double(value);
    deviation[tensor.role] = std::sqrt(square / double(values.size()));
  }
  EXPECT_NEAR(deviation["block.0.mlp.up.weight"], 0.02, 0.001);
  EXPECT_NEAR(deviation["block.0.mlp.down.weight"], 0.01, 0.0005);
  EXPECT_NEAR(deviation["block.1.attn.out.weight"], 0.01, 0.0005);
  EXPECT_EQ(deviation["block.1.norm2.weight"], 1);
  EXPECT_EQ(deviation["block.1.norm2.bias"], 0);
}

}  // namespace temper
