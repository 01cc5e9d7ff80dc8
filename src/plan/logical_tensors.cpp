#include "core/contract.hpp"
#include "plan/families.hpp"
#include "plan/model_shape.hpp"

namespace temper {

namespace {

using Sizes = std::vector<std::int64_t>;

// Adds the tensors of a model role by role; the family says what files call them.
class TensorList {
 public:
  explicit TensorList(const ModelShape& shape)
      : family_(*find_family(shape.family)), head_(head_rule(shape)) {}

  void begin_unit(int unit, const std::string& prefix = "", std::int64_t layer = 0) {
    unit_ = unit, prefix_ = prefix, layer_ = layer;
  }
  LogicalTensor& add(const std::string& role, Sizes shape, Cut cut = Cut::whole) {
    LogicalTensor tensor;
    tensor.name = name_of(role), tensor.role = prefix_ + role;
    tensor.shape = std::move(shape), tensor.cut = cut, tensor.unit = unit_;
    return tensors.emplace_back(std::move(tensor));
  }
  // Weights of linear layers that one product computes lie next to each other, then their biases.
  void linears(const std::vector<std::pair<std::string, std::int64_t>>& outs, std::int64_t in,
               bool bias, Cut cut = Cut::whole) {
    for (const auto& [role, out] : outs)
      add(role + ".weight", {out, in}, cut).transposed = family_.conv1d && !prefix_.empty();
    if (!bias) return;
    for (const auto& [role, out] : outs)
      add(role + ".bias", {out}, cut == Cut::rows ? Cut::rows : Cut::whole).decays = false;
  }
  void norm(const std::string& role, std::int64_t size, bool bias) {
    add(role + ".weight", {size}).decays = false;
    if (bias) add(role + ".bias", {size}).decays = false;
  }

  std::vector<LogicalTensor> tensors;

 private:
  std::string name_of(const std::string& role) const {
    const std::size_t dot = role.rfind('.');
    for (const auto& [wanted, ending] :
         {std::pair{role, std::string()}, std::pair{role.substr(0, dot), role.substr(dot)}})
      for (const auto* names : {&head_.names, &family_.names})
        for (const TensorName& entry : *names)
          if (entry.role == wanted) return in_layer(entry.name + ending);
    expects(false, family_.model_type, " has no name for ", prefix_, role);
    return "";
  }
  std::string in_layer(std::string name) const {
    if (const auto place = name.find("{}"); place != std::string::npos)
      name.replace(place, 2, std::to_string(layer_));
    return name;
  }

  const Family& family_;
  const HeadRule& head_;
  std::string prefix_;
  int unit_ = 0;
  std::int64_t layer_ = 0;
};

void add_embeddings(TensorList& list, const ModelShape& shape) {
  const std::int64_t hidden = shape.block.hidden;
  list.begin_unit(0);
  // A shared output matrix gives every row a gradient.
  list.add("embed.words.weight", {shape.vocab_size, hidden}, Cut::vocabulary).row_sparse =
      !shape.head.tied;
  if (shape.positions == PositionKind::learned)
    list.add("embed.positions.weight", {shape.max_positions + shape.position_offset, hidden});
  if (shape.type_vocab_size > 0) list.add("embed.types.weight", {shape.type_vocab_size, hidden});
  if (shape.embedding_norm) list.norm("embed.norm", hidden, shape.block.norm_bias);
}

void add_attention(TensorList& list, const ModelShape& shape) {
  const BlockShape& b = shape.block;
  const std::int64_t q = b.heads * b.head_size, kv = b.kv_heads * b.head_size;
  if (b.qkv_fused) {
    const std::size_t first = list.tensors.size();
    list.linears({{"attn.qkv", q + 2 * kv}}, b.hidden, b.qkv_bias, Cut::rows);
    for (std::size_t i = first; i < list.tensors.size(); ++i)
      list.tensors[i].interleaved_heads = find_family(shape.family)->interleaved_heads;
  } else {
    list.linears({{"attn.q", q}, {"attn.k", kv}, {"attn.v", kv}}, b.hidden, b.qkv_bias, Cut::rows);
  }
  if (b.qk_norm) {
    list.norm("attn.q_norm", b.head_size, false);
    list.norm("attn.k_norm", b.head_size, false);
  }
  list.linears({{"attn.out", b.hidden}}, q, b.out_bias, Cut::columns);
}

void add_mlp(TensorList& list, const BlockShape& b) {
  if (b.gate_up_fused)
    list.linears({{"mlp.gate_up", 2 * b.mlp_width}}, b.hidden, b.mlp_bias, Cut::rows);
  else if (b.gated_mlp)
    list.linears({{"mlp.gate", b.mlp_width}, {"mlp.up", b.mlp_width}}, b.hidden, b.mlp_bias,
                 Cut::rows);
  else
    list.linears({{"mlp.up", b.mlp_width}}, b.hidden, b.mlp_bias, Cut::rows);
  list.linears({{"mlp.down", b.hidden}}, b.mlp_width, b.mlp_bias, Cut::columns);
}

void add_block(TensorList& list, const ModelShape& shape, std::int64_t layer) {
  const BlockShape& b = shape.block;
  list.begin_unit(1 + int(layer), "block." + std::to_string(layer) + ".", layer);
  const bool after = b.norm_place == NormPlace::after;
  if (!after && shape.layer_at(layer).attention_norm) list.norm("norm1", b.hidden, b.norm_bias);
  add_attention(list, shape);
  if (after) list.norm("norm1", b.hidden, b.norm_bias);
  if (b.norm_place == NormPlace::sandwich) list.norm("norm1_post", b.hidden, b.norm_bias);
  if (!after) list.norm("norm2", b.hidden, b.norm_bias);
  add_mlp(list, b);
  if (after) list.norm("norm2", b.hidden, b.norm_bias);
  if (b.norm_place == NormPlace::sandwich) list.norm("norm2_post", b.hidden, b.norm_bias);
}

void add_head(TensorList& list, const ModelShape& shape) {
  const std::int64_t hidden = shape.block.hidden;
  const HeadShape& head = shape.head;
  list.begin_unit(1 + int(shape.layers));
  if (shape.final_norm) list.norm("final_norm", hidden, shape.block.norm_bias);
  if (shape.has_pooler) list.linears({{"pooler", hidden}}, hidden, true);
  if (head.dense) list.linears({{"head.dense", hidden}}, hidden, head.dense_bias);
  if (head.norm) list.norm("head.norm", hidden, head.norm_bias);
  const bool language = head.kind == HeadKind::language;
  const std::int64_t outputs = language ? shape.vocab_size : shape.num_labels;
  const Cut cut = language ? Cut::vocabulary : Cut::whole;
  if (!head.tied) list.add("head.out.weight", {outputs, hidden}, cut);
  if (head.bias) list.add("head.out.bias", {outputs}, cut).decays = false;
}

}  // namespace

std::int64_t LogicalTensor::numel() const {
  std::int64_t count = 1;
  for (const std::int64_t dim : shape) count *= dim;
  return count;
}

std::vector<LogicalTensor> logical_tensors(const ModelShape& shape) {
  TensorList list(shape);
  add_embeddings(list, shape);
  for (std::int64_t layer = 0; layer < shape.layers; ++layer) add_block(list, shape, layer);
  add_head(list, shape);
  return std::move(list.tensors);
}

}  // namespace temper
