#include "io/gguf/read.hpp"

#include <algorithm>
#include <set>

#include "core/json.hpp"
#include "io/gguf/blocks.hpp"
#include "io/input_file.hpp"
#include "plan/families.hpp"
#include "plan/model_files.hpp"

namespace temper {

namespace {

constexpr std::int64_t kStepBytes = 1 << 20;

// Elements in the order in which the file holds them.
class StoredElements {
 public:
  explicit StoredElements(const TensorEntry& entry)
      : entry_(entry), file_(entry.file), layout_(*ggml_layout(*entry.ggml)) {}

  void read(std::int64_t begin, std::int64_t end, float* out) {
    const std::int64_t size = layout_.block_elements;
    const std::int64_t step = std::max<std::int64_t>(1, kStepBytes / layout_.block_bytes);
    for (std::int64_t block = begin / size; block * size < end; block += step) {
      const std::int64_t blocks = std::min(step, (end + size - 1) / size - block);
      raw_.resize(std::size_t(blocks * layout_.block_bytes));
      file_.read_exactly(entry_.file_offset + block * layout_.block_bytes, raw_.data(),
                         blocks * layout_.block_bytes);
      decode(block, blocks, begin, end, out);
    }
  }

 private:
  // Whole blocks go straight to their place, the parts of blocks at the ends by way of a copy.
  void decode(std::int64_t first, std::int64_t blocks, std::int64_t begin, std::int64_t end,
              float* out) const {
    const std::int64_t size = layout_.block_elements;
    const std::int64_t whole_begin = std::max((begin + size - 1) / size, first),
                       whole_end = std::min(end / size, first + blocks);
    const auto bytes = [&](std::int64_t block) {
      return raw_.data() + (block - first) * layout_.block_bytes;
    };
    if (whole_begin < whole_end)
      decode_blocks(*entry_.ggml, bytes(whole_begin), (whole_end - whole_begin) * size,
                    out + (whole_begin * size - begin));
    float values[256];
    for (const std::int64_t block : {first, first + blocks - 1}) {
      if (block >= whole_begin && block < whole_end) continue;
      const std::int64_t from = std::max(begin, block * size),
                         to = std::min(end, (block + 1) * size);
      decode_blocks(*entry_.ggml, bytes(block), size, values);
      std::copy(values + (from - block * size), values + (to - block * size), out + (from - begin));
    }
  }

  const TensorEntry& entry_;
  InputFile file_;
  GgmlLayout layout_;
  std::vector<std::byte> raw_;
};

// Rotary pairs lie next to each other in the file: row 2i+j of a head is Hugging Face's j*d/2+i.
void read_interleaved(const TensorEntry& entry, std::int64_t begin, std::int64_t end, float* out) {
  StoredElements stored(entry);
  const std::int64_t rows = entry.shape.at(0), width = entry.numel() / rows,
                     size = rows / entry.heads, half = size / 2;
  std::vector<float> head(std::size_t(size * width));
  for (std::int64_t h = begin / (size * width); h * size * width < end; ++h) {
    stored.read(h * size * width, (h + 1) * size * width, head.data());
    for (std::int64_t row = 0; row < size; ++row) {
      const std::int64_t first = (h * size + row) * width;
      const std::int64_t from = std::max(begin, first), to = std::min(end, first + width);
      const float* source = head.data() + (row % half * 2 + row / half) * width;
      if (from < to)
        std::copy(source + (from - first), source + (to - first), out + (from - begin));
    }
  }
}

void read_transposed(const TensorEntry& entry, std::int64_t begin, std::int64_t end, float* out) {
  const std::int64_t rows = entry.shape.at(0), columns = entry.shape.at(1);
  std::vector<float> all(std::size_t(rows * columns));
  StoredElements(entry).read(0, rows * columns, all.data());
  for (std::int64_t i = begin; i < end; ++i)
    out[i - begin] = all[std::size_t(i % columns * rows + i / columns)];
}

std::vector<std::int64_t> reversed(std::vector<std::int64_t> shape) {
  std::reverse(shape.begin(), shape.end());
  return shape;
}

TensorEntry entry_of(const GgufHeader& header, const GgufTensor& tensor, const ModelShape& shape,
                     const LogicalTensor& logical) {
  TensorEntry entry{.shape = tensor.shape,
                    .file = header.file,
                    .file_offset = tensor.file_offset,
                    .bytes = tensor.bytes,
                    .ggml = tensor.type};
  if (tensor.type == GgmlType::f16) entry.dtype = Dtype::f16;
  if (tensor.type == GgmlType::bf16) entry.dtype = Dtype::bf16;
  if (tensor.type == GgmlType::f64) entry.dtype = Dtype::f64;
  entry.change = gguf_change(*header.text("general.architecture"), logical);
  if (entry.change == GgufChange::interleaved_rows)
    entry.heads = logical.role.find(".attn.k.") != std::string::npos ? shape.block.kv_heads
                                                                     : shape.block.heads;
  if (entry.change == GgufChange::transposed) entry.shape = reversed(tensor.shape);
  return entry;
}

bool is_rope_table(const std::string& name) { return name.starts_with("rope_f"); }

}  // namespace

Checked<TensorIndex> read_gguf_index(const std::filesystem::path& file) {
  const Checked<ModelConfig> read = read_model_config(file);
  if (!read) return read.problems();
  const GgufHeader& header = *read.value().header;
  const Checked<ModelShape> shape = model_shape_of_config(read.value().config, read.value().where);
  if (!shape) return shape.problems();
  const Family& family = *find_family(shape.value().family);
  TensorIndex index;
  Problems problems;
  std::set<std::string> placed;
  for (const LogicalTensor& logical : logical_tensors(shape.value())) {
    const GgufTensor* tensor = header.tensor(gguf_tensor_name(logical.role));
    if (tensor == nullptr) continue;  // who needs it says that it is missing
    placed.insert(tensor->name);
    const std::string where = file.string() + ": " + tensor->name;
    if (!is_readable(tensor->type))
      problems.push_back({where, "has type " + to_string(tensor->type) + ", which is not supported",
                          "", "Supported: " + readable_ggml_types() + "."});
    else if (tensor->shape != logical.shape)
      problems.push_back(
          {where,
           "has shape " + Json(tensor->shape).dump() + " instead of " + Json(logical.shape).dump(),
           "the metadata ask for it", ""});
    else
      index.emplace(file_names(family, logical).front(),
                    entry_of(header, *tensor, shape.value(), logical));
  }
  for (const GgufTensor& tensor : header.tensors)
    if (!placed.contains(tensor.name) && !is_rope_table(tensor.name))
      problems.push_back({file.string() + ": " + tensor.name,
                          "has no place in a model of family " + shape.value().family, "", ""});
  if (!problems.empty()) return problems;
  return index;
}

void read_gguf_elements(const TensorEntry& entry, std::int64_t begin, std::int64_t end,
                        float* out) {
  switch (entry.change) {
    case GgufChange::interleaved_rows:
      return read_interleaved(entry, begin, end, out);
    case GgufChange::transposed:
      return read_transposed(entry, begin, end, out);
    case GgufChange::plus_one:
      StoredElements(entry).read(begin, end, out);
      for (std::int64_t i = 0; i < end - begin; ++i) out[i] -= 1;
      return;
    case GgufChange::none:
      return StoredElements(entry).read(begin, end, out);
  }
}

}  // namespace temper
