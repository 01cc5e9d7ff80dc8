#include "generate/generator.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/index_select.h>

#include <algorithm>
#include <numeric>

#include "core/problem.hpp"

namespace temper {

namespace {

class Generator {
 public:
  Generator(const Stage& stage, const Head& head, const std::vector<Prompt>& prompts,
            const GenerationOptions& options)
      : stage_(stage),
        head_(head),
        prompts_(prompts),
        options_(options),
        slots_(std::min(options.slots, std::int64_t(prompts.size()))),
        capacity_(longest()),
        cache_(stage.shape(), slots_, capacity_, stage.dtype()),
        answers_(prompts.size()) {
    // Long prompts first: what they leave behind is filled by short ones.
    waiting_.resize(prompts.size());
    std::iota(waiting_.begin(), waiting_.end(), std::size_t{0});
    std::stable_sort(waiting_.begin(), waiting_.end(), [&](std::size_t a, std::size_t b) {
      return prompts[a].ids.size() < prompts[b].ids.size();
    });
    for (std::int64_t slot = 0; slot < slots_; ++slot) free_.push_back(slot);
  }

  std::vector<Generated> run() {
    if (options_.max_new_tokens <= 0) return std::move(answers_);
    while (!waiting_.empty() || !running_.empty()) {
      if (!waiting_.empty() && !free_.empty()) begin_prompts();
      if (!running_.empty()) next_tokens();
    }
    return std::move(answers_);
  }

 private:
  struct Running {
    std::size_t prompt;
    std::int64_t slot;
    std::int32_t last;  // the token that is in no cache yet
  };

  std::int64_t longest() const {
    std::int64_t longest = 1;
    const std::int64_t positions = stage_.shape().max_positions;
    for (std::size_t i = 0; i < prompts_.size(); ++i) {
      const auto size = std::int64_t(prompts_[i].ids.size());
      if (size == 0 || size >= positions)
        throw BadInput(Problem{"prompt " + std::to_string(i + 1),
                               "has " + std::to_string(size) + " tokens",
                               "the model has " + std::to_string(positions) +
                                   " positions and needs one for the answer",
                               "Cut it."});
      longest = std::max(longest, size);
    }
    return std::min(positions, longest + options_.max_new_tokens);
  }

  // Appends a document of `ids` that begins at `position`.
  void append(PackedBatch& batch, std::size_t prompt, const std::int32_t* ids, std::int64_t count,
              std::int64_t position) const {
    for (std::int64_t i = 0; i < count; ++i) {
      batch.ids.push_back(ids[i]);
      batch.positions.push_back(std::int32_t(position + i));
      batch.places.push_back({prompts_[prompt].document, std::uint32_t(position + i)});
    }
    batch.offsets.push_back(batch.tokens());
    batch.documents.push_back(std::int64_t(prompts_[prompt].document));
  }

  void begin_prompts() {
    PackedBatch batch;
    std::vector<std::int64_t> slots;
    std::vector<Running> begun;
    while (!waiting_.empty() && !free_.empty()) {
      const std::size_t prompt = waiting_.back();
      waiting_.pop_back();
      const std::int64_t slot = free_.back();
      free_.pop_back();
      cache_.clear(slot);
      const std::vector<std::int32_t>& ids = prompts_[prompt].ids;
      append(batch, prompt, ids.data(), std::int64_t(ids.size()), 0);
      slots.push_back(slot);
      begun.push_back({prompt, slot, 0});
    }
    cache_.select(slots);
    forward(batch, begun);
  }

  void next_tokens() {
    PackedBatch batch;
    std::vector<std::int64_t> slots;
    for (const Running& one : running_) {
      append(batch, one.prompt, &one.last, 1, cache_.length(one.slot));
      slots.push_back(one.slot);
    }
    cache_.select(slots);
    std::vector<Running> all = std::move(running_);
    running_.clear();
    forward(batch, all);
  }

  // The batch through the model; the next token of each of `sequences`, which go on running unless
  // they end.
  void forward(const PackedBatch& batch, const std::vector<Running>& sequences) {
    Stage::Saved saved;
    const at::Tensor hidden = stage_.forward(batch, 0, false, saved, &cache_);
    const at::Tensor last = at::empty({batch.size()}, at::dtype(at::kLong));
    for (std::int64_t n = 0; n < batch.size(); ++n)
      last.data_ptr<std::int64_t>()[n] = batch.offsets[std::size_t(n) + 1] - 1;
    const at::Tensor logits = head_.language_logits(at::index_select(hidden, 0, last), saved.matrix)
                                  .to(at::kFloat)
                                  .contiguous();
    const auto width = std::size_t(logits.size(1));
    for (std::size_t n = 0; n < sequences.size(); ++n)
      take({logits.data_ptr<float>() + n * width, width}, sequences[n]);
  }

  void take(std::span<float> logits, Running one) {
    const Prompt& prompt = prompts_[one.prompt];
    Generated& answer = answers_[one.prompt];
    std::vector<std::int32_t> seen;
    if (options_.sampling.repetition_penalty != 1) {
      seen = prompt.ids;
      seen.insert(seen.end(), answer.ids.begin(), answer.ids.end());
    }
    const auto position = std::uint32_t(prompt.ids.size() + answer.ids.size());
    one.last = next_token(logits, options_.sampling, seen, {prompt.document, position});
    const auto& stop_ids = options_.stop_ids;
    answer.stopped = std::find(stop_ids.begin(), stop_ids.end(), one.last) != stop_ids.end();
    if (!answer.stopped) {
      answer.ids.push_back(one.last);
      answer.stopped = options_.stops && options_.stops(one.prompt, answer.ids);
    }
    const bool full = std::int64_t(answer.ids.size()) >= options_.max_new_tokens ||
                      cache_.length(one.slot) >= capacity_;
    if (answer.stopped || full)
      free_.push_back(one.slot);
    else
      running_.push_back(one);
  }

  const Stage& stage_;
  const Head& head_;
  const std::vector<Prompt>& prompts_;
  const GenerationOptions& options_;
  std::int64_t slots_, capacity_;
  KeyValueCache cache_;
  std::vector<Generated> answers_;
  std::vector<std::size_t> waiting_;  // shortest first: taken from the end
  std::vector<std::int64_t> free_;
  std::vector<Running> running_;
};

}  // namespace

std::vector<Generated> generate(const Stage& stage, const Head& head,
                                const std::vector<Prompt>& prompts,
                                const GenerationOptions& options) {
  return Generator(stage, head, prompts, options).run();
}

}  // namespace temper
